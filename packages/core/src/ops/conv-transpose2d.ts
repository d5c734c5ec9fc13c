import * as tf from '@tensorflow/tfjs-core';
import { assertShape } from '../assert-shape';
import { ConfigError } from '../errors';
import { conv2d, convAttributes, convFilterGradient, convInputGradient } from './conv2d';
import { customOp } from './custom-op';
import { hasFusedKernel, runFusedKernel } from './fused-kernels';

export interface ConvTranspose2dOptions {
  /** Default 1. */
  stride?: number | undefined;
  /** Rows and columns cut off on each side. Default 0. */
  padding?: number | undefined;
  /** Rows and columns added at the end, fewer than `stride`: says which of several sizes is meant. Default 0. */
  outputPadding?: number | undefined;
}

/**
 * Transposed 2-D convolution, the gradient of {@link conv2d} as an operation: sides become
 * `(side - 1) stride - 2 padding + kernel + outputPadding`, as PyTorch's.
 *
 * @param x float32 [batch, height, width, in]
 * @param filter float32 [kernelHeight, kernelWidth, out, in]
 * @param bias float32 [out]
 * @returns float32 [batch, height', width', out]; the caller disposes it.
 * @throws ShapeError when the shapes do not fit; ConfigError when `outputPadding` is not below `stride`.
 * @example
 * const y = convTranspose2d(tf.ones([1, 4, 4, 3]), tf.ones([4, 4, 8, 3]), undefined, { stride: 2, padding: 1 }); // [1, 8, 8, 8]
 */
export function convTranspose2d(
  x: tf.Tensor4D,
  filter: tf.Tensor4D,
  bias?: tf.Tensor,
  { stride = 1, padding = 0, outputPadding = 0 }: ConvTranspose2dOptions = {},
): tf.Tensor4D {
  const hint = 'Images are [batch, height, width, channels].';
  assertShape(x.shape, [null, null, null, null], 'convTranspose2d: x', hint);
  const [batch, height, width, inSize] = x.shape;
  assertShape(filter.shape, [null, null, null, inSize], 'convTranspose2d: filter');
  const [kernelHeight, kernelWidth, outSize] = filter.shape;
  if (bias) assertShape(bias.shape, [outSize], 'convTranspose2d: bias');
  if (outputPadding >= stride && outputPadding > 0) {
    throw new ConfigError(
      `convTranspose2d: outputPadding: expected less than stride (${stride}), received ${outputPadding}.`,
    );
  }
  const grow = (side: number, kernel: number) => (side - 1) * stride - 2 * padding + kernel + outputPadding;
  const shape = [batch, grow(height, kernelHeight), grow(width, kernelWidth), outSize];
  return customOp<tf.Tensor4D>(
    { x, filter, bias },
    (save) => {
      save([x, filter]);
      if (bias && hasFusedKernel('FusedConvTranspose2D')) {
        const attrs = { ...convAttributes(stride, padding), inputShape: shape };
        return runFusedKernel('FusedConvTranspose2D', { x, filter, bias }, attrs)[0] as tf.Tensor4D;
      }
      const y = convInputGradient(x, filter, shape, stride, padding);
      return bias ? tf.add(y, bias) : y;
    },
    (dy, saved) => {
      const [x, filter] = saved as [tf.Tensor4D, tf.Tensor4D];
      return {
        x: () => conv2d(dy, filter, undefined, { stride, padding }),
        filter: () => convFilterGradient(dy, x, filter.shape, stride, padding),
        bias: () => tf.sum(tf.reshape(dy, [-1, outSize]), 0),
      };
    },
  );
}
