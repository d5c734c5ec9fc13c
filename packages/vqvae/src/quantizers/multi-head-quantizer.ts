import { type ForwardContext, Module } from '@crossmodal/core';
import * as tf from '@tensorflow/tfjs-core';
import { assertCodesPerPosition, assertSize, assertVectors } from './check-inputs';
import type { Quantizer, QuantizerOutput } from './quantizer';

export interface MultiHeadQuantizerConfig {
  numHeads: number;
  /** What all heads share; its `dim` is that of the vectors / numHeads. */
  quantizer: Quantizer;
}

/**
 * Vectors cut into heads, each of which is a vector to one shared quantizer: codebookSize ^ numHeads vectors from one
 * codebook. Mama et al. 2021, "NWT: Towards natural audio-to-video generation with representation learning".
 *
 * @example
 * const quantizer = new MultiHeadQuantizer({
 *   numHeads: 8,
 *   quantizer: new EMAVectorQuantizer({ codebookSize: 256, dim: 16, rng }),
 * });
 * const { codebookIndices } = quantizer.forward(x); // x [batch, h, w, 128], indices [batch, h, w, 8]
 */
export class MultiHeadQuantizer extends Module implements Quantizer {
  readonly quantizer: Quantizer;
  readonly numHeads: number;
  readonly dim: number;
  readonly codebookSize: number;
  readonly codesPerPosition: number;

  constructor({ numHeads, quantizer }: MultiHeadQuantizerConfig) {
    super();
    assertSize(numHeads, 'MultiHeadQuantizer: numHeads');
    this.quantizer = quantizer;
    this.numHeads = numHeads;
    this.dim = quantizer.dim * numHeads;
    this.codebookSize = quantizer.codebookSize;
    this.codesPerPosition = quantizer.codesPerPosition * numHeads;
  }

  /** As {@link Quantizer} says; `codebookIndices` int32 [..., codesPerPosition], head by head. */
  forward(x: tf.Tensor, context?: ForwardContext): QuantizerOutput {
    assertVectors(x, this.dim, 'MultiHeadQuantizer');
    return tf.tidy(() => {
      const leading = x.shape.slice(0, -1);
      const heads = tf.reshape(x, [...leading, this.numHeads, this.quantizer.dim]);
      const output = this.quantizer.forward(heads, context);
      return {
        ...output,
        quantized: tf.reshape(output.quantized, x.shape),
        codebookIndices: tf.reshape(output.codebookIndices, [...leading, this.codesPerPosition]),
      };
    });
  }

  /** @param codebookIndices int32 [..., codesPerPosition] */
  decode(codebookIndices: tf.Tensor): tf.Tensor {
    assertCodesPerPosition(codebookIndices, this.codesPerPosition, 'MultiHeadQuantizer');
    return tf.tidy(() => {
      const leading = codebookIndices.shape.slice(0, -1);
      const codes = this.quantizer.codesPerPosition;
      const ofHeads = [...leading, this.numHeads, ...(codes > 1 ? [codes] : [])];
      return tf.reshape(this.quantizer.decode(tf.reshape(codebookIndices, ofHeads)), [...leading, this.dim]);
    });
  }
}
