import { ConfigError, DataError, type ForwardContext, Module, type Rng } from '@crossmodal/core';
import type { TextEncoder, VisionEncoder } from '@crossmodal/encoders';
import { Fusion, FusionClassifier, type FusionClassifierOutput, LateFusion } from '@crossmodal/fusion';
import type { FileContents, FolderHandle, PretrainedSource, SaveOptions } from '@crossmodal/hub';
import { loadWeights, openPretrained, openWeights, saveModelFiles } from '@crossmodal/hub';
import * as tf from '@tensorflow/tfjs-core';
import type { SentimentInput } from '../sentiment-sample';
import { checkFusion, checkLateFusion, checkSettings } from './analyzer-checks';
import { analyzerFiles } from './analyzer-files';
import type { AudioEncoder } from './audio-encoder';
import { type FreezeOptions, freezeLowerLayers } from './freeze-options';
import { buildFusion, type FusionChoice } from './fusion-choice';
import { type LoadAnalyzerOptions, savedParts } from './load-analyzer';
import { type PredictOptions, predictSentiment, type SentimentPrediction } from './predict-sentiment';
import { predictSentimentStream } from './predict-sentiment-stream';
import { type PretrainedAnalyzerOptions, pretrainedParts, type TowerSources } from './pretrained-analyzer';
import type { SentimentInputs } from './sentiment-inputs';
import type { SentimentProcessors } from './sentiment-processors';

/** What the analyzer says of a sample, and of which form its parts hand on what they know. */
export interface SentimentSettings {
  /** Names of the classes, in the order of the labels. Default negative, neutral, positive. */
  labels?: readonly string[] | undefined;
  /** `regression`: one score in place of classes. Default `classification`. */
  task?: 'classification' | 'regression' | undefined;
  /**
   * What goes into the fusion: tokens and patches (`sequence`, the default, of an encoder that has them), or one vector
   * of each (`pooled`).
   */
  features?: 'sequence' | 'pooled' | undefined;
  /** Rate of dropout before the classifier. Default 0.1. */
  dropout?: number | undefined;
}

export interface MultimodalSentimentAnalyzerOptions extends SentimentSettings {
  textEncoder?: TextEncoder | undefined;
  visionEncoder?: VisionEncoder | undefined;
  audioEncoder?: AudioEncoder | undefined;
  /**
   * A fusion of the modalities `text`, `image` and `audio` that there are encoders for; or which one to make. Late fusion
   * (`average`, `weighted`, `voting`, `stacking`) gives logits: no classifier follows it.
   */
  fusion: Fusion | FusionChoice;
  /** What makes inputs of one's own texts, pictures and sounds, for {@link MultimodalSentimentAnalyzer.predict}. */
  processors?: SentimentProcessors | undefined;
  rng: Rng;
}

/** `logits` are [batch, classes]; for regression [batch, 1], the scores. */
export type SentimentOutput = FusionClassifierOutput;

/** What an encoder makes of a batch, as the fusion takes it. */
export type EncodedModality = {
  /** float32 [batch, length, hiddenSize], or [batch, hiddenSize]. */
  features: tf.Tensor2D | tf.Tensor3D;
  /** float32 [batch, length], or [batch]; zeros for a sample without the modality. */
  mask: tf.Tensor1D | tf.Tensor2D;
};

/** By modality; one that is missing for the whole batch is not there. */
export type EncodedModalities = { text?: EncodedModality; image?: EncodedModality; audio?: EncodedModality };

/**
 * Sentiment of a text with a picture, a sound or both: an encoder for each, a fusion, a linear classifier. Any of them may be
 * missing, for a sample or for all.
 *
 * Checkpoint keys begin with `text_encoder`, `vision_encoder`, `audio_encoder`, `fusion` and `classifier`.
 *
 * @example
 * const analyzer = await MultimodalSentimentAnalyzer.fromPretrained({
 *   text: 'bert-base-chinese',
 *   image: 'google/vit-base-patch16-224',
 * }, { fusion: { strategy: 'gated', outputDim: 256 }, rng: new Rng(0) });
 * analyzer.freeze({ layers: 6 });
 * await trainSentiment({ model: analyzer, data, epochs: 3, rng: new Rng(1) });
 * await analyzer.predict({ text: '太好了', image: 'party.jpg' }); // { label: 2, name: 'positive', ... }
 */
export class MultimodalSentimentAnalyzer extends Module {
  static override readonly checkpointKeys = { head: '' };
  readonly textEncoder: TextEncoder | undefined;
  readonly visionEncoder: VisionEncoder | undefined;
  readonly audioEncoder: AudioEncoder | undefined;
  /** Fusion and classifier; late fusion has none. */
  readonly head: FusionClassifier;
  readonly labels: readonly string[];
  readonly task: 'classification' | 'regression';
  readonly features: 'sequence' | 'pooled';
  readonly processors: SentimentProcessors;
  /** How the fusion was made; undefined for one that was given. */
  readonly fusionChoice: FusionChoice | undefined;

  /** @throws ConfigError when there is no encoder, or the fusion is of other modalities or sizes. */
  constructor({
    textEncoder,
    visionEncoder,
    audioEncoder,
    fusion,
    labels = ['negative', 'neutral', 'positive'],
    task = 'classification',
    features = 'sequence',
    dropout = 0.1,
    processors = {},
    rng,
  }: MultimodalSentimentAnalyzerOptions) {
    super();
    this.textEncoder = textEncoder;
    this.visionEncoder = visionEncoder;
    this.audioEncoder = audioEncoder;
    const dims = Object.fromEntries(
      Object.entries(this.encoders()).map(([name, encoder]) => [name, encoder.hiddenSize]),
    );
    checkSettings({ labels, task, features });
    if (Object.keys(dims).length === 0)
      throw new ConfigError(
        'MultimodalSentimentAnalyzer: expected textEncoder, visionEncoder or audioEncoder, received none.',
      );
    const outputs = task === 'regression' ? 1 : labels.length;
    const isMade = fusion instanceof Fusion;
    const made = isMade ? fusion : buildFusion(fusion, dims, outputs, rng);
    checkFusion(made, dims);
    if (made instanceof LateFusion) checkLateFusion(made, task, labels);
    this.head = new FusionClassifier({
      fusion: made,
      numClasses: made instanceof LateFusion ? undefined : outputs,
      dropout,
      rng,
    });
    this.fusionChoice = isMade ? undefined : fusion;
    this.labels = [...labels];
    this.task = task;
    this.features = features;
    this.processors = processors;
  }

  /**
   * Published encoders with their tokenizer and image processor, and a fusion and a classifier that are to be trained.
   *
   * @param sources Names on the Hugging Face hub, folders or files, by modality.
   * @throws ConfigError for a kind of model that is not known; what loading throws.
   */
  static async fromPretrained(
    sources: TowerSources,
    options: PretrainedAnalyzerOptions,
  ): Promise<MultimodalSentimentAnalyzer> {
    const parts = await pretrainedParts(sources, options);
    try {
      return new MultimodalSentimentAnalyzer(parts);
    } catch (error) {
      parts.textEncoder?.dispose();
      parts.visionEncoder?.dispose();
      throw error;
    }
  }

  /**
   * An analyzer that {@link saveTo} wrote. Encoders and fusions that were given as modules of one's own have to be given
   * again, with any weights.
   *
   * @throws ConfigError or CheckpointError when files are missing, damaged or do not belong together.
   */
  static async load(
    source: PretrainedSource,
    options: LoadAnalyzerOptions = {},
  ): Promise<MultimodalSentimentAnalyzer> {
    const files = await openPretrained(source, options);
    const model = new MultimodalSentimentAnalyzer(await savedParts(files, options));
    try {
      await loadWeights(model, await openWeights(files), { strict: options.strict });
      return model;
    } catch (error) {
      model.dispose();
      throw error;
    }
  }

  /** The encoders by modality. */
  encoders(): { text?: TextEncoder; image?: VisionEncoder; audio?: AudioEncoder } {
    const { textEncoder: text, visionEncoder: image, audioEncoder: audio } = this;
    return { ...(text && { text }), ...(image && { image }), ...(audio && { audio }) };
  }

  /**
   * @returns The caller disposes each of them.
   * @throws DataError when no modality is given, or one without an encoder; ShapeError when shapes do not fit.
   */
  forward(inputs: SentimentInputs, context?: ForwardContext): SentimentOutput {
    return tf.tidy(() => ({ ...this.head.forward(this.encode(inputs, context), context) }));
  }

  /**
   * What the encoders make of a batch, as the fusion takes it: features [batch, length, hiddenSize] or
   * [batch, hiddenSize], with masks.
   *
   * @returns The caller disposes it.
   */
  encode(inputs: SentimentInputs, context?: ForwardContext): EncodedModalities {
    const { inputIds, attentionMask, pixelValues, imageMask, audioValues, audioMask } = inputs;
    const given = { text: inputIds, image: pixelValues, audio: audioValues };
    for (const [name, value] of Object.entries(given))
      if (value && !(name in this.encoders()))
        throw new DataError(
          `MultimodalSentimentAnalyzer: inputs: expected ${Object.keys(this.encoders()).join(', ')}, received ${name} too.`,
        );
    return tf.tidy(() => {
      const encoded: EncodedModalities = {};
      if (inputIds)
        encoded.text = this.modality(
          this.textEncoder!.forward({ inputIds, attentionMask }, context),
          attentionMask,
        );
      if (pixelValues)
        encoded.image = this.modality(this.visionEncoder!.forward({ pixelValues }, context), imageMask);
      if (audioValues)
        encoded.audio = this.modality(
          this.audioEncoder!.forward({ audioValues, audioMask }, context),
          audioMask,
        );
      return encoded;
    });
  }

  /**
   * Excludes parameters from training: those whose checkpoint keys match, or the embeddings and first layers of encoders.
   *
   * @returns How many parameters that was.
   * @throws ConfigError when nothing matches, or an encoder has fewer layers.
   * @example
   * analyzer.freeze({ layers: 6 }); // of each encoder the embeddings and layers 0 to 5
   * analyzer.freeze('vision_encoder');
   */
  override freeze(what: string | RegExp | FreezeOptions = '*'): number {
    if (typeof what === 'string' || what instanceof RegExp) return super.freeze(what);
    return freezeLowerLayers(this, what);
  }

  /**
   * What the analyzer makes of samples of one's own. Needs `processors` for the modalities that are given.
   *
   * @throws DataError that names the sample when one has nothing in it or a picture cannot be used; the reason of
   * `signal` when it is aborted.
   */
  predict(input: SentimentInput, options?: PredictOptions): Promise<SentimentPrediction>;
  predict(inputs: readonly SentimentInput[], options?: PredictOptions): Promise<SentimentPrediction[]>;
  async predict(
    inputs: SentimentInput | readonly SentimentInput[],
    options: PredictOptions = {},
  ): Promise<SentimentPrediction | SentimentPrediction[]> {
    if (Array.isArray(inputs)) return predictSentiment(this, inputs, options);
    return (await predictSentiment(this, [inputs as SentimentInput], options))[0]!;
  }

  /** As {@link predict}, in batches, one prediction after the other; the next batch is read while one is computed. */
  predictStream(
    inputs: AsyncIterable<SentimentInput> | Iterable<SentimentInput>,
    options: PredictOptions = {},
  ): AsyncGenerator<SentimentPrediction, void, undefined> {
    return predictSentimentStream(this, inputs, options);
  }

  /** `config.json`, `model.safetensors`, the files of the tokenizer and of the image processor, and those given. */
  toFiles(options: SaveOptions = {}): Promise<FileContents> {
    return analyzerFiles(this, options);
  }

  /** Writes {@link toFiles} into a folder; in a browser, one that the user picked or of its private storage. */
  async saveTo(folder: string | FolderHandle, options: SaveOptions = {}): Promise<void> {
    await saveModelFiles(folder, await this.toFiles(options));
  }

  /** The mask is of the sequence that went into the encoder, or of samples. */
  private modality(
    output: { pooledOutput: tf.Tensor2D; lastHiddenState?: tf.Tensor; mask?: tf.Tensor2D },
    given: tf.Tensor1D | tf.Tensor2D | undefined,
  ): EncodedModality {
    const { pooledOutput, lastHiddenState, mask: ownMask } = output;
    const [batch, size] = pooledOutput.shape;
    const mask = given ? tf.cast(given, 'float32') : tf.ones([batch]);
    const present = (mask.rank === 2 ? tf.max(mask, 1) : mask) as tf.Tensor1D; // [batch]
    if (this.features === 'pooled' || !lastHiddenState) return { features: pooledOutput, mask: present };
    const features = tf.reshape(lastHiddenState, [batch, -1, size]) as tf.Tensor3D; // a map of places becomes a row
    const length = features.shape[1];
    if (ownMask) return { features, mask: tf.cast(ownMask, 'float32') };
    if (mask.rank === 2 && mask.shape[1] === length) return { features, mask: mask as tf.Tensor2D };
    return { features, mask: tf.tile(tf.expandDims(present, 1), [1, length]) as tf.Tensor2D };
  }
}
