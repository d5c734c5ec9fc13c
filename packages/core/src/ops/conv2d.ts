import * as tf from '@tensorflow/tfjs-core';
import { assertShape } from '../assert-shape';
import { ShapeError } from '../errors';
import { customOp } from './custom-op';
import { linear } from './linear';

/** Zeros around an image: so many on each side, or above and left, and below and right. */
export type Padding = number | readonly [before: number, after: number];

export interface Conv2dOptions {
  /** Default 1. */
  stride?: number | undefined;
  /** Default 0. */
  padding?: Padding | undefined;
}

/**
 * 2-D convolution (cross-correlation) with PyTorch's padding: sides become
 * `floor((side + 2 padding - kernel) / stride) + 1`.
 *
 * @param x float32 [batch, height, width, in]
 * @param filter float32 [kernelHeight, kernelWidth, in, out]
 * @param bias float32 [out]
 * @returns float32 [batch, height', width', out]; the caller disposes it.
 * @throws ShapeError when the shapes do not fit, or the image is smaller than the kernel.
 * @example
 * const y = conv2d(tf.ones([1, 5, 5, 3]), tf.ones([3, 3, 3, 8]), undefined, { stride: 2, padding: 1 }); // [1, 3, 3, 8]
 */
export function conv2d(
  x: tf.Tensor4D,
  filter: tf.Tensor4D,
  bias?: tf.Tensor,
  { stride = 1, padding = 0 }: Conv2dOptions = {},
): tf.Tensor4D {
  assertShape(x.shape, [null, null, null, null], 'conv2d: x', 'Images are [batch, height, width, channels].');
  const [kernelHeight, kernelWidth] = filter.shape;
  assertShape(filter.shape, [null, null, x.shape[3], null], 'conv2d: filter');
  const [inSize, outSize] = [filter.shape[2], filter.shape[3]];
  if (bias) assertShape(bias.shape, [outSize], 'conv2d: bias');
  assertKernelFits(x, filter, padding, 'conv2d');
  if (kernelHeight === 1 && kernelWidth === 1 && stride === 1 && sidesOf(padding).every((n) => n === 0)) {
    return tf.tidy(() => linear(x, tf.reshape(filter, [inSize, outSize]), bias) as tf.Tensor4D);
  }
  const attrs = convAttributes(stride, padding);
  return customOp<tf.Tensor4D>(
    { x, filter, bias },
    (save) => {
      save([x, filter]);
      return bias
        ? tf.engine().runKernel('FusedConv2D', { x, filter, bias }, { ...attrs, activation: 'linear' })
        : tf.engine().runKernel('Conv2D', { x, filter }, attrs);
    },
    (dy, saved) => {
      const [x, filter] = saved as [tf.Tensor4D, tf.Tensor4D];
      return {
        x: () => convInputGradient(dy, filter, x.shape, stride, padding),
        filter: () => convFilterGradient(x, dy, filter.shape, stride, padding),
        bias: () => tf.sum(tf.reshape(dy, [-1, outSize]), 0),
      };
    },
  );
}

/** Zeros before and after the pixels of each axis. */
export function sidesOf(padding: Padding): [before: number, after: number] {
  return typeof padding === 'number' ? [padding, padding] : [...padding];
}

/** @throws ShapeError when the image, padded, is smaller than the kernel. */
export function assertKernelFits(x: tf.Tensor4D, filter: tf.Tensor4D, padding: Padding, who: string): void {
  const [, height, width] = x.shape;
  const [kernelHeight, kernelWidth] = filter.shape;
  const [before, after] = sidesOf(padding);
  if (height + before + after >= kernelHeight && width + before + after >= kernelWidth) return;
  throw new ShapeError(
    `${who}: x: ${height} x ${width} pixels with padding ${padding} are less than the kernel, ` +
      `${kernelHeight} x ${kernelWidth}.`,
  );
}

/** What a convolution's kernels of every backend are told. */
export function convAttributes(stride: number, padding: Padding) {
  const sides = sidesOf(padding);
  return {
    strides: [stride, stride],
    pad: [[0, 0], sides, sides, [0, 0]],
    dataFormat: 'NHWC',
    dilations: [1, 1],
  };
}

/** Gradient of a convolution's input: [batch, height, width, in]; a transposed convolution's result. */
export function convInputGradient(
  dy: tf.Tensor4D,
  filter: tf.Tensor4D,
  inputShape: number[],
  stride: number,
  padding: Padding,
): tf.Tensor4D {
  const attrs = { ...convAttributes(stride, padding), inputShape };
  return tf.engine().runKernel('Conv2DBackpropInput', { dy, filter }, attrs);
}

/** Gradient of a convolution's filter: [kernelHeight, kernelWidth, in, out]. */
export function convFilterGradient(
  x: tf.Tensor4D,
  dy: tf.Tensor4D,
  filterShape: [number, number, number, number],
  stride: number,
  padding: Padding,
): tf.Tensor4D {
  if (tf.getKernel('Conv2DBackpropFilter', tf.getBackend())) {
    const attrs = { ...convAttributes(stride, padding), filterShape };
    return tf.engine().runKernel('Conv2DBackpropFilter', { x, dy }, attrs);
  }
  // tfjs's wasm has no such kernel: one product of matrices for each place in the filter.
  const [, , inSize, outSize] = filterShape;
  const flat = tf.reshape(dy, [-1, outSize]);
  const places = pixelsUnderTaps(
    x,
    dy,
    filterShape,
    stride,
    padding,
    (seen) => tf.matMul(tf.reshape(seen, [-1, inSize]), flat, true, false), // [in, out]
  );
  return tf.reshape(tf.stack(places), filterShape);
}

/** What `f` makes of the pixels under each place of the filter, [batch, height, width, in] of the result's size. */
export function pixelsUnderTaps(
  x: tf.Tensor4D,
  dy: tf.Tensor4D,
  [kernelHeight, kernelWidth, channels]: [number, number, number, number],
  stride: number,
  padding: Padding,
  f: (seen: tf.Tensor) => tf.Tensor,
): tf.Tensor[] {
  const [batch, height, width] = dy.shape;
  const sides = sidesOf(padding);
  const padded = tf.pad(x, [[0, 0], sides, sides, [0, 0]]);
  const places: tf.Tensor[] = [];
  for (let row = 0; row < kernelHeight; row++) {
    for (let column = 0; column < kernelWidth; column++) {
      const end = [batch, row + (height - 1) * stride + 1, column + (width - 1) * stride + 1, channels];
      places.push(f(tf.stridedSlice(padded, [0, row, column, 0], end, [1, stride, stride, 1])));
    }
  }
  return places;
}
