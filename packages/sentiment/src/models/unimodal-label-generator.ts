import { ConfigError, DataError, Module, Parameter, withoutGradient } from '@crossmodal/core';
import * as tf from '@tensorflow/tfjs-core';
import { MODALITIES } from './feature-sequences';
import { SELF_MM_TASKS, type SelfMMTask } from './self-mm';

export interface UnimodalLabelGeneratorConfig {
  /** The score of each sample of the training set, by its key. */
  labels: ReadonlyMap<string, number>;
  /** Sizes of the features: the head sizes of the {@link SelfMM}. */
  featureSizes: Readonly<Record<SelfMMTask, number>>;
  /** The greatest score there is: labels stay within ± it. Default 3, as of CMU-MOSI; 1 for CH-SIMS. */
  greatestScore?: number | undefined;
}

/**
 * Labels of the single modalities of a training set, from those of all modalities together: a modality whose feature is
 * nearer than the fused one to the centre of the positive samples, and farther from that of the negative ones, gets a
 * higher label. Yu et al. 2021, section 3.4, algorithm 1; centres move with each batch, as in the authors' code.
 *
 * Labels start as the given ones and move from the second epoch on, by 2 / (epoch + 1) of the way. All of it is buffers,
 * so that it is saved and resumed with a model.
 *
 * @example
 * const labels = new UnimodalLabelGenerator({
 *   labels: new Map(samples.map(({ key, label }) => [key, label])),
 *   featureSizes: { fusion: 128, text: 32, audio: 16, vision: 32 },
 * });
 * const ofAudio = labels.of('audio', ['video1$_$3', 'video2$_$7']); // [2]
 */
export class UnimodalLabelGenerator extends Module {
  readonly fusion: TaskState;
  readonly text: TaskState;
  readonly audio: TaskState;
  readonly vision: TaskState;
  /** Buffer, int32 []: samples seen since the beginning, by which epochs are counted. */
  readonly seen: Parameter;
  private readonly indexes: ReadonlyMap<string, number>;
  private readonly greatestScore: number;

  /** @throws ConfigError when there are no labels. */
  constructor({ labels, featureSizes, greatestScore = 3 }: UnimodalLabelGeneratorConfig) {
    super();
    if (labels.size === 0)
      throw new ConfigError('UnimodalLabelGenerator: labels: expected one or more, received none.');
    const scores = [...labels.values()];
    this.fusion = new TaskState(scores, featureSizes.fusion);
    this.text = new TaskState(scores, featureSizes.text);
    this.audio = new TaskState(scores, featureSizes.audio);
    this.vision = new TaskState(scores, featureSizes.vision);
    this.seen = new Parameter(tf.scalar(0, 'int32'), { buffer: true });
    this.indexes = new Map([...labels.keys()].map((key, i) => [key, i]));
    this.greatestScore = greatestScore;
  }

  /**
   * Labels of the samples with these keys, float32 [batch]; the caller disposes them.
   *
   * @throws DataError when a key is not known.
   */
  of(task: SelfMMTask, keys: readonly string[]): tf.Tensor1D {
    return tf.tidy(() => this[task].labelsOf(this.indexesOf(keys)));
  }

  /**
   * Moves the labels of the samples by their features, then the centres by both.
   *
   * @param features float32 [batch, featureSize] of each task.
   * @param keys Of the samples, each once.
   * @throws DataError when a key is not known.
   */
  update(features: Readonly<Record<SelfMMTask, tf.Tensor2D>>, keys: readonly string[]): void {
    withoutGradient(() => {
      const indexes = this.indexesOf(keys);
      const epoch = tf.add(tf.floor(tf.div(tf.cast(this.seen.value, 'float32'), this.indexes.size)), 1); // []
      const moves = tf.greater(epoch, 1);
      const rate = tf.div(2, tf.add(epoch, 1));
      const fusedLabels = this.fusion.labelsOf(indexes);
      const fused = this.fusion.relativeDistance(features.fusion); // [batch]
      for (const modality of MODALITIES) {
        const own = this[modality].relativeDistance(features[modality]);
        const ratio = tf.div(own, tf.add(fused, 1e-8));
        // The mean of what the ratio and what the difference of the two say.
        const scaled = tf.mul(ratio, fusedLabels);
        const shifted = tf.add(fusedLabels, tf.sub(own, fused));
        const bound = this.greatestScore;
        const target = tf.clipByValue(tf.mul(tf.add(scaled, shifted), 0.5), -bound, bound);
        const old = this[modality].labelsOf(indexes);
        const moved = tf.add(old, tf.mul(tf.sub(target, old), rate));
        const valid = tf.logicalAnd(tf.isFinite(moved), moves);
        this[modality].setLabels(indexes, tf.where(valid, moved, old));
      }
      for (const task of SELF_MM_TASKS) this[task].setFeatures(indexes, features[task]);
      this.seen.assign(tf.add(this.seen.value, tf.scalar(keys.length, 'int32')));
      return [];
    });
  }

  private indexesOf(keys: readonly string[]): tf.Tensor1D {
    const indexes = keys.map((key) => {
      const index = this.indexes.get(key);
      if (index === undefined)
        throw new DataError(
          `UnimodalLabelGenerator: keys: expected samples of the training set, received "${key}".`,
        );
      return index;
    });
    return tf.tensor1d(indexes, 'int32');
  }
}

/** What is remembered of one task. */
class TaskState extends Module {
  /** [samples] */
  readonly labels: Parameter;
  /** [samples, featureSize], as last seen; first zeros. */
  readonly features: Parameter;
  /** [featureSize], mean feature of the samples whose label is above 0. */
  readonly positive: Parameter;
  /** [featureSize], mean feature of the samples whose label is below 0. */
  readonly negative: Parameter;

  constructor(labels: readonly number[], featureSize: number) {
    super();
    const buffer = (value: tf.Tensor) => new Parameter(value, { buffer: true });
    this.labels = buffer(tf.tensor1d([...labels]));
    this.features = buffer(tf.zeros([labels.length, featureSize]));
    this.positive = buffer(tf.zeros([featureSize]));
    this.negative = buffer(tf.zeros([featureSize]));
  }

  /** How much nearer a feature is to the positive centre than to the negative one: [batch, featureSize] to [batch]. */
  relativeDistance(features: tf.Tensor2D): tf.Tensor {
    const toPositive = tf.norm(tf.sub(features, this.positive.value), 2, 1);
    const toNegative = tf.norm(tf.sub(features, this.negative.value), 2, 1);
    return tf.div(tf.sub(toNegative, toPositive), tf.add(toPositive, 1e-8));
  }

  labelsOf(indexes: tf.Tensor1D): tf.Tensor1D {
    return tf.gather(this.labels.value as tf.Tensor as tf.Tensor1D, indexes);
  }

  setLabels(indexes: tf.Tensor1D, labels: tf.Tensor): void {
    this.labels.assign(scatter(this.labels.value, indexes, labels));
  }

  /** Remembers the features, and moves both centres; one of no sample stays. */
  setFeatures(indexes: tf.Tensor1D, features: tf.Tensor2D): void {
    this.features.assign(scatter(this.features.value, indexes, features));
    const labels = this.labels.value;
    const move = (centre: Parameter, chosen: tf.Tensor) => {
      const weights = tf.cast(tf.expandDims(chosen, 0), 'float32') as tf.Tensor2D; // [1, samples]
      const count = tf.sum(weights);
      const all = this.features.value as tf.Tensor as tf.Tensor2D;
      const mean = tf.squeeze(tf.div(tf.matMul(weights, all), tf.maximum(count, 1)), [0]);
      centre.assign(tf.where(tf.greater(count, 0), mean, centre.value));
    };
    move(this.positive, tf.greater(labels, 0));
    move(this.negative, tf.less(labels, 0));
  }
}

/** `x` with other rows at `indexes`. */
function scatter(x: tf.Tensor, indexes: tf.Tensor1D, rows: tf.Tensor): tf.Tensor {
  return tf.tensorScatterUpdate(x, tf.expandDims(indexes, 1), rows);
}
