import { segmentSum, withoutGradient } from '@crossmodal/core';
import * as tf from '@tensorflow/tfjs-core';

/** How many of `indices` (int32, any shape) are each code: float32 [codebookSize]. */
export function codeCounts(indices: tf.Tensor, codebookSize: number): tf.Tensor1D {
  return withoutGradient(() => {
    const ids = tf.reshape(indices, [indices.size]) as tf.Tensor1D;
    return tf.reshape(segmentSum(tf.ones([ids.size, 1]), ids, codebookSize), [codebookSize]) as tf.Tensor1D;
  });
}

/** Exponential of the entropy of the codes' shares in `indices` (int32, any shape): [], from 1 to codebookSize. */
export function perplexityOf(indices: tf.Tensor, codebookSize: number): tf.Scalar {
  return withoutGradient(() => {
    const shares = tf.div(codeCounts(indices, codebookSize), indices.size);
    // A share of 0 counts 0.
    return tf.exp(tf.neg(tf.sum(tf.mul(shares, tf.log(tf.maximum(shares, 1e-30)))))) as tf.Scalar;
  });
}
