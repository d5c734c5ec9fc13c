import {
  type CLIP,
  type EncodeOptions,
  encodeImages,
  encodeTexts,
  type PixelProcessor,
  type TextTokenizer,
} from '@crossmodal/clip';
import type { ImageInput } from '@crossmodal/processing';

/** What {@link rerank} judges by: what `loadCLIP` gives. */
export interface Reranker {
  clip: CLIP;
  tokenizer: TextTokenizer;
  imageProcessor: PixelProcessor;
}

export interface RankedPicture<P> {
  picture: P;
  /** Its place among those given. */
  index: number;
  /** Cosine of the angle between picture and prompt, in [-1, 1]. */
  score: number;
}

/**
 * Sorts pictures by how well CLIP finds that they fit a prompt, the best first. Ramesh et al. 2021, section 2.6.
 *
 * @param pictures Decoded pictures, or anything else that the image processor reads.
 * @throws DataError when a picture cannot be read; the signal's reason when aborted.
 * @example
 * const [best] = await rerank(await loadCLIP('openai/clip-vit-base-patch32'), 'a red square', pictures);
 */
export async function rerank<P extends ImageInput>(
  { clip, tokenizer, imageProcessor }: Reranker,
  prompt: string,
  pictures: readonly P[],
  options: EncodeOptions = {},
): Promise<RankedPicture<P>[]> {
  const { signal } = options;
  const text = await encodeTexts(clip, tokenizer, [prompt], signal ? { signal } : {});
  const images = await encodeImages(clip, imageProcessor, pictures, options);
  const ranked = pictures.map((picture, index) => {
    const start = index * clip.projectionDim;
    const score = text.reduce((sum, value, i) => sum + value * images[start + i]!, 0);
    return { picture, index, score };
  });
  return ranked.sort((a, b) => b.score - a.score);
}
