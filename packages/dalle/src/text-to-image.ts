import type { TextTokenizer } from '@crossmodal/clip';
import { ConfigError } from '@crossmodal/core';
import type { RawImage } from '@crossmodal/processing';
import * as tf from '@tensorflow/tfjs-core';
import type { ImageTokenizer } from './image-tokenizer';
import { type GenerateImageTokensOptions, generateImageRows } from './sampling/generate-image-tokens';
import type { ImageTokenModel } from './sampling/image-token-model';

export interface TextToImageOptions {
  /** A {@link DALLE}, or the like. */
  model: ImageTokenModel;
  /** Of the vocabulary that the model was trained with: any of `@crossmodal/processing`. */
  tokenizer: TextTokenizer;
  /** Makes pictures of tokens. Absent: there are tokens only. */
  imageTokenizer?: ImageTokenizer | undefined;
  /** The values that the image tokenizer has for black and white. Default [0, 1]. */
  pixelRange?: readonly [number, number] | undefined;
  /** Is told of a prompt that is too long. Default: `console.warn`, for the first alone. */
  onWarning?: ((message: string) => void) | undefined;
}

/** An image, or as much of it as there is. */
export interface GeneratedImage {
  prompt: string;
  /** Its tokens so far, row after row. */
  tokens: number[];
  /** Rows of tokens there are. */
  rows: number;
  /** The picture of these rows, with an image tokenizer. */
  picture?: RawImage;
}

/**
 * Makes pictures from words.
 *
 * @example
 * const artist = new TextToImage({ model, tokenizer, imageTokenizer });
 * const images = await artist.generate('a red square', { numImages: 4, topK: 64, guidanceScale: 3, seed: 1 });
 */
export class TextToImage {
  private hasWarned = false;

  /** @throws ConfigError when the tokens of image tokenizer and model differ in number. */
  constructor(private readonly options: TextToImageOptions) {
    const { model, imageTokenizer } = options;
    if (imageTokenizer && imageTokenizer.codebookSize !== model.codebookSize) {
      throw new ConfigError(
        `TextToImage: imageTokenizer: expected the model's ${model.codebookSize} tokens, received ` +
          `${imageTokenizer.codebookSize}.`,
      );
    }
  }

  /**
   * Pictures of each prompt, those of the first prompt first.
   *
   * @throws As {@link generateImageTokens}; the signal's reason when aborted.
   */
  async generate(
    prompts: string | readonly string[],
    options: GenerateImageTokensOptions = {},
  ): Promise<GeneratedImage[]> {
    const { given, texts } = this.read(prompts);
    let rows: number[][] = [];
    for await (const next of generateImageRows(this.options.model, texts, options)) rows = next;
    return this.draw(given, rows);
  }

  /**
   * As {@link generate}, but shows the images as they grow.
   *
   * @yields The images so far, after each row of tokens.
   * @example
   * for await (const [image] of artist.generateRows('a red square')) show(image.picture);
   */
  async *generateRows(
    prompts: string | readonly string[],
    options: GenerateImageTokensOptions = {},
  ): AsyncGenerator<GeneratedImage[], void, undefined> {
    const { given, texts } = this.read(prompts);
    for await (const rows of generateImageRows(this.options.model, texts, options))
      yield await this.draw(given, rows);
  }

  /** Prompts and their ids; says which are too long. */
  private read(prompts: string | readonly string[]): { given: readonly string[]; texts: number[][] } {
    const { model, tokenizer } = this.options;
    const given = typeof prompts === 'string' ? [prompts] : prompts;
    const { textLength } = model;
    // One token more than fits tells what is too long; cut by the tokenizer, a text keeps the token that ends it.
    const whole = tokenize(tokenizer, given, textLength + 1);
    const long = given.filter((_, i) => whole[i]!.length > textLength);
    if (long.length === 0) return { given, texts: whole };
    for (const prompt of long) {
      this.warn(
        `TextToImage: prompt: expected at most ${textLength} tokens, received more: cut "${prompt}".`,
      );
    }
    return { given, texts: tokenize(tokenizer, given, textLength) };
  }

  private warn(message: string): void {
    const { onWarning } = this.options;
    if (onWarning) onWarning(message);
    else if (!this.hasWarned) console.warn(message);
    this.hasWarned = true;
  }

  private async draw(prompts: readonly string[], images: readonly number[][]): Promise<GeneratedImage[]> {
    const { gridWidth } = this.options.model;
    const pictures = await this.decode(images);
    const numImages = images.length / prompts.length;
    return images.map((tokens, i) => ({
      prompt: prompts[Math.floor(i / numImages)]!,
      tokens,
      rows: tokens.length / gridWidth,
      ...(pictures && { picture: pictures[i]! }),
    }));
  }

  /** Pictures of the rows that there are: whole ones are decoded, and what is not yet known is cut off. */
  private async decode(images: readonly number[][]): Promise<RawImage[] | undefined> {
    const { model, imageTokenizer, pixelRange: [black, white] = [0, 1] } = this.options;
    if (!imageTokenizer) return undefined;
    const { gridHeight, gridWidth } = model;
    const bytes = tf.tidy(() => {
      const values = images.flatMap((tokens) =>
        Array.from({ length: gridHeight * gridWidth }, (_, i) => tokens[i] ?? 0),
      );
      const indices = tf.tensor3d(values, [images.length, gridHeight, gridWidth], 'int32');
      const pixels = imageTokenizer.decode(indices); // [images, height, width, 3]
      const known = Math.floor((pixels.shape[1] * images[0]!.length) / (gridHeight * gridWidth));
      const upper = tf.slice(pixels, [0, 0, 0, 0], [-1, known, -1, -1]);
      return tf.clipByValue(tf.mul(tf.sub(upper, black), 255 / (white - black)), 0, 255) as tf.Tensor4D;
    });
    const [, height, width] = bytes.shape;
    const values = await bytes.data();
    bytes.dispose();
    const size = height * width * 3;
    return images.map((_, i) => ({
      data: Uint8ClampedArray.from(values.subarray(i * size, (i + 1) * size)), // rounds
      width,
      height,
      channels: 3,
    }));
  }
}

/** Ids of texts without padding, at most `contextLength` of each. */
function tokenize(tokenizer: TextTokenizer, texts: readonly string[], contextLength: number): number[][] {
  const { inputIds, attentionMask, shape } = tokenizer.tokenize(texts, { contextLength, padding: 'longest' });
  const [, length] = shape;
  return texts.map((_, row) =>
    [...inputIds.subarray(row * length, (row + 1) * length)].filter(
      (_, i) => attentionMask[row * length + i],
    ),
  );
}
