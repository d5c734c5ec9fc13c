import { type Embedding, type ForwardContext, Module, type Parameter } from '@crossmodal/core';
import * as tf from '@tensorflow/tfjs-core';

/** Logits by the products with the vectors of the tokens themselves. Press and Wolf 2016. */
export class TiedHead extends Module {
  /** [vocabSize, hiddenSize]; the embedding's. */
  readonly weight: Parameter;

  constructor(embedding: Embedding) {
    super();
    this.weight = embedding.weight;
  }

  /** float32 [batch, length, hiddenSize] to [batch, length, vocabSize]; the caller disposes it. */
  forward(x: tf.Tensor3D, _context?: ForwardContext): tf.Tensor3D {
    const [batch, length, hiddenSize] = x.shape;
    const weight = this.weight.value as tf.Tensor as tf.Tensor2D;
    return tf.tidy(() => {
      const rows = tf.reshape(x, [batch * length, hiddenSize]);
      return tf.reshape(tf.matMul(rows, weight, false, true), [batch, length, weight.shape[0]]);
    });
  }
}
