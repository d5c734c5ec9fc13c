import { backend_util, util } from '@tensorflow/tfjs-core';
import type { DType } from '../heap';
import { sizeOf, type WasmKernel } from '../kernel';

/** Of no elements: what tfjs's kernels leave unset. */
const results: Record<string, number> = { Sum: 0, Mean: Number.NaN, Prod: 1 };

export const emptyReductions: WasmKernel[] = Object.entries(results).map(([kernelName, result]) => ({
  kernelName,
  compute({ inputs, attrs, heap }) {
    const x = inputs['x']!;
    if (sizeOf(x.shape) > 0) return undefined;
    const axes = util.parseAxisParam(attrs['axis'] as number[], x.shape);
    const [kept] = backend_util.computeOutAndReduceShapes(x.shape, axes);
    const shape = attrs['keepDims'] ? backend_util.expandShapeToKeepDim(kept, axes) : kept;
    const y = heap.allocate(shape, (kernelName === 'Mean' ? 'float32' : x.dtype) as DType);
    heap.values(y).fill(result);
    return y;
  },
}));
