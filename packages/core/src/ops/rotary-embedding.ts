import * as tf from '@tensorflow/tfjs-core';
import { assertShape } from '../assert-shape';
import { ShapeError } from '../errors';
import { customOp } from './custom-op';

/** Cosines and sines of positions, for {@link rotaryEmbedding}. */
export interface RotaryTables {
  /** float32 [1 or batch, 1, length, headDim] */
  cos: tf.Tensor4D;
  /** float32 [1 or batch, 1, length, headDim], of which the first half has its sign changed. */
  sin: tf.Tensor4D;
}

/**
 * Angles of positions, `position * frequency`, as {@link rotaryEmbedding} takes them: all layers share these. On WebGPU
 * they are as precise as its sines, of which the standard asks for 2^-11.
 *
 * @param positionIds int32 [1 or batch, length]
 * @param frequencies headDim / 2 of them, in radians for each position: `theta^(-2i / headDim)` by the paper.
 * @returns Cosines and sines; the caller disposes them.
 * @throws ShapeError when `positionIds` is no matrix.
 */
export function rotaryTables(positionIds: tf.Tensor2D, frequencies: ArrayLike<number>): RotaryTables {
  assertShape(positionIds.shape, [null, null], 'rotaryTables: positionIds');
  const [batch, length] = positionIds.shape;
  const half = frequencies.length;
  return tf.tidy(() => {
    const positions = tf.reshape(tf.cast(positionIds, 'float32'), [batch, 1, length, 1]);
    const angles = tf.mul(positions, tf.tensor4d(Float32Array.from(frequencies), [1, 1, 1, half]));
    const [cos, sin] = [tf.cos(angles), tf.sin(angles)];
    return {
      cos: tf.concat([cos, cos], -1) as tf.Tensor4D,
      sin: tf.concat([tf.neg(sin), sin], -1) as tf.Tensor4D,
    };
  });
}

/**
 * Turns queries or keys by their positions, so that their products depend on distances alone: for each i below
 * headDim / 2, the pair (x_i, x_(i + headDim / 2)) by `position * frequency_i`. Su et al. 2021, equation 34, with the pairs
 * as Hugging Face's Llama has them: not neighbours, but half a vector apart.
 *
 * @param x float32 [batch, heads, length, headDim], headDim even
 * @param tables See {@link rotaryTables}.
 * @returns float32, the shape of `x`; the caller disposes it.
 * @throws ShapeError when the shapes do not fit.
 * @example
 * const tables = rotaryTables(tf.tensor2d([[0, 1]], [1, 2], 'int32'), [Math.PI / 2]);
 * rotaryEmbedding(tf.tensor4d([[[[1, 0], [1, 0]]]]), tables); // [1, 0] stays, and at position 1 becomes [0, 1]
 */
export function rotaryEmbedding(x: tf.Tensor4D, { cos, sin }: RotaryTables): tf.Tensor4D {
  assertShape(x.shape, [null, null, null, null], 'rotaryEmbedding: x');
  const [batch, , length, headDim] = x.shape;
  const positions = cos.shape[0] === 1 ? 1 : batch;
  if (headDim % 2 !== 0)
    throw new ShapeError(`rotaryEmbedding: x: expected an even headDim, received ${headDim}.`);
  assertShape(cos.shape, [positions, 1, length, headDim], 'rotaryEmbedding: cos');
  assertShape(sin.shape, cos.shape, 'rotaryEmbedding: sin');
  return customOp(
    { x },
    (save) => {
      save([cos, sin]);
      return tf.tidy(() => tf.add(tf.mul(x, cos), tf.mul(swapHalves(x), sin)));
    },
    (dy, saved) => {
      const [cos, sin] = saved as [tf.Tensor4D, tf.Tensor4D];
      return { x: () => tf.add(tf.mul(dy, cos), swapHalves(tf.mul(dy, sin))) };
    },
  );
}

/** The second half of each vector before the first. */
function swapHalves(x: tf.Tensor4D): tf.Tensor4D {
  const half = x.shape[3] / 2;
  const first = tf.slice(x, [0, 0, 0, 0], [-1, -1, -1, half]);
  const second = tf.slice(x, [0, 0, 0, half], [-1, -1, -1, half]);
  return tf.concat([second, first], 3);
}
