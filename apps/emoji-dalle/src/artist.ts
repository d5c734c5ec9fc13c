import { type DALLE, TextToImage } from '@crossmodal/dalle';
import { PIXEL_RANGE, wordTokenizer } from '@crossmodal/emoji-clip/browser';
import type { Tokenizer } from '@crossmodal/processing';
import type { VQVAE } from '@crossmodal/vqvae';

/** The trained models, ready to draw. */
export function createArtist(
  { dalle, vqvae, tokenizer }: { dalle: DALLE; vqvae: VQVAE; tokenizer: Tokenizer },
  onWarning: (message: string) => void,
): TextToImage {
  return new TextToImage({
    model: dalle,
    tokenizer: wordTokenizer(tokenizer),
    imageTokenizer: vqvae,
    pixelRange: PIXEL_RANGE,
    onWarning,
  });
}
