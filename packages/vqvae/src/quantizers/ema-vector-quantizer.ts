import {
  embedding,
  type ForwardContext,
  Module,
  normal,
  Parameter,
  type Rng,
  requireRng,
  withoutGradient,
} from '@crossmodal/core';
import * as tf from '@tensorflow/tfjs-core';
import { assertDecay, assertIndices, assertSize, assertVectors, assertWeight, toRows } from './check-inputs';
import { perplexityOf } from './code-counts';
import { codeLosses } from './code-losses';
import { clusterSums, drawIndices, kMeans } from './k-means';
import { nearestCode } from './nearest-code';
import { assertGradientEstimator, type GradientEstimator, passGradient } from './pass-gradient';
import type { Quantizer, QuantizerOutput } from './quantizer';

export interface EMAVectorQuantizerConfig {
  codebookSize: number;
  dim: number;
  /** Share of the past in the moving averages. Default 0.99. */
  decay?: number | undefined;
  /** Laplace smoothing of the clusters' sizes. Default 1e-5. */
  epsilon?: number | undefined;
  /** Weight of the commitment loss. Default 0.25. */
  commitmentWeight?: number | undefined;
  /** Steps of k-means on the first batch in training, which give the codes their first values. Default 0: none. */
  kMeansIterations?: number | undefined;
  /**
   * A code to which fewer vectors of a batch than this go, as a moving average, becomes a random vector of the batch.
   * Default 0: none does. 1 or 2 suits batches that hold many more vectors than there are codes.
   */
  restartThreshold?: number | undefined;
  /** Default `straightThrough`. */
  gradientEstimator?: GradientEstimator | undefined;
  /** Gives the codes their first values: N(0, 1). */
  rng: Rng;
}

/**
 * The nearest vector of a codebook that learns without gradients: in training, each code moves to the moving average of
 * the vectors that chose it. Van den Oord et al. 2017, appendix A.1; k-means and restarts: Dhariwal et al. 2020
 * ("Jukebox"), section 3.1, and Zeghidour et al. 2021 ("SoundStream"), section III-C. A batch that holds a value that
 * is not finite moves nothing.
 *
 * In training, k-means and restarts need the context's `rng`; `quantized` is of the codes before they moved.
 *
 * @example
 * const quantizer = new EMAVectorQuantizer({ codebookSize: 512, dim: 64, restartThreshold: 1, rng: new Rng(1) });
 * const { quantized, loss } = quantizer.forward(x, { training: true, rng: new Rng(2) }); // x [batch, h, w, 64]
 */
export class EMAVectorQuantizer extends Module implements Quantizer {
  /** Buffer [codebookSize, dim]: the codes. */
  readonly embed: Parameter;
  /** Buffer [codebookSize]: vectors of a batch that choose the code, moving average; first ones. */
  readonly clusterSize: Parameter;
  /** Buffer [codebookSize, dim]: sum of those vectors, moving average. */
  readonly embedAvg: Parameter;
  /** Buffer [1]: 0 while the codes wait for k-means, then 1. */
  readonly inited: Parameter;
  readonly dim: number;
  readonly codebookSize: number;
  readonly codesPerPosition = 1;
  private readonly config: {
    decay: number;
    epsilon: number;
    commitmentWeight: number;
    kMeansIterations: number;
    restartThreshold: number;
    gradientEstimator: GradientEstimator;
  };
  /** The memory of `inited` when it was last looked at, and what it said: another one was loaded since. */
  private known: { dataId: object; inited: boolean };

  constructor({
    codebookSize,
    dim,
    decay = 0.99,
    epsilon = 1e-5,
    commitmentWeight = 0.25,
    kMeansIterations = 0,
    restartThreshold = 0,
    gradientEstimator = 'straightThrough',
    rng,
  }: EMAVectorQuantizerConfig) {
    super();
    assertSize(codebookSize, 'EMAVectorQuantizer: codebookSize');
    assertSize(dim, 'EMAVectorQuantizer: dim');
    assertDecay(decay, 'EMAVectorQuantizer: decay');
    assertWeight(epsilon, 'EMAVectorQuantizer: epsilon');
    assertWeight(commitmentWeight, 'EMAVectorQuantizer: commitmentWeight');
    assertSize(kMeansIterations, 'EMAVectorQuantizer: kMeansIterations', 0);
    assertWeight(restartThreshold, 'EMAVectorQuantizer: restartThreshold');
    assertGradientEstimator(gradientEstimator, 'EMAVectorQuantizer');
    const codes = normal([codebookSize, dim], rng);
    this.embedAvg = new Parameter(tf.clone(codes), { buffer: true });
    this.embed = new Parameter(codes, { buffer: true });
    this.clusterSize = new Parameter(tf.ones([codebookSize]), { buffer: true });
    const inited = kMeansIterations === 0;
    this.inited = new Parameter(tf.tensor1d([inited ? 1 : 0]), { buffer: true, optional: true });
    this.known = { dataId: this.inited.value.dataId, inited };
    this.dim = dim;
    this.codebookSize = codebookSize;
    this.config = { decay, epsilon, commitmentWeight, kMeansIterations, restartThreshold, gradientEstimator };
  }

  forward(x: tf.Tensor, context?: ForwardContext): QuantizerOutput {
    assertVectors(x, this.dim, 'EMAVectorQuantizer');
    return tf.tidy(() => {
      const rows = toRows(x);
      if (context?.training && !this.isInited()) this.initialize(rows, context);
      const nearest = nearestCode(rows, this.embed.value as tf.Tensor as tf.Tensor2D);
      const codebookIndices = tf.reshape(nearest, x.shape.slice(0, -1)); // [...]
      const codes = embedding(this.embed.value, codebookIndices); // [..., dim]
      const { commitmentLoss } = codeLosses(x, codes);
      if (context?.training) this.learn(rows, nearest, context);
      return {
        quantized: passGradient(x, codes, this.config.gradientEstimator),
        codebookIndices,
        loss: tf.mul(commitmentLoss, this.config.commitmentWeight) as tf.Scalar,
        codebookLoss: tf.scalar(0),
        commitmentLoss,
        perplexity: perplexityOf(codebookIndices, this.codebookSize),
      };
    });
  }

  decode(codebookIndices: tf.Tensor): tf.Tensor {
    assertIndices(codebookIndices, this.codebookSize, 'EMAVectorQuantizer');
    return embedding(this.embed.value, codebookIndices);
  }

  private isInited(): boolean {
    if (this.config.kMeansIterations === 0) return true;
    const { dataId } = this.inited.value;
    if (dataId !== this.known.dataId) this.known = { dataId, inited: this.inited.value.dataSync()[0] === 1 };
    return this.known.inited;
  }

  private initialize(rows: tf.Tensor2D, context: ForwardContext): void {
    const rng = requireRng(context, 'EMAVectorQuantizer: kMeansIterations');
    const iterations = this.config.kMeansIterations;
    const [counts, sums] = withoutGradient(() => {
      const { centers, counts } = kMeans(rows, this.codebookSize, { iterations, rng });
      return [tf.squeeze(counts, [1]), tf.mul(centers, counts)];
    });
    this.embed.assign(this.smoothed(counts!, sums!));
    this.clusterSize.assign(counts!);
    this.embedAvg.assign(sums!);
    this.inited.assign(tf.tensor1d([1]));
    this.known = { dataId: this.inited.value.dataId, inited: true };
  }

  private learn(rows: tf.Tensor2D, nearest: tf.Tensor1D, context: ForwardContext): void {
    const { decay, restartThreshold } = this.config;
    const [size, sum, code] = withoutGradient(() => {
      const { counts, sums } = clusterSums(rows, nearest, this.codebookSize);
      const finite = tf.all(tf.isFinite(sums));
      const moved = (old: tf.Tensor, ofBatch: tf.Tensor) =>
        tf.add(tf.mul(old, decay), tf.mul(ofBatch, 1 - decay));
      let size = moved(this.clusterSize.value, tf.squeeze(counts, [1]));
      let sum = moved(this.embedAvg.value, sums);
      let code = this.smoothed(size, sum);
      if (restartThreshold > 0) {
        const rng = requireRng(context, 'EMAVectorQuantizer: restartThreshold');
        const indices = rng.tensor([this.codebookSize], (source) =>
          drawIndices(rows.shape[0], this.codebookSize, source),
        );
        const drawn = tf.gather(rows, indices);
        const dead = tf.less(size, restartThreshold); // [codebookSize]
        const deadRow = tf.expandDims(dead, 1);
        size = tf.where(dead, tf.fill(size.shape, restartThreshold), size);
        sum = tf.where(deadRow, tf.mul(drawn, restartThreshold), sum);
        code = tf.where(deadRow, drawn, code);
      }
      return [
        tf.where(finite, size, this.clusterSize.value),
        tf.where(finite, sum, this.embedAvg.value),
        tf.where(finite, code, this.embed.value),
      ];
    });
    this.clusterSize.assign(size!);
    this.embedAvg.assign(sum!);
    this.embed.assign(code!);
  }

  /** Averages, of clusters whose sizes are pulled a little to one another so that none is 0. */
  private smoothed(size: tf.Tensor, sum: tf.Tensor): tf.Tensor {
    const { epsilon } = this.config;
    const total = tf.sum(size);
    const pulled = tf.div(tf.add(size, epsilon), tf.add(total, this.codebookSize * epsilon));
    return tf.div(sum, tf.expandDims(tf.mul(pulled, total), 1));
  }
}
