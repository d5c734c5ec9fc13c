import { Embedding, type ForwardContext, Module, type Rng, uniform } from '@crossmodal/core';
import * as tf from '@tensorflow/tfjs-core';
import { assertIndices, assertSize, assertVectors, assertWeight, toRows } from './check-inputs';
import { perplexityOf } from './code-counts';
import { codeLosses } from './code-losses';
import { nearestCode } from './nearest-code';
import { assertGradientEstimator, type GradientEstimator, passGradient } from './pass-gradient';
import type { Quantizer, QuantizerOutput } from './quantizer';

export interface VectorQuantizerConfig {
  codebookSize: number;
  dim: number;
  /** Weight of the commitment loss; beta in the paper. Default 0.25. */
  commitmentWeight?: number | undefined;
  /**
   * Whether the weight is that of the codebook's loss instead, and the commitment loss counts in full: how the released
   * weights of taming-transformers were trained. Default false.
   */
  legacyBeta?: boolean | undefined;
  /** Default `straightThrough`. */
  gradientEstimator?: GradientEstimator | undefined;
  /** Gives the codes their first values: uniform in ±1 / codebookSize. */
  rng: Rng;
}

/**
 * The nearest vector of a codebook that learns by gradient. Van den Oord et al. 2017, equation 3:
 * `loss = |sg[x] - code|² + beta |x - sg[code]|²`, each a mean over all values.
 *
 * @example
 * const quantizer = new VectorQuantizer({ codebookSize: 512, dim: 64, rng: new Rng(1) });
 * const { quantized, codebookIndices, loss } = quantizer.forward(x, { training: true }); // x [batch, h, w, 64]
 */
export class VectorQuantizer extends Module implements Quantizer {
  /** `embedding.weight` [codebookSize, dim]: learns by the codebook's loss only. */
  readonly embedding: Embedding;
  readonly dim: number;
  readonly codebookSize: number;
  readonly codesPerPosition = 1;
  private readonly commitmentWeight: number;
  private readonly legacyBeta: boolean;
  private readonly gradientEstimator: GradientEstimator;

  constructor({
    codebookSize,
    dim,
    commitmentWeight = 0.25,
    legacyBeta = false,
    gradientEstimator = 'straightThrough',
    rng,
  }: VectorQuantizerConfig) {
    super();
    assertSize(codebookSize, 'VectorQuantizer: codebookSize');
    assertSize(dim, 'VectorQuantizer: dim');
    assertWeight(commitmentWeight, 'VectorQuantizer: commitmentWeight');
    assertGradientEstimator(gradientEstimator, 'VectorQuantizer');
    this.embedding = new Embedding(codebookSize, dim, { rng });
    this.embedding.weight.assign(uniform([codebookSize, dim], rng, -1 / codebookSize, 1 / codebookSize));
    this.dim = dim;
    this.codebookSize = codebookSize;
    this.commitmentWeight = commitmentWeight;
    this.legacyBeta = legacyBeta;
    this.gradientEstimator = gradientEstimator;
  }

  forward(x: tf.Tensor, _context?: ForwardContext): QuantizerOutput {
    assertVectors(x, this.dim, 'VectorQuantizer');
    return tf.tidy(() => {
      const nearest = nearestCode(toRows(x), this.embedding.weight.value as tf.Tensor as tf.Tensor2D);
      const codebookIndices = tf.reshape(nearest, x.shape.slice(0, -1)); // [...]
      const codes = this.embedding.forward(codebookIndices); // [..., dim]
      const { codebookLoss, commitmentLoss } = codeLosses(x, codes);
      const [full, weighted] = this.legacyBeta
        ? [commitmentLoss, codebookLoss]
        : [codebookLoss, commitmentLoss];
      return {
        quantized: passGradient(x, codes, this.gradientEstimator),
        codebookIndices,
        loss: tf.add(full, tf.mul(weighted, this.commitmentWeight)) as tf.Scalar,
        codebookLoss,
        commitmentLoss,
        perplexity: perplexityOf(codebookIndices, this.codebookSize),
      };
    });
  }

  decode(codebookIndices: tf.Tensor): tf.Tensor {
    assertIndices(codebookIndices, this.codebookSize, 'VectorQuantizer');
    return this.embedding.forward(codebookIndices);
  }
}
