import * as tf from '@tensorflow/tfjs-core';
import { assertShape } from '../assert-shape';
import { customOp } from './custom-op';

export interface PoolOptions {
  kernelSize: number;
  /** Default `kernelSize`. */
  stride?: number | undefined;
  /** On each side. Default 0. */
  padding?: number | undefined;
}

const IMAGES = 'Images are [batch, height, width, channels].';

/**
 * The greatest value of each window; padding counts as minus infinity. Sides become
 * `floor((side + 2 padding - kernelSize) / stride) + 1`.
 *
 * @param x float32 [batch, height, width, channels]
 * @returns float32 [batch, height', width', channels]; the caller disposes it.
 * @example
 * const y = maxPool2d(tf.ones([1, 8, 8, 3]), { kernelSize: 3, stride: 2, padding: 1 }); // [1, 4, 4, 3]
 */
export function maxPool2d(
  x: tf.Tensor4D,
  { kernelSize, stride = kernelSize, padding = 0 }: PoolOptions,
): tf.Tensor4D {
  assertShape(x.shape, [null, null, null, null], 'maxPool2d: x', IMAGES);
  if (tf.getBackend() !== 'wasm') return tf.maxPool(x, kernelSize, stride, padding);
  // tfjs's wasm (4.22) gives no gradient to a window whose values are all negative.
  return customOp<tf.Tensor4D>(
    { x },
    (save) => {
      save([x]);
      return tf.maxPool(x, kernelSize, stride, padding);
    },
    (dy, [x]) => ({ x: () => maxPoolGradient(dy, x as tf.Tensor4D, kernelSize, stride, padding) }),
  );
}

/**
 * The mean of each window; padding counts as zeros, as PyTorch's default. Sides as {@link maxPool2d}.
 *
 * @param x float32 [batch, height, width, channels]
 * @returns float32 [batch, height', width', channels]; the caller disposes it.
 * @example
 * const y = averagePool2d(tf.ones([1, 8, 8, 3]), { kernelSize: 2 }); // [1, 4, 4, 3]
 */
export function averagePool2d(
  x: tf.Tensor4D,
  { kernelSize, stride = kernelSize, padding = 0 }: PoolOptions,
): tf.Tensor4D {
  assertShape(x.shape, [null, null, null, null], 'averagePool2d: x', IMAGES);
  const sides: [number, number] = [padding, padding];
  return tf.tidy(() => {
    const padded = padding === 0 ? x : tf.pad(x, [[0, 0], sides, sides, [0, 0]]);
    return tf.avgPool(padded, kernelSize, stride, 'valid');
  });
}

/**
 * The mean over all pixels.
 *
 * @param x float32 [batch, height, width, channels]
 * @returns float32 [batch, channels]; the caller disposes it.
 * @example
 * const y = globalAveragePool(tf.ones([2, 8, 8, 3])); // [2, 3]
 */
export function globalAveragePool(x: tf.Tensor4D): tf.Tensor2D {
  assertShape(x.shape, [null, null, null, null], 'globalAveragePool: x', IMAGES);
  const [batch, height, width, channels] = x.shape;
  return customOp<tf.Tensor2D>(
    { x },
    () => tf.mean(tf.reshape(x, [batch, height * width, channels]), 1),
    (dy) => ({
      x() {
        const share = tf.reshape(tf.div(dy, height * width), [batch, 1, 1, channels]);
        return tf.tile(share, [1, height, width, 1]);
      },
    }),
  );
}

/** Adds each gradient to the first of the greatest pixels of its window. */
function maxPoolGradient(
  dy: tf.Tensor4D,
  x: tf.Tensor4D,
  kernelSize: number,
  stride: number,
  padding: number,
): tf.Tensor4D {
  const [batch, height, width, channels] = x.shape;
  const [, rows, columns] = dy.shape;
  const [pixels, gradients] = [x.dataSync(), dy.dataSync()];
  const dx = new Float32Array(x.size);
  const first = (at: number) => Math.max(0, at * stride - padding);
  const end = (at: number, side: number) => Math.min(side, at * stride - padding + kernelSize);
  for (const [i, gradient] of gradients.entries()) {
    const channel = i % channels;
    const column = Math.floor(i / channels) % columns;
    const row = Math.floor(i / channels / columns) % rows;
    const image = Math.floor(i / channels / columns / rows) * height;
    let greatest = -1;
    for (let y = first(row); y < end(row, height); y++)
      for (let x = first(column); x < end(column, width); x++) {
        const at = ((image + y) * width + x) * channels + channel;
        if (greatest < 0 || pixels[at]! > pixels[greatest]!) greatest = at;
      }
    dx[greatest]! += gradient;
  }
  return tf.tensor4d(dx, [batch, height, width, channels]);
}
