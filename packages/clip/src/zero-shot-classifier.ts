import { ConfigError } from '@crossmodal/core';
import type { ImageInput } from '@crossmodal/processing';
import type { CLIP } from './clip';
import {
  type EncodeOptions,
  type EncodeStreamOptions,
  encodeImageStream,
  encodeImages,
  encodeTexts,
  type NamedImage,
  type PixelProcessor,
  type TextTokenizer,
} from './encode-batches';
import { SIMPLE_TEMPLATES } from './templates';
import { topK } from './top-k';

export interface ZeroShotClassifierOptions {
  clip: CLIP;
  tokenizer: TextTokenizer;
  imageProcessor: PixelProcessor;
  /** Classes, all different: by name, or with sentences of their own instead of the templates. */
  labels: readonly (string | ClassSentences)[];
  /** Sentences with `{}` where the class name goes. Default {@link SIMPLE_TEMPLATES}. */
  templates?: readonly string[];
  /**
   * Sentences for pictures of none of the classes (`['a photo.']`): what each class is held against when several
   * may be true. A model with a bias (SigLIP) needs none.
   */
  contrast?: readonly string[];
}

/** A class with its own sentences. */
export interface ClassSentences {
  label: string;
  sentences: readonly string[];
}

export interface ZeroShotResult {
  /** The most probable class. */
  label: string;
  probability: number;
  /** [labels], in the order of the labels. */
  probabilities: Float32Array;
  /** The most probable classes, best first: `topK` of them. */
  top: { label: string; probability: number }[];
}

export interface ClassifyOptions extends EncodeOptions {
  /** How many classes `top` lists. Default 5, or all if fewer. */
  topK?: number;
  /**
   * Whether several classes may be true of an image: each then has a probability of its own, by the sigmoid of its
   * logit in a model with a bias, or against the `contrast`. Default false: they add up to 1.
   */
  multiLabel?: boolean;
}

/**
 * Classifies images into classes that are given in words.
 *
 * A class is the mean of its sentences' features, each of unit length, made of unit length again; probabilities
 * are `softmax(logitScale · image · classesᵀ)` with the model's own scale. Class features are computed once.
 *
 * @throws ConfigError when there are no labels, one comes twice, or a template lacks `{}`.
 * @see Radford et al. 2021, section 3.1.
 * @example
 * const classifier = new ZeroShotClassifier({ clip, tokenizer, imageProcessor, labels: ['cat', 'dog'] });
 * const { label, probability } = await classifier.classify('cat.jpg');
 */
export class ZeroShotClassifier {
  readonly labels: readonly string[];
  /** For every class, and then for the contrast. */
  private readonly sentences: readonly (readonly string[])[];
  private features: Promise<Float32Array> | undefined;

  constructor(private readonly options: ZeroShotClassifierOptions) {
    const { templates = SIMPLE_TEMPLATES, contrast } = options;
    const labels = options.labels.map((label) => (typeof label === 'string' ? label : label.label));
    const repeated = labels.find((label, i) => labels.indexOf(label) !== i);
    if (labels.length === 0 || repeated !== undefined) {
      const received = repeated === undefined ? 'none' : `${JSON.stringify(repeated)} twice`;
      throw new ConfigError(
        `ZeroShotClassifier: labels: expected at least one and all different, received ${received}.`,
      );
    }
    const bad = templates.find((template) => !template.includes('{}'));
    if (templates.length === 0 || bad !== undefined) {
      throw new ConfigError(
        `ZeroShotClassifier: templates: expected at least one, each with {} for the class name, received ` +
          `${bad === undefined ? 'none' : JSON.stringify(bad)}.`,
      );
    }
    this.labels = labels;
    this.sentences = options.labels.map((label) =>
      typeof label === 'string'
        ? templates.map((template) => template.replaceAll('{}', () => label))
        : label.sentences,
    );
    if (contrast) this.sentences = [...this.sentences, contrast];
    const empty = this.sentences.findIndex((own) => own.length === 0);
    if (empty >= 0) {
      throw new ConfigError(
        `ZeroShotClassifier: ${labels[empty] === undefined ? 'contrast' : `labels: ${labels[empty]}`}: expected at ` +
          'least one sentence, received none.',
      );
    }
  }

  /** Classifies one image: a path (Node only), URL, bytes, Blob or decoded image. */
  async classify(image: ImageInput, options: ClassifyOptions = {}): Promise<ZeroShotResult> {
    return (await this.classifyAll([image], options))[0]!;
  }

  /** Classifies images in batches. */
  async classifyAll(images: readonly ImageInput[], options: ClassifyOptions = {}): Promise<ZeroShotResult[]> {
    const { clip, imageProcessor } = this.options;
    const judge = await this.judge(options);
    const features = await encodeImages(clip, imageProcessor, images, options);
    const dim = clip.projectionDim;
    return images.map((_, i) => judge(features.subarray(i * dim, (i + 1) * dim)));
  }

  /**
   * Classifies a stream of images, which may have no end: those of `imageFiles` of `@crossmodal/data`, for example.
   *
   * @param options.onSkip Is told of an image that cannot be read, which is then left out. Default: it is an error.
   * @example
   * for await (const { id, label } of classifier.classifyStream(imageFiles('photos'))) console.log(id, label);
   */
  async *classifyStream(
    images: Iterable<NamedImage> | AsyncIterable<NamedImage>,
    options: Omit<ClassifyOptions, 'onProgress'> & EncodeStreamOptions = {},
  ): AsyncGenerator<ZeroShotResult & { id: string }, void, undefined> {
    const { clip, imageProcessor } = this.options;
    const judge = await this.judge(options);
    for await (const { id, features } of encodeImageStream(clip, imageProcessor, images, options))
      yield { id, ...judge(features) };
  }

  /** What turns an image's features into a result. */
  private async judge({
    topK: count = Math.min(5, this.labels.length),
    multiLabel = false,
    signal,
  }: ClassifyOptions): Promise<(image: Float32Array) => ZeroShotResult> {
    if (!Number.isInteger(count) || count < 1)
      throw new ConfigError(`ZeroShotClassifier: topK: expected a positive integer, received ${count}.`);
    const { clip, contrast } = this.options;
    if (multiLabel && !clip.logitBias && !contrast) {
      throw new ConfigError(
        'ZeroShotClassifier: multiLabel: expected a model with a bias (SigLIP), or `contrast`: sentences for pictures of ' +
          'none of the classes.',
      );
    }
    const classes = await this.labelFeatures(signal ? { signal } : {});
    const scale = Math.exp((await clip.logitScale.value.data())[0]!);
    const bias = clip.logitBias ? (await clip.logitBias.value.data())[0]! : 0;
    return (image) => {
      const logits = this.sentences.map((_, row) => scale * dot(image, classes, row) + bias);
      const ofLabels = logits.slice(0, this.labels.length);
      // Against the contrast: the softmax of two, which is the sigmoid of their difference.
      const against = clip.logitBias ? 0 : logits[this.labels.length]!;
      const probabilities = multiLabel ? sigmoid(ofLabels, against) : softmax(ofLabels);
      const top = topK(probabilities, count).map((label) => ({
        label: this.labels[label]!,
        probability: probabilities[label]!,
      }));
      return { ...top[0]!, probabilities, top };
    };
  }

  /**
   * Features of the classes (and then of the contrast), [labels, projectionDim], row after row, each of unit length:
   * computed on the first use, or before it by calling this with `onProgress`.
   */
  labelFeatures(options: EncodeOptions = {}): Promise<Float32Array> {
    this.features ??= this.encodeLabels(options).catch((error: unknown) => {
      this.features = undefined;
      throw error;
    });
    return this.features;
  }

  /** Forgets the classes' features: to be called when the model's weights have changed. */
  refresh(): void {
    this.features = undefined;
  }

  private async encodeLabels({ onProgress, ...options }: EncodeOptions): Promise<Float32Array> {
    const { clip, tokenizer } = this.options;
    const { sentences } = this;
    const { batchSize = 32 } = options;
    const dim = clip.projectionDim;
    const classes = new Float32Array(sentences.length * dim);
    for (let start = 0; start < sentences.length; ) {
      // As many classes at a time as fill a batch with their sentences.
      let end = start + 1;
      let count = sentences[start]!.length;
      while (end < sentences.length && count + sentences[end]!.length <= batchSize)
        count += sentences[end++]!.length;
      const some = sentences.slice(start, end);
      const features = await encodeTexts(clip, tokenizer, some.flat(), options);
      let row = 0;
      for (const [i, own] of some.entries()) {
        classes.set(
          meanDirection(features.subarray(row * dim, (row + own.length) * dim), dim),
          (start + i) * dim,
        );
        row += own.length;
      }
      start = end;
      onProgress?.({ done: start, total: sentences.length });
    }
    return classes;
  }
}

/** The mean of rows of unit length, made of unit length. */
function meanDirection(rows: Float32Array, dim: number): Float32Array {
  const sum = new Float32Array(dim);
  for (const [i, value] of rows.entries()) sum[i % dim]! += value;
  const length = Math.hypot(...sum);
  return sum.map((value) => value / length);
}

function dot(image: Float32Array, classes: Float32Array, label: number): number {
  let sum = 0;
  for (const [i, value] of image.entries()) sum += value * classes[label * image.length + i]!;
  return sum;
}

function softmax(logits: number[]): Float32Array {
  const greatest = logits.reduce((a, b) => Math.max(a, b));
  const powers = logits.map((logit) => Math.exp(logit - greatest));
  const total = powers.reduce((a, b) => a + b);
  return Float32Array.from(powers, (power) => power / total);
}

function sigmoid(logits: number[], against: number): Float32Array {
  return Float32Array.from(logits, (logit) => 1 / (1 + Math.exp(against - logit)));
}
