import { sizeOf, type WebgpuKernel } from '../../kernel';
import { multiplyInTiles } from '../matmul/matmul';
import { elementOf } from '../matmul/product';
import type { Views } from '../matmul/tiled';
import { convSizes } from './conv-sizes';
import { gather } from './gather';

const uniforms = {
  inHeight: 'u32',
  inWidth: 'u32',
  inChannels: 'u32',
  outHeight: 'u32',
  outWidth: 'u32',
  kernelWidth: 'u32',
  strideHeight: 'u32',
  strideWidth: 'u32',
  padTop: 'u32',
  padLeft: 'u32',
} as const;

/** x as the matrix [pixels of the result, places of the filter and channels]: what is under the filter. */
const views = (inChannels: number): Views => {
  const element = elementOf(inChannels);
  return {
    name: 'gradient of a filter',
    elements: { a: element },
    uniforms,
    // Places before the image wrap around to beyond it.
    loadA: gather(
      'A',
      element,
      `
  let channel = column % uniforms.inChannels;
  let tap = column / uniforms.inChannels;
  let image = row / uniforms.outWidth;
  let y = image % uniforms.outHeight * uniforms.strideHeight + tap / uniforms.kernelWidth - uniforms.padTop;
  let x = row % uniforms.outWidth * uniforms.strideWidth + tap % uniforms.kernelWidth - uniforms.padLeft;
  if (y >= uniforms.inHeight || x >= uniforms.inWidth) { return NOWHERE; }
  return ((image / uniforms.outHeight * uniforms.inHeight + y) * uniforms.inWidth + x) * uniforms.inChannels + channel;`,
    ),
  };
};

/**
 * The gradient of a filter as one product: the pixels under it, transposed, by dy. Its depth is all the pixels of the
 * batch, which workgroups share; where each thread took a value of the filter, few would be busy, for long.
 */
export const convFilterGradient: WebgpuKernel = {
  kernelName: 'Conv2DBackpropFilter',
  compute({ inputs: { x, dy }, attrs, backend }) {
    const filterShape = attrs['filterShape'] as number[];
    const sizes = convSizes(x!.shape, filterShape, attrs);
    if (!sizes || sizeOf(filterShape) === 0) return undefined;
    const { images, outHeight, outWidth, inChannels, outChannels, kernelHeight, kernelWidth } = sizes;
    const result = backend.makeTensorInfo(filterShape, 'float32');
    const product = {
      a: x!,
      b: dy!,
      transposeA: true,
      transposeB: false,
      rows: kernelHeight * kernelWidth * inChannels,
      columns: outChannels,
      depth: images * outHeight * outWidth,
      batch: { size: 1, inner: 1, a: [0, 0], b: [0, 0] },
      bias: undefined,
      activation: 'linear',
    } as const;
    multiplyInTiles(backend, product, result, { program: views(inChannels), uniforms: { ...sizes } });
    return result;
  },
};
