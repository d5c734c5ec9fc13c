import * as tf from '@tensorflow/tfjs-core';

/** Every product of a value of `a` [batch, n] and one of `b` [batch, m], [batch, n * m]. Within `tf.tidy`. */
export function outerProduct(a: tf.Tensor2D, b: tf.Tensor2D): tf.Tensor2D {
  const products = tf.mul(tf.expandDims(a, 2), tf.expandDims(b, 1)); // [batch, n, m]
  return tf.reshape(products, [a.shape[0], a.shape[1] * b.shape[1]]);
}
