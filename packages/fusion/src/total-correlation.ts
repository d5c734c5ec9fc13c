import { customOp } from '@crossmodal/core';
import * as tf from '@tensorflow/tfjs-core';

/** Enough for singular values down to 1e-4 of the largest; each step makes a small one 1.5 times as large. */
const STEPS = 25;

/**
 * Sum of the canonical correlations of two views with covariances `s11` [d1, d1], `s22` [d2, d2] and `s12` [d1, d2]:
 * the sum of the singular values of `T = s11^-1/2 s12 s22^-1/2`. Andrew et al. 2013, equation 10; the gradient is that
 * of equations 11 to 13.
 *
 * No engine has an eigendecomposition, but all multiply matrices. Two Newton-Schulz iterations (Higham 2008, chapters 6
 * and 8) give what the value and the gradient need: the inverse square roots, and the orthogonal factor `U V'` of T.
 *
 * @returns float32 scalar; the caller disposes it.
 */
export function totalCorrelation(s11: tf.Tensor2D, s22: tf.Tensor2D, s12: tf.Tensor2D): tf.Scalar {
  return customOp<tf.Scalar>(
    { s11, s22, s12 },
    (save) => {
      const root1 = inverseSquareRoot(s11);
      const root2 = inverseSquareRoot(s22);
      const t: tf.Tensor2D = tf.matMul(tf.matMul(root1, s12), root2); // [d1, d2]
      const factor = orthogonalFactor(t);
      save([root1, root2, t, factor]);
      return tf.sum(tf.mul(t, factor));
    },
    (dy, saved) => {
      const [root1, root2, t, factor] = saved as [tf.Tensor2D, tf.Tensor2D, tf.Tensor2D, tf.Tensor2D];
      const between = (left: tf.Tensor2D, middle: tf.Tensor2D, right: tf.Tensor2D) =>
        tf.matMul(tf.matMul(left, middle), right);
      return {
        s11: () => tf.mul(between(root1, tf.matMul(factor, t, false, true), root1), tf.mul(dy, -0.5)),
        s22: () => tf.mul(between(root2, tf.matMul(factor, t, true), root2), tf.mul(dy, -0.5)),
        s12: () => tf.mul(between(root1, factor, root2), dy),
      };
    },
  );
}

/** `a^-1/2` of a symmetric matrix with eigenvalues above 0. */
function inverseSquareRoot(a: tf.Tensor2D): tf.Tensor2D {
  const norm = tf.norm(a); // at least the largest eigenvalue
  const identity = tf.eye(a.shape[0]);
  let y = tf.div<tf.Tensor2D>(a, norm); // to the square root
  let z: tf.Tensor2D = identity; // to its inverse
  for (let step = 0; step < STEPS; step++) {
    const next = tf.mul<tf.Tensor2D>(tf.sub(tf.mul(identity, 3), tf.matMul(z, y)), 0.5);
    y = tf.matMul(y, next);
    z = tf.matMul(next, z);
  }
  return tf.div(z, tf.sqrt(norm));
}

/** `U V'` of the singular value decomposition `t = U D V'` with values up to 1; what is 0 in D stays 0. */
function orthogonalFactor(t: tf.Tensor2D): tf.Tensor2D {
  let x = t;
  for (let step = 0; step < STEPS; step++) {
    const cube = tf.matMul(x, tf.matMul(x, x, true));
    x = tf.sub(tf.mul(x, 1.5), tf.mul(cube, 0.5));
  }
  return x;
}
