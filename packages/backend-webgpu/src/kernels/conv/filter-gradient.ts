import { sizeOf, type WebgpuKernel } from '../../kernel';
import { multiplyInTiles } from '../matmul/matmul';
import { ONE } from '../matmul/product';
import { convSizes } from './conv-sizes';
import { underFilter } from './under-filter';

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
      batch: ONE,
      bias: undefined,
      activation: 'linear',
    } as const;
    multiplyInTiles(backend, product, result, { program: underFilter(inChannels), uniforms: { ...sizes } });
    return result;
  },
};
