import type { TensorInfo } from '@tensorflow/tfjs-core';
import { type KernelCall, sizeOf, type WebgpuKernel } from '../../kernel';
import { multiply, multiplyInTiles } from '../matmul/matmul';
import { type Activation, ONE, simplified } from '../matmul/product';
import { type ConvSizes, convSizes } from './conv-sizes';
import { underFilter } from './under-filter';

/** Whether what is under the filter lies in memory as it is: pixel by pixel, or a whole image. */
function isPlain(sizes: ConvSizes): boolean {
  const { inHeight, inWidth, outHeight, outWidth, kernelHeight, kernelWidth, padTop, padLeft } = sizes;
  const pixels = kernelHeight * kernelWidth === 1 && outHeight === inHeight && outWidth === inWidth;
  const whole = kernelHeight === inHeight && kernelWidth === inWidth && outHeight * outWidth === 1;
  return (
    padTop === 0 && padLeft === 0 && (pixels || (whole && sizes.dilationHeight * sizes.dilationWidth === 1))
  );
}

/**
 * A convolution as one product: the pixels under the filter by the filter. The matrix of those, which repeats each
 * pixel for each place of the filter, is never in memory.
 */
function compute({ inputs, attrs, backend }: KernelCall): TensorInfo | undefined {
  const { x, filter, bias, preluActivationWeights } = inputs;
  const activation = (attrs['activation'] as string | undefined) ?? 'linear';
  const isKnown = activation === 'linear' || activation === 'relu';
  if (x!.dtype !== 'float32' || filter!.dtype !== 'float32' || preluActivationWeights || !isKnown) return;
  const sizes = convSizes(x!.shape, filter!.shape, attrs);
  if (!sizes || sizeOf(filter!.shape) === 0) return;
  const { images, outHeight, outWidth, inChannels, outChannels, kernelHeight, kernelWidth } = sizes;
  if (bias && sizeOf(bias.shape) !== outChannels) return;
  const result = backend.makeTensorInfo([images, outHeight, outWidth, outChannels], 'float32');
  const product = {
    a: x!,
    b: filter!,
    transposeA: false,
    transposeB: false,
    rows: images * outHeight * outWidth,
    columns: outChannels,
    depth: kernelHeight * kernelWidth * inChannels,
    batch: ONE,
    bias,
    activation: activation as Activation,
  };
  if (isPlain(sizes)) multiply(backend, simplified(product), result);
  else
    multiplyInTiles(backend, product, result, { program: underFilter(inChannels), uniforms: { ...sizes } });
  return result;
}

export const convolutions: WebgpuKernel[] = [
  { kernelName: 'Conv2D', compute },
  { kernelName: 'FusedConv2D', compute },
];
