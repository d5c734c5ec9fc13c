import * as tf from '@tensorflow/tfjs-core';
import { Module } from '../module';
import { embedding } from '../ops/embedding';
import { Parameter } from '../parameter';
import type { Rng } from '../rng';

export interface EmbeddingLayerOptions {
  /** A row that starts as zeros and gets no gradient. */
  paddingIndex?: number | undefined;
  /** Gives the weight its first values: N(0, 1), as PyTorch. */
  rng: Rng;
}

/**
 * A table of vectors, read by id.
 *
 * @example
 * const tokens = new Embedding(100, 8, { rng: new Rng(1) });
 * const y = tokens.forward(tf.tensor2d([[5, 0, 7]], [1, 3], 'int32')); // [1, 3, 8]
 */
export class Embedding extends Module {
  /** [numEmbeddings, dim] */
  readonly weight: Parameter;
  private readonly paddingIndex: number | undefined;

  constructor(numEmbeddings: number, dim: number, { paddingIndex, rng }: EmbeddingLayerOptions) {
    super();
    const values = rng.normalArray(numEmbeddings * dim);
    if (paddingIndex !== undefined) values.fill(0, paddingIndex * dim, (paddingIndex + 1) * dim);
    this.weight = new Parameter(tf.tensor2d(values, [numEmbeddings, dim]));
    this.paddingIndex = paddingIndex;
  }

  /** int32 [...] to float32 [..., dim]. */
  forward(ids: tf.Tensor): tf.Tensor {
    return embedding(this.weight.value, ids, { paddingIndex: this.paddingIndex });
  }
}
