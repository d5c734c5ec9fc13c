import {
  Embedding,
  type ForwardContext,
  Linear,
  l2Normalize,
  Module,
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

export interface CosineVectorQuantizerConfig {
  codebookSize: number;
  dim: number;
  /** Size of the codes, small: 32 in the paper, 8 in many since. Default `dim`, without projections. */
  codebookDim?: number | undefined;
  /** Weight of the commitment loss; beta in the paper. Default 0.25. */
  commitmentWeight?: number | undefined;
  /** Default `straightThrough`. */
  gradientEstimator?: GradientEstimator | undefined;
  /** Gives the codes (N(0, 1), of which the direction counts) and the projections their first values. */
  rng: Rng;
}

/**
 * The code nearest by angle: vectors, projected to few dimensions, and codes are compared, and the losses taken, at
 * length 1. Yu et al. 2021 ("Vector-quantized Image Modeling with Improved VQGAN"), section 3.2:
 * `loss = |sg[z] - code|² + beta |z - sg[code]|²`, each a mean over all values.
 *
 * @example
 * const quantizer = new CosineVectorQuantizer({ codebookSize: 8192, dim: 256, codebookDim: 8, rng: new Rng(1) });
 * const { quantized } = quantizer.forward(x); // x and quantized [batch, h, w, 256]
 */
export class CosineVectorQuantizer extends Module implements Quantizer {
  /** `embedding.weight` [codebookSize, codebookDim]: learns by the codebook's loss only; of any length. */
  readonly embedding: Embedding;
  /** From dim to codebookDim, where they differ; and back. */
  readonly projectIn: Linear | undefined;
  readonly projectOut: Linear | undefined;
  readonly dim: number;
  readonly codebookSize: number;
  readonly codesPerPosition = 1;
  private readonly commitmentWeight: number;
  private readonly gradientEstimator: GradientEstimator;

  constructor({
    codebookSize,
    dim,
    codebookDim = dim,
    commitmentWeight = 0.25,
    gradientEstimator = 'straightThrough',
    rng,
  }: CosineVectorQuantizerConfig) {
    super();
    assertSize(codebookSize, 'CosineVectorQuantizer: codebookSize');
    assertSize(dim, 'CosineVectorQuantizer: dim');
    assertSize(codebookDim, 'CosineVectorQuantizer: codebookDim');
    assertWeight(commitmentWeight, 'CosineVectorQuantizer: commitmentWeight');
    assertGradientEstimator(gradientEstimator, 'CosineVectorQuantizer');
    this.embedding = new Embedding(codebookSize, codebookDim, { rng });
    const projects = codebookDim !== dim;
    this.projectIn = projects ? new Linear(dim, codebookDim, { rng }) : undefined;
    this.projectOut = projects ? new Linear(codebookDim, dim, { rng }) : undefined;
    this.dim = dim;
    this.codebookSize = codebookSize;
    this.commitmentWeight = commitmentWeight;
    this.gradientEstimator = gradientEstimator;
  }

  forward(x: tf.Tensor, context?: ForwardContext): QuantizerOutput {
    assertVectors(x, this.dim, 'CosineVectorQuantizer');
    return tf.tidy(() => {
      const z = l2Normalize(this.projectIn?.forward(x, context) ?? x); // [..., codebookDim]
      const directions = withoutGradient(() => l2Normalize(this.embedding.weight.value as tf.Tensor));
      const nearest = nearestCode(toRows(z), directions as tf.Tensor2D);
      const codebookIndices = tf.reshape(nearest, x.shape.slice(0, -1)); // [...]
      const codes = this.codes(codebookIndices);
      const { codebookLoss, commitmentLoss } = codeLosses(z, codes);
      const passed = passGradient(z, codes, this.gradientEstimator);
      return {
        quantized: this.projectOut?.forward(passed, context) ?? passed, // [..., dim]
        codebookIndices,
        loss: tf.add(codebookLoss, tf.mul(commitmentLoss, this.commitmentWeight)) as tf.Scalar,
        codebookLoss,
        commitmentLoss,
        perplexity: perplexityOf(codebookIndices, this.codebookSize),
      };
    });
  }

  decode(codebookIndices: tf.Tensor): tf.Tensor {
    assertIndices(codebookIndices, this.codebookSize, 'CosineVectorQuantizer');
    return tf.tidy(() => {
      const codes = this.codes(codebookIndices);
      return this.projectOut?.forward(codes) ?? codes;
    });
  }

  /** int32 [...] to float32 [..., codebookDim], of length 1. */
  private codes(codebookIndices: tf.Tensor): tf.Tensor {
    return l2Normalize(this.embedding.forward(codebookIndices));
  }
}
