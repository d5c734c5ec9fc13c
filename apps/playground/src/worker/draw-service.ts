import type { CLIP } from '@crossmodal/clip';
import { DALLE, type GeneratedImage, rerank, type TextToImage } from '@crossmodal/dalle';
import { wordTokenizer } from '@crossmodal/emoji-clip/browser';
import { createArtist } from '@crossmodal/emoji-dalle/browser';
import { filesInMemory } from '@crossmodal/hub';
import { loadTokenizer, type RawImage, type Tokenizer } from '@crossmodal/processing';
import * as tf from '@tensorflow/tfjs-core';
import { foldAttention, type LookedAt } from '../draw/looked-at';
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
  dalle: DALLE;
  tokenizer: Tokenizer;
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
      dalle: models.dalle,
      tokenizer: models.tokenizer,
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
   * @returns Also the tokens of each picture, and whether the words were cut, being too many for the model.
   */
  async draw(
    prompt: string,
    settings: DrawSettings,
    onRows: (drawn: DrawnRows) => void,
    signal: AbortSignal,
  ): Promise<{ ranked: Ranked[]; tokens: number[][]; wasCut: boolean }> {
    const [{ artist, dalle, topK }, { clip, tokenizer, processor }] = await Promise.all([
      this.artist(),
      shippedCLIP(),
    ]);
    this.warning = undefined;
    let images: GeneratedImage[] = [];
    for await (images of artist.generateRows(prompt, { ...settings, topK, signal }))
      onRows({
        rows: images[0]!.rows,
        of: dalle.gridHeight,
        pictures: images.map(({ picture }) => toImageData(picture!)),
      });
    const reranker = {
      clip: clip as unknown as CLIP,
      tokenizer,
      imageProcessor: processor,
    };
    const pictures = images.map(({ picture }) => picture!);
    const ranked = await rerank(reranker, prompt, pictures, { signal });
    return {
      ranked: ranked.map(({ index, score }) => ({ index, score })),
      tokens: images.map(({ tokens }) => tokens),
      wasCut: this.warning !== undefined,
    };
  }

  /** What the squares of a picture looked at when they were drawn. */
  async lookedAt(prompt: string, tokens: readonly number[]): Promise<LookedAt> {
    const { dalle, tokenizer } = await this.artist();
    const { textLength } = dalle;
    const text = wordTokenizer(tokenizer).tokenize([prompt], {
      contextLength: textLength,
      padding: 'longest',
    });
    const weights = tf.tidy(() => {
      const textIds = tf.tensor2d(text.inputIds, text.shape, 'int32');
      const imageIds = tf.tensor2d([[...tokens]], [1, tokens.length], 'int32');
      const layers = dalle.attentionWeights({ textIds, imageIds }).map((each) => {
        const ofSquares = tf.slice(each, [0, 0, textLength, 0], [-1, -1, -1, -1]);
        return tf.mean(ofSquares, [0, 1]); // [squares, positions]: of the one picture, over its heads
      });
      return tf.stack(layers);
    });
    try {
      const values = (await weights.data()) as Float32Array;
      return foldAttention(values, tokens.length, textLength, wordsOf(tokenizer, text.inputIds));
    } finally {
      weights.dispose();
    }
  }
}

/** Words with the places of their tokens: each begins with a space. */
function wordsOf(tokenizer: Tokenizer, ids: ArrayLike<number>): { word: string; positions: number[] }[] {
  const words: number[][] = [];
  for (let i = 0; i < ids.length; i++) {
    const last = words.at(-1);
    if (last && !tokenizer.decode([ids[i]!]).startsWith(' ')) last.push(i);
    else words.push([i]);
  }
  return words.map((positions) => ({
    word: tokenizer.decode(positions.map((i) => ids[i]!)).trim(),
    positions,
  }));
}

function toImageData({ data, width, height }: RawImage): ImageData {
  const result = new ImageData(width, height);
  for (let i = 0; i < width * height; i++) {
    for (let c = 0; c < 3; c++) result.data[4 * i + c] = data[3 * i + c]!;
    result.data[4 * i + 3] = 255;
  }
  return result;
}
