import { ConfigError } from '@crossmodal/core';
import type { ImageInput } from '@crossmodal/processing';
import type { CLIP } from './clip';
import {
  type EncodeOptions,
  encodeImages,
  encodeTexts,
  type ImageProcessor,
  type TextTokenizer,
} from './encode-batches';
import { SIMPLE_TEMPLATES } from './templates';
import { topK } from './top-k';

export interface ZeroShotClassifierOptions {
  clip: CLIP;
  tokenizer: TextTokenizer;
  imageProcessor: ImageProcessor;
  /** Class names, all different. */
  labels: readonly string[];
  /** Sentences with `{}` where the class name goes. Default {@link SIMPLE_TEMPLATES}. */
  templates?: readonly string[];
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
  private readonly templates: readonly string[];
  private features: Promise<Float32Array> | undefined;

  constructor(private readonly options: ZeroShotClassifierOptions) {
    const { labels, templates = SIMPLE_TEMPLATES } = options;
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
    this.labels = [...labels];
    this.templates = [...templates];
  }

  /** Classifies one image: a path (Node only), URL, bytes, Blob or decoded image. */
  async classify(image: ImageInput, options: ClassifyOptions = {}): Promise<ZeroShotResult> {
    return (await this.classifyAll([image], options))[0]!;
  }

  /** Classifies images in batches. */
  async classifyAll(
    images: readonly ImageInput[],
    { topK: count = Math.min(5, this.labels.length), ...options }: ClassifyOptions = {},
  ): Promise<ZeroShotResult[]> {
    if (!Number.isInteger(count) || count < 1)
      throw new ConfigError(`ZeroShotClassifier: topK: expected a positive integer, received ${count}.`);
    const { clip, imageProcessor } = this.options;
    const classes = await this.labelFeatures(options.signal ? { signal: options.signal } : {});
    const features = await encodeImages(clip, imageProcessor, images, options);
    const scale = Math.exp((await clip.logitScale.value.data())[0]!);
    return images.map((_, i) => {
      const image = features.subarray(i * clip.projectionDim, (i + 1) * clip.projectionDim);
      const probabilities = softmax(this.labels.map((_, label) => scale * dot(image, classes, label)));
      const top = topK(probabilities, count).map((label) => ({
        label: this.labels[label]!,
        probability: probabilities[label]!,
      }));
      return { ...top[0]!, probabilities, top };
    });
  }

  /**
   * Features of the classes, [labels, projectionDim], row after row, each of unit length: computed on the first
   * use, or before it by calling this with `onProgress`.
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
    const { labels, templates } = this;
    const dim = clip.projectionDim;
    const classes = new Float32Array(labels.length * dim);
    // As many classes at a time as fill a batch with their sentences.
    const group = Math.max(1, Math.floor((options.batchSize ?? 32) / templates.length));
    for (let start = 0; start < labels.length; start += group) {
      const some = labels.slice(start, start + group);
      const sentences = some.flatMap((label) =>
        templates.map((template) => template.replaceAll('{}', () => label)),
      );
      const features = await encodeTexts(clip, tokenizer, sentences, options);
      for (const [i] of some.entries()) {
        const own = features.subarray(i * templates.length * dim, (i + 1) * templates.length * dim);
        classes.set(meanDirection(own, dim), (start + i) * dim);
      }
      onProgress?.({ done: start + some.length, total: labels.length });
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
