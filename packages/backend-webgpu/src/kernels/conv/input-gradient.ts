import type { TensorInfo } from '@tensorflow/tfjs-core';
import { type KernelCall, sizeOf, type WebgpuKernel } from '../../kernel';
import { multiplyInTiles } from '../matmul/matmul';
import { elementOf, ONE } from '../matmul/product';
import type { Views } from '../matmul/tiled';
import { type ConvSizes, convSizes } from './conv-sizes';
import { gather } from './gather';

const uniforms = {
  inHeight: 'u32',
  inWidth: 'u32',
  inChannels: 'u32',
  outHeight: 'u32',
  outWidth: 'u32',
  outChannels: 'u32',
  kernelWidth: 'u32',
  strideHeight: 'u32',
  strideWidth: 'u32',
  phaseHeight: 'u32', // pixels of the phase
  phaseWidth: 'u32',
  top: 'u32', // the first of them
  left: 'u32',
  tapTop: 'u32', // the first place of the filter that reaches them
  tapLeft: 'u32',
  tapsWide: 'u32', // how many do, side by side
  shiftTop: 'u32', // which pixel of dy the first sees through the first
  shiftLeft: 'u32',
} as const;

/**
 * dy as the matrix [pixels of the phase, places of the filter and channels], the filter as one of as many columns:
 * [channels of x, places and channels of dy]. Pixels of x that are `stride` apart see dy through the same places.
 */
const views = (columns: number, outChannels: number, strided: boolean, bias: boolean): Views => {
  const element = elementOf(outChannels);
  const written = elementOf(columns);
  return {
    name: `gradient of an image${strided ? ', by phases' : ''}`,
    elements: { a: element, b: element },
    uniforms,
    loadA: gather('A', element, {
      row: `
  let image = row / uniforms.phaseWidth;
  return vec3<u32>(
    image / uniforms.phaseHeight * uniforms.outHeight * uniforms.outWidth * uniforms.outChannels,
    image % uniforms.phaseHeight + uniforms.shiftTop,
    row % uniforms.phaseWidth + uniforms.shiftLeft);`,
      // Places before the image wrap around to beyond it.
      column: `
  let tap = column / uniforms.outChannels;
  return vec3<u32>(column % uniforms.outChannels, 0 - tap / uniforms.tapsWide, 0 - tap % uniforms.tapsWide);`,
      height: 'outHeight',
      width: 'outWidth',
      channels: 'outChannels',
    }),
    loadB: gather('B', element, {
      row: `
  return vec3<u32>(row * uniforms.outChannels, 0, 0);`,
      column: `
  let tap = column / uniforms.outChannels;
  let y = uniforms.tapTop + tap / uniforms.tapsWide * uniforms.strideHeight;
  let x = uniforms.tapLeft + tap % uniforms.tapsWide * uniforms.strideWidth;
  return vec3<u32>((y * uniforms.kernelWidth + x) * uniforms.inChannels * uniforms.outChannels
    + column % uniforms.outChannels, 0, 0);`,
      height: 'outHeight',
      width: 'outWidth',
      channels: 'outChannels',
    }),
    ...(strided && {
      finish: `
fn finish(to: u32, row: u32, column: u32, sum: vec4<f32>) {
  if (row >= uniforms.rows || column >= uniforms.columns) { return; }
  let image = row / uniforms.phaseWidth;
  let y = image % uniforms.phaseHeight * uniforms.strideHeight + uniforms.top;
  let x = row % uniforms.phaseWidth * uniforms.strideWidth + uniforms.left;
  let pixel = (image / uniforms.phaseHeight * uniforms.inHeight + y) * uniforms.inWidth + x;
  ${
    written === 'f32'
      ? `for (var i = 0u; i < min(4u, uniforms.columns - column); i++) {
    c[pixel * uniforms.columns + column + i] = sum[i]${bias ? ' + bias[column + i]' : ''};
  }`
      : `c[(pixel * uniforms.columns + column) / 4] = sum${bias ? ' + bias[column / 4]' : ''};`
  }
}`,
    }),
  };
};

/** What an axis of a phase has. */
function phaseOf(first: number, size: number, kernel: number, stride: number, pad: number) {
  const tap = (first + pad) % stride;
  return {
    size: Math.ceil((size - first) / stride),
    tap,
    taps: Math.max(0, Math.ceil((kernel - tap) / stride)),
    shift: Math.floor((first + pad) / stride),
  };
}

/**
 * The gradient of an image, or a transposed convolution, as a product for each phase of the stride: pixels that are
 * `stride` apart, by those places of the filter that reach them. One product for all would mostly multiply zeros.
 */
function imageGradient(
  { backend }: KernelCall,
  [dy, filter, bias]: readonly [TensorInfo, TensorInfo, TensorInfo?],
  sizes: ConvSizes,
): TensorInfo {
  const { images, inHeight, inWidth, inChannels, outChannels, kernelHeight, kernelWidth } = sizes;
  const { strideHeight, strideWidth, padTop, padLeft } = sizes;
  const result = backend.makeTensorInfo([images, inHeight, inWidth, inChannels], 'float32');
  const strided = strideHeight > 1 || strideWidth > 1;
  const program = views(inChannels, outChannels, strided, bias !== undefined);
  for (let top = 0; top < Math.min(strideHeight, inHeight); top++) {
    const rows = phaseOf(top, inHeight, kernelHeight, strideHeight, padTop);
    for (let left = 0; left < Math.min(strideWidth, inWidth); left++) {
      const columns = phaseOf(left, inWidth, kernelWidth, strideWidth, padLeft);
      const product = {
        a: dy,
        b: filter,
        transposeA: false,
        transposeB: true,
        rows: images * rows.size * columns.size,
        columns: inChannels,
        depth: rows.taps * columns.taps * outChannels,
        batch: ONE,
        bias,
        activation: 'linear',
      } as const;
      multiplyInTiles(backend, product, result, {
        program,
        uniforms: {
          ...sizes,
          phaseHeight: rows.size,
          phaseWidth: columns.size,
          top,
          left,
          tapTop: rows.tap,
          tapLeft: columns.tap,
          tapsWide: Math.max(1, columns.taps),
          shiftTop: rows.shift,
          shiftLeft: columns.shift,
        },
      });
    }
  }
  return result;
}

export const convInputGradient: WebgpuKernel = {
  kernelName: 'Conv2DBackpropInput',
  compute(call) {
    const { dy, filter } = call.inputs as Record<'dy' | 'filter', TensorInfo>;
    const inputShape = call.attrs['inputShape'] as number[];
    const sizes = convSizes(inputShape, filter.shape, call.attrs);
    if (!sizes || sizeOf(filter.shape) === 0) return undefined;
    return imageGradient(call, [dy, filter], sizes);
  },
};

export const convTranspose: WebgpuKernel = {
  kernelName: 'FusedConvTranspose2D',
  compute(call) {
    const { x, filter, bias } = call.inputs as Record<'x' | 'filter' | 'bias', TensorInfo>;
    const inputShape = call.attrs['inputShape'] as number[];
    const sizes = convSizes(inputShape, filter.shape, call.attrs);
    if (!sizes || sizeOf(filter.shape) === 0) return call.backend.makeTensorInfo(inputShape, 'float32');
    return imageGradient(call, [x, filter, bias], sizes);
  },
};
