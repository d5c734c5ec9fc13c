import type { CLIP } from '@crossmodal/clip';
import { DALLE, type GeneratedImage, rerank, type TextToImage } from '@crossmodal/dalle';
import { createArtist } from '@crossmodal/emoji-dalle/browser';
import { filesInMemory } from '@crossmodal/hub';
import { loadTokenizer, type RawImage } from '@crossmodal/processing';
import { ensureEngine, perEngine } from './engine';
import { fetchBytes, fetchJson } from './shipped/fetch-shipped';
import { shippedCLIP } from './shipped/shipped-clip';
import { shippedVQVAE } from './shipped/shipped-vqvae';

export interface DrawSettings {
  numImages: number;
  /** Below 1 the likeliest is drawn more often, above 1 less. */
  temperature: number;
  /** How strongly pictures are pushed towards the words; 1 is not at all. */
  guidanceScale: number;
  /** The same seed draws the same pictures. */
  seed: number;
}

/** Pictures as far as they are drawn: RGBA rows from the top. */
export interface DrawnRows {
  /** Rows of tokens, and how many there will be. */
  rows: number;
  of: number;
  pictures: ImageData[];
}

/** Where a picture of {@link DrawnRows} stands, and CLIP's cosine of it with the words. */
export interface Ranked {
  index: number;
  score: number;
}

interface Artist {
  artist: TextToImage;
  rows: number;
  /** Tokens are drawn from so many of the likeliest. */
  topK: number;
}

export class DrawService {
  /** The words that were too many, of the last prompt. */
  private warning: string | undefined;
  private readonly artist = perEngine<Artist>(async () => {
    const [tokenizer, config, weights, { vqvae, recipe }] = await Promise.all([
      fetchJson<Record<string, unknown>>('dalle/tokenizer.json'),
      fetchBytes('dalle/dalle/config.json'),
      fetchBytes('dalle/dalle/model.safetensors'),
      shippedVQVAE(),
    ]);
    const files = filesInMemory({ 'config.json': config, 'model.safetensors': weights }, 'dalle/dalle');
    const models = {
      tokenizer: loadTokenizer(tokenizer, { pad_token: '<pad>' }),
      dalle: await DALLE.fromPretrained(files),
      vqvae,
    };
    const onWarning = (message: string) => {
      this.warning = message;
    };
    return {
      artist: createArtist(models, onWarning),
      rows: models.dalle.gridHeight,
      topK: recipe.sampling.topK,
    };
  });

  /** Loads what drawing takes. */
  async prepare(): Promise<void> {
    await ensureEngine();
    await Promise.all([this.artist(), shippedCLIP()]);
  }

  /**
   * Draws, and tells of each row; then says which picture fits the words best, the best first.
   *
   * @returns Also whether the words were cut, being too many for the model.
   */
  async draw(
    prompt: string,
    settings: DrawSettings,
    onRows: (drawn: DrawnRows) => void,
    signal: AbortSignal,
  ): Promise<{ ranked: Ranked[]; wasCut: boolean }> {
    const [{ artist, rows: of, topK }, { clip, tokenizer, processor }] = await Promise.all([
      this.artist(),
      shippedCLIP(),
    ]);
    this.warning = undefined;
    let images: GeneratedImage[] = [];
    for await (images of artist.generateRows(prompt, { ...settings, topK, signal }))
      onRows({ rows: images[0]!.rows, of, pictures: images.map(({ picture }) => toImageData(picture!)) });
    const reranker = {
      clip: clip as unknown as CLIP,
      tokenizer,
      imageProcessor: processor,
    };
    const pictures = images.map(({ picture }) => picture!);
    const ranked = await rerank(reranker, prompt, pictures, { signal });
    return {
      ranked: ranked.map(({ index, score }) => ({ index, score })),
      wasCut: this.warning !== undefined,
    };
  }
}

function toImageData({ data, width, height }: RawImage): ImageData {
  const result = new ImageData(width, height);
  for (let i = 0; i < width * height; i++) {
    for (let c = 0; c < 3; c++) result.data[4 * i + c] = data[3 * i + c]!;
    result.data[4 * i + 3] = 255;
  }
  return result;
}
