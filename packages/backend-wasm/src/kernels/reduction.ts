import { backend_util, type NamedAttrMap, type TensorInfo, util } from '@tensorflow/tfjs-core';
import type { DType, Heap } from '../heap';
import { sizeOf, type WasmKernel } from '../kernel';
import { f32x4 } from '../simd/assembler';
import { RowFunction } from '../simd/rows';

/** Of no elements, which tfjs's kernels leave unset. */
const results: Record<string, number> = { Sum: 0, Mean: Number.NaN, Prod: 1 };

export const reductions: WasmKernel[] = Object.entries(results).map(([kernelName, result]) => ({
  kernelName,
  compute({ inputs, attrs, heap }) {
    const x = inputs['x']!;
    if (sizeOf(x.shape) > 0) return kernelName === 'Sum' ? sumOfRows(heap, x, attrs) : undefined;
    const { shape } = reduced(x, attrs);
    const y = heap.allocate(shape, (kernelName === 'Mean' ? 'float32' : x.dtype) as DType);
    heap.values(y).fill(result);
    return y;
  },
}));

function reduced(x: TensorInfo, attrs: NamedAttrMap): { axes: number[]; shape: number[] } {
  const axes = util.parseAxisParam(attrs['axis'] as number[], x.shape);
  const [kept] = backend_util.computeOutAndReduceShapes(x.shape, axes);
  return { axes, shape: attrs['keepDims'] ? backend_util.expandShapeToKeepDim(kept, axes) : kept };
}

/** A sum over the first axes, a bias's gradient most often: tfjs's transposes before it adds. */
function sumOfRows(heap: Heap, x: TensorInfo, attrs: NamedAttrMap): TensorInfo | undefined {
  const { axes, shape } = reduced(x, attrs);
  const width = sizeOf(shape);
  if (x.dtype !== 'float32' || width === 1 || !axes.every((axis, i) => axis === i)) return undefined;
  const y = heap.allocate(shape);
  heap.floats(y).fill(0);
  const { run } = heap.module('sum of rows', () => [addRows()]);
  run!(heap.address(x), heap.address(y), sizeOf(x.shape) / width, width);
  return y;
}

const addRows = () =>
  new RowFunction('run', { arrays: ['x'], vectors: ['y'] }, (row) =>
    row.each((at, valid, store) => store('y', f32x4.add(at('y'), valid(at('x'))))),
  ).f;
