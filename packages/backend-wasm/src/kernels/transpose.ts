import type { TensorInfo } from '@tensorflow/tfjs-core';
import { sizeOf, type WasmKernel } from '../kernel';
import { stridedCopy } from '../simd/strided-copy';

/** tfjs's kernel is fast up to rank 4. Axes that stay neighbours are one; what has more then is copied here. */
const transpose: WasmKernel = {
  kernelName: 'Transpose',
  compute({ inputs, attrs, heap }) {
    const x = inputs['x']!;
    const perm = attrs['perm'] as number[];
    const merged = mergeAxes(x.shape, perm);
    if (x.shape.length <= 4 || x.dtype === 'bool' || sizeOf(x.shape) === 0) return undefined;
    const outShape = perm.map((axis) => x.shape[axis]!);
    if (merged.shape.length <= 4) {
      const y = heap.run('Transpose', { x: { ...x, shape: merged.shape } }, { perm: merged.perm });
      return { ...y, shape: outShape };
    }
    const y: TensorInfo = heap.allocate(outShape, x.dtype as 'float32' | 'int32');
    stridedCopy(heap, heap.address(x), heap.address(y), merged.shape, merged.perm);
    return y;
  },
};

/** The same transposition with axes of size 1 left out, and those merged that follow one another in both orders. */
export function mergeAxes(
  shape: readonly number[],
  perm: readonly number[],
): { shape: number[]; perm: number[] } {
  const groups: number[][] = [];
  for (const axis of perm.filter((axis) => shape[axis] !== 1)) {
    const last = groups.at(-1)?.at(-1);
    const between = last === undefined ? [] : shape.slice(last + 1, axis);
    if (last !== undefined && axis > last && between.every((size) => size === 1)) groups.at(-1)!.push(axis);
    else groups.push([axis]);
  }
  const order = [...groups].sort((a, b) => a[0]! - b[0]!);
  return {
    shape: order.map((group) => sizeOf(group.map((axis) => shape[axis]!))),
    perm: groups.map((group) => order.indexOf(group)),
  };
}

export const transposes = [transpose];
