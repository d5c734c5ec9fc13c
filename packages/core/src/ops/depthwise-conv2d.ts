import * as tf from '@tensorflow/tfjs-core';
import { assertShape } from '../assert-shape';
import {
  assertKernelFits,
  type Conv2dOptions,
  convAttributes,
  type Padding,
  pixelsUnderTaps,
  sidesOf,
} from './conv2d';
import { customOp } from './custom-op';

/**
 * Depthwise 2-D convolution: each channel with a filter of its own, as PyTorch's with as many groups as channels.
 * Sides become `floor((side + 2 padding - kernel) / stride) + 1`. Howard et al. 2017 (MobileNets), section 3.1.
 *
 * @param x float32 [batch, height, width, channels]
 * @param filter float32 [kernelHeight, kernelWidth, channels, 1]
 * @param bias float32 [channels]
 * @returns float32 [batch, height', width', channels]; the caller disposes it.
 * @throws ShapeError when the shapes do not fit, or the image is smaller than the kernel.
 * @example
 * const y = depthwiseConv2d(tf.ones([1, 5, 5, 8]), tf.ones([3, 3, 8, 1]), undefined, { padding: 1 }); // [1, 5, 5, 8]
 */
export function depthwiseConv2d(
  x: tf.Tensor4D,
  filter: tf.Tensor4D,
  bias?: tf.Tensor,
  { stride = 1, padding = 0 }: Conv2dOptions = {},
): tf.Tensor4D {
  const hint = 'Images are [batch, height, width, channels].';
  assertShape(x.shape, [null, null, null, null], 'depthwiseConv2d: x', hint);
  const channels = x.shape[3];
  assertShape(filter.shape, [null, null, channels, 1], 'depthwiseConv2d: filter');
  if (bias) assertShape(bias.shape, [channels], 'depthwiseConv2d: bias');
  assertKernelFits(x, filter, padding, 'depthwiseConv2d');
  return tf.tidy(() => {
    const y = customOp<tf.Tensor4D>(
      { x, filter },
      (save) => {
        save([x, filter]);
        return tf
          .engine()
          .runKernel('DepthwiseConv2dNative', { x, filter }, convAttributes(stride, padding)) as tf.Tensor4D;
      },
      (dy, saved) => {
        const [x, filter] = saved as [tf.Tensor4D, tf.Tensor4D];
        return {
          x: () => depthwiseInputGradient(dy, filter, x.shape, stride, padding),
          filter: () => depthwiseFilterGradient(x, dy, filter.shape, stride, padding),
        };
      },
    );
    return bias ? tf.add(y, bias) : y;
  });
}

/** Gradient of a depthwise convolution's input: [batch, height, width, channels]. */
export function depthwiseInputGradient(
  dy: tf.Tensor4D,
  filter: tf.Tensor4D,
  inputShape: [number, number, number, number],
  stride: number,
  padding: Padding,
): tf.Tensor4D {
  if (tf.getKernel('DepthwiseConv2dNativeBackpropInput', tf.getBackend())) {
    const attrs = { ...convAttributes(stride, padding), inputShape };
    return tf.engine().runKernel('DepthwiseConv2dNativeBackpropInput', { dy, filter }, attrs);
  }
  // tfjs's wasm has no such kernel: `dy`, with the pixels that the stride left out as zeros, under the turned filter.
  const [batch, height, width, channels] = dy.shape;
  const between: [number, number] = [0, stride - 1];
  const columns = tf.pad(tf.reshape(dy, [batch * height, width, 1, channels]), [
    [0, 0],
    [0, 0],
    between,
    [0, 0],
  ]);
  const rows = tf.pad(tf.reshape(columns, [batch * height, 1, width * stride, channels]), [
    [0, 0],
    between,
    [0, 0],
    [0, 0],
  ]);
  const spread = tf.reshape(rows, [batch, height * stride, width * stride, channels]);
  const [kernelHeight, kernelWidth] = filter.shape;
  const [before] = sidesOf(padding);
  // What is wanted begins `before` pixels in, and may reach beyond the last window.
  const around = (side: number, spreadSide: number, kernel: number): [number, number] => [
    kernel - 1,
    Math.max(0, before + side - spreadSide),
  ];
  const padded = tf.pad(spread, [
    [0, 0],
    around(inputShape[1], height * stride, kernelHeight),
    around(inputShape[2], width * stride, kernelWidth),
    [0, 0],
  ]);
  const whole = tf
    .engine()
    .runKernel(
      'DepthwiseConv2dNative',
      { x: padded, filter: tf.reverse(filter, [0, 1]) },
      convAttributes(1, 0),
    ) as tf.Tensor4D;
  return tf.slice(whole, [0, before, before, 0], inputShape);
}

/** Gradient of a depthwise convolution's filter: [kernelHeight, kernelWidth, channels, 1]. */
export function depthwiseFilterGradient(
  x: tf.Tensor4D,
  dy: tf.Tensor4D,
  filterShape: [number, number, number, number],
  stride: number,
  padding: Padding,
): tf.Tensor4D {
  if (tf.getKernel('DepthwiseConv2dNativeBackpropFilter', tf.getBackend())) {
    const attrs = { ...convAttributes(stride, padding), filterShape };
    return tf.engine().runKernel('DepthwiseConv2dNativeBackpropFilter', { x, dy }, attrs);
  }
  // Nor this one.
  const places = pixelsUnderTaps(
    x,
    dy,
    filterShape,
    stride,
    padding,
    (seen) => tf.sum(tf.mul(seen, dy), [0, 1, 2]), // [channels]
  );
  return tf.reshape(tf.stack(places), filterShape);
}
