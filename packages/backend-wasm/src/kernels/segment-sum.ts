import type { TensorInfo } from '@tensorflow/tfjs-core';
import type { Heap } from '../heap';
import { sizeOf, type WasmKernel } from '../kernel';

const unsortedSegmentSum: WasmKernel = {
  kernelName: 'UnsortedSegmentSum',
  compute({ inputs, attrs, heap }) {
    const [x, ids] = [inputs['x']!, inputs['segmentIds']!];
    return sumRows(heap, x, ids, attrs['numSegments'] as number);
  },
};

/** Core's gradient of an embedding. */
const embeddingGradient: WasmKernel = {
  kernelName: 'EmbeddingGrad',
  compute({ inputs, attrs, heap }) {
    const { numEmbeddings, paddingIndex } = attrs as Record<'numEmbeddings' | 'paddingIndex', number>;
    return sumRows(heap, inputs['dy']!, inputs['ids']!, numEmbeddings, paddingIndex);
  },
};

/** Adds each row of x to the row of its id; ids outside the table, and `skip`, count for nothing. */
function sumRows(heap: Heap, x: TensorInfo, ids: TensorInfo, count: number, skip = -1): TensorInfo {
  const rows = sizeOf(ids.shape);
  const rowShape = x.shape.slice(ids.shape.length);
  const width = sizeOf(rowShape);
  const output = heap.allocate([count, ...rowShape]);
  const [to, from, id] = [heap.floats(output).fill(0), heap.values(x), heap.values(ids)];
  for (let row = 0; row < rows; row++) {
    const target = id[row]!;
    if (target < 0 || target >= count || target === skip) continue;
    for (let i = 0; i < width; i++) to[target * width + i]! += from[row * width + i]!;
  }
  return output;
}

export const segments = [unsortedSegmentSum, embeddingGradient];
