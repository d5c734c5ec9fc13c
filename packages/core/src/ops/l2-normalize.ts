import * as tf from '@tensorflow/tfjs-core';
import { customOp } from './custom-op';
import { hasFusedKernel, runFusedKernel } from './fused-kernels';

/**
 * `x / max(|x|, epsilon)` along an axis, with the Euclidean norm: PyTorch's `F.normalize`.
 *
 * @param x float32, any shape
 * @param axis Default the last.
 * @returns float32, the shape of `x`; the caller disposes it.
 * @example
 * l2Normalize(tf.tensor2d([[3, 4]])); // [[0.6, 0.8]]
 */
export function l2Normalize<T extends tf.Tensor>(x: T, axis = -1, epsilon = 1e-12): T {
  const isLast = axis === -1 || axis === x.rank - 1;
  if (isLast && hasFusedKernel('FusedL2Normalize')) return fused(x, epsilon) as T;
  return customOp<tf.Tensor>(
    { x },
    (save) => {
      const norm = tf.maximum(tf.sqrt(tf.sum(tf.square(x), axis, true)), epsilon);
      const y = tf.div(x, norm);
      save([y, norm]);
      return y;
    },
    (dy, saved) => {
      const [y, norm] = saved as [tf.Tensor, tf.Tensor];
      return {
        x() {
          // Where the norm was below epsilon it is a constant, and nothing flows through it.
          const flows = tf.cast(tf.greater(norm, epsilon), 'float32');
          const along = tf.mul(tf.sum(tf.mul(dy, y), axis, true), flows);
          return tf.div(tf.sub(dy, tf.mul(y, along)), norm);
        },
      };
    },
  ) as T;
}

function fused(x: tf.Tensor, epsilon: number): tf.Tensor {
  return customOp(
    { x },
    (save) => {
      const [y, norm] = runFusedKernel('FusedL2Normalize', { x }, { epsilon });
      save([y!, norm!]);
      return y!;
    },
    (dy, [y, norm]) => ({
      x: () => runFusedKernel('FusedL2NormalizeGrad', { dy, y, norm }, { epsilon })[0]!,
    }),
  );
}
