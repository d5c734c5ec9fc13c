import {
  embedding,
  type ForwardContext,
  Linear,
  Module,
  normal,
  Parameter,
  type Rng,
  withoutGradient,
} from '@crossmodal/core';
import * as tf from '@tensorflow/tfjs-core';
import { assertIndices, assertSize, assertVectors, assertWeight, toRows } from './check-inputs';
import { perplexityOf } from './code-counts';
import { codeLosses } from './code-losses';
import { nearestCode } from './nearest-code';
import { assertGradientEstimator, type GradientEstimator, passGradient } from './pass-gradient';
import type { Quantizer, QuantizerOutput } from './quantizer';

export interface SimVQConfig {
  codebookSize: number;
  dim: number;
  /** Weight of the commitment loss; beta in the paper. Default 0.25. */
  commitmentWeight?: number | undefined;
  /** Default `straightThrough`. */
  gradientEstimator?: GradientEstimator | undefined;
  /** Gives the codes, N(0, 1 / dim), and the map their values. */
  rng: Rng;
}

/**
 * The nearest vector of a codebook of fixed random vectors under a learned linear map: each gradient moves all codes
 * together, so that none is left behind. Zhu et al. 2024, "Addressing Representation Collapse in Vector Quantized
 * Models with One Linear Layer".
 *
 * @example
 * const quantizer = new SimVQ({ codebookSize: 65536, dim: 128, rng: new Rng(1) });
 * const { quantized, loss } = quantizer.forward(x, { training: true }); // x [batch, h, w, 128]
 */
export class SimVQ extends Module implements Quantizer {
  /** Buffer [codebookSize, dim]: never learns. */
  readonly frozenCodebook: Parameter;
  /** From dim to dim, without bias: learns by the codebook's loss only. */
  readonly codeTransform: Linear;
  readonly dim: number;
  readonly codebookSize: number;
  readonly codesPerPosition = 1;
  private readonly commitmentWeight: number;
  private readonly gradientEstimator: GradientEstimator;

  constructor({
    codebookSize,
    dim,
    commitmentWeight = 0.25,
    gradientEstimator = 'straightThrough',
    rng,
  }: SimVQConfig) {
    super();
    assertSize(codebookSize, 'SimVQ: codebookSize');
    assertSize(dim, 'SimVQ: dim');
    assertWeight(commitmentWeight, 'SimVQ: commitmentWeight');
    assertGradientEstimator(gradientEstimator, 'SimVQ');
    this.frozenCodebook = new Parameter(normal([codebookSize, dim], rng, 0, 1 / Math.sqrt(dim)), {
      buffer: true,
    });
    this.codeTransform = new Linear(dim, dim, { bias: false, rng });
    this.dim = dim;
    this.codebookSize = codebookSize;
    this.commitmentWeight = commitmentWeight;
    this.gradientEstimator = gradientEstimator;
  }

  forward(x: tf.Tensor, _context?: ForwardContext): QuantizerOutput {
    assertVectors(x, this.dim, 'SimVQ');
    return tf.tidy(() => {
      const codebook = withoutGradient(() => this.codeTransform.forward(this.frozenCodebook.value));
      const nearest = nearestCode(toRows(x), codebook as tf.Tensor2D);
      const codebookIndices = tf.reshape(nearest, x.shape.slice(0, -1)); // [...]
      const codes = this.codes(codebookIndices);
      const { codebookLoss, commitmentLoss } = codeLosses(x, codes);
      return {
        quantized: passGradient(x, codes, this.gradientEstimator),
        codebookIndices,
        loss: tf.add(codebookLoss, tf.mul(commitmentLoss, this.commitmentWeight)) as tf.Scalar,
        codebookLoss,
        commitmentLoss,
        perplexity: perplexityOf(codebookIndices, this.codebookSize),
      };
    });
  }

  decode(codebookIndices: tf.Tensor): tf.Tensor {
    assertIndices(codebookIndices, this.codebookSize, 'SimVQ');
    return tf.tidy(() => this.codes(codebookIndices));
  }

  /** int32 [...] to float32 [..., dim]. */
  private codes(codebookIndices: tf.Tensor): tf.Tensor {
    return this.codeTransform.forward(embedding(this.frozenCodebook.value, codebookIndices));
  }
}
