import {
  ConfigError,
  Conv2d,
  customOp,
  Embedding,
  type ForwardContext,
  Module,
  type Rng,
  requireRng,
  segmentSum,
  withoutGradient,
} from '@crossmodal/core';
import * as tf from '@tensorflow/tfjs-core';
import { assertIndices, assertSize, assertVectors, assertWeight, toRows } from './check-inputs';
import { perplexityOf } from './code-counts';
import type { Quantizer, QuantizerOutput } from './quantizer';

export interface GumbelQuantizerConfig {
  codebookSize: number;
  dim: number;
  /** Of the relaxation, above 0. Default 1. */
  temperature?: number | undefined;
  /** Weight of the divergence from the uniform distribution. Default 5e-4. */
  klWeight?: number | undefined;
  /** Whether training too gives one code, with the relaxation's gradient, not a mixture. Default true. */
  hard?: boolean | undefined;
  /** Gives the projection and the codes their first values. */
  rng: Rng;
}

export interface GumbelQuantizerOutput extends QuantizerOutput {
  /** [], divergence of a vector's distribution over codes from the uniform one, in nats: in `loss`, weighted. */
  klDivergence: tf.Scalar;
}

/**
 * Scores for every code from each vector, and a code drawn by them through the Gumbel-softmax relaxation; without
 * training, the code of the highest score. Jang et al. 2016, equation 2; Ramesh et al. 2021 ("DALL-E"), section 2.1.
 *
 * Training needs the context's `rng`. `temperature` and `klWeight` may be set between steps, by schedules: DALL-E's
 * (appendix A.2) are those of the example, its weight for a mean over positions here and over the values of pictures,
 * 192 for each position, in the reconstruction. In training with `hard` false, `quantized` is a mixture of codes, which
 * `decode` does not give.
 *
 * @example
 * const quantizer = new GumbelQuantizer({ codebookSize: 8192, dim: 256, rng: new Rng(1) });
 * const temperature = cosineSchedule({ learningRate: 1, final: 1 / 16, steps: 150_000 });
 * const klWeight = cosineSchedule({ learningRate: 0, final: 6.6 / 192, steps: 5_000 });
 * // before each step:
 * quantizer.temperature = temperature(step);
 * quantizer.klWeight = klWeight(step);
 */
export class GumbelQuantizer extends Module implements Quantizer {
  /** The scores: a 1 x 1 convolution, so that weights in files are as those of convolutional models. */
  readonly proj: Conv2d;
  /** `embed.weight` [codebookSize, dim] */
  readonly embed: Embedding;
  readonly dim: number;
  readonly codebookSize: number;
  readonly codesPerPosition = 1;
  temperature: number;
  klWeight: number;
  private readonly hard: boolean;

  constructor({
    codebookSize,
    dim,
    temperature = 1,
    klWeight = 5e-4,
    hard = true,
    rng,
  }: GumbelQuantizerConfig) {
    super();
    assertSize(codebookSize, 'GumbelQuantizer: codebookSize');
    assertSize(dim, 'GumbelQuantizer: dim');
    assertTemperature(temperature);
    assertWeight(klWeight, 'GumbelQuantizer: klWeight');
    this.proj = new Conv2d(dim, codebookSize, { kernelSize: 1, rng });
    this.embed = new Embedding(codebookSize, dim, { rng });
    this.dim = dim;
    this.codebookSize = codebookSize;
    this.temperature = temperature;
    this.klWeight = klWeight;
    this.hard = hard;
  }

  forward(x: tf.Tensor, context?: ForwardContext): GumbelQuantizerOutput {
    assertVectors(x, this.dim, 'GumbelQuantizer');
    assertTemperature(this.temperature);
    return tf.tidy(() => {
      const rows = toRows(x);
      const pixels = tf.reshape(rows, [1, rows.shape[0], 1, this.dim]) as tf.Tensor4D;
      const logits = tf.reshape(this.proj.forward(pixels), [rows.shape[0], this.codebookSize]);
      const logShares = tf.logSoftmax(logits);
      const negativeEntropy = tf.sum(tf.mul(tf.exp(logShares), logShares), 1); // [rows]
      const klDivergence = tf.add(tf.mean(negativeEntropy), Math.log(this.codebookSize)) as tf.Scalar;
      const { vectors, nearest } = context?.training
        ? this.draw(logits as tf.Tensor2D, requireRng(context, 'GumbelQuantizer'))
        : this.highest(logits as tf.Tensor2D);
      const codebookIndices = tf.reshape(nearest, x.shape.slice(0, -1)); // [...]
      return {
        quantized: tf.reshape(vectors, x.shape), // [..., dim]
        codebookIndices,
        loss: tf.mul(klDivergence, this.klWeight) as tf.Scalar,
        codebookLoss: tf.scalar(0),
        commitmentLoss: tf.scalar(0),
        klDivergence,
        perplexity: perplexityOf(codebookIndices, this.codebookSize),
      };
    });
  }

  decode(codebookIndices: tf.Tensor): tf.Tensor {
    assertIndices(codebookIndices, this.codebookSize, 'GumbelQuantizer');
    return this.embed.forward(codebookIndices);
  }

  private highest(logits: tf.Tensor2D) {
    const nearest = withoutGradient(() => tf.argMax(logits, 1) as tf.Tensor1D);
    return { vectors: this.embed.forward(nearest), nearest };
  }

  private draw(logits: tf.Tensor2D, rng: Rng) {
    const noise = rng.tensor(logits.shape, (source) =>
      source.uniformArray(logits.size).map((u) => -Math.log(-Math.log(Math.max(u, 1e-20)))),
    );
    const noisy = tf.div(tf.add(logits, noise), this.temperature);
    const shares = tf.softmax(noisy) as tf.Tensor2D; // [rows, codebookSize]
    const nearest = withoutGradient(() => tf.argMax(noisy, 1) as tf.Tensor1D);
    const table = this.embed.weight.value as tf.Tensor as tf.Tensor2D;
    return { vectors: this.hard ? oneCode(shares, nearest, table) : tf.matMul(shares, table), nearest };
  }
}

/** Rows of the table by index; the gradient goes to `shares` as if they had mixed the rows. */
function oneCode(shares: tf.Tensor2D, nearest: tf.Tensor1D, table: tf.Tensor2D): tf.Tensor {
  return customOp<tf.Tensor>(
    { shares, table },
    (save) => {
      save([nearest, table]);
      return tf.gather(table, nearest);
    },
    (dy, saved) => {
      const [nearest, table] = saved as [tf.Tensor1D, tf.Tensor2D];
      return {
        shares: () => tf.matMul(dy as tf.Tensor2D, table, false, true),
        table: () => segmentSum(dy as tf.Tensor2D, nearest, table.shape[0]),
      };
    },
  );
}

function assertTemperature(temperature: number): void {
  if (temperature > 0 && Number.isFinite(temperature)) return;
  throw new ConfigError(`GumbelQuantizer: temperature: expected above 0, received ${temperature}.`);
}
