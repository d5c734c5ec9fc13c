import { backend_util, type TensorInfo } from '@tensorflow/tfjs-core';
import type { Heap } from '../heap';
import { sizeOf, type WasmKernel } from '../kernel';
import { matMul } from './matmul';

/** A tensor and the letters of its axes, as indices. */
interface Term {
  tensor: TensorInfo;
  axes: number[];
}

/** One tensor is summed and transposed; two are one batched product of matrices. */
const einsum: WasmKernel = {
  kernelName: 'Einsum',
  compute({ inputs, attrs, heap }) {
    const tensors = Object.values(inputs);
    const decoded = backend_util.decodeEinsumEquation(attrs['equation'] as string, tensors.length);
    const { allDims, summedDims, idDims } = decoded;
    backend_util.checkEinsumDimSizes(allDims.length, idDims, tensors as never);
    const summed = new Set(summedDims);
    const output = allDims.map((_, i) => i).filter((axis) => !summed.has(axis));
    const terms = tensors.map((tensor, i) => {
      const others = idDims.flatMap((axes, j) => (j === i ? [] : axes));
      const own = idDims[i]!.filter((axis) => summed.has(axis) && !others.includes(axis));
      return sumOver(heap, { tensor, axes: idDims[i]! }, own);
    });
    const product = terms.length === 1 ? terms[0]! : multiply(heap, terms[0]!, terms[1]!, summed);
    return arrange(heap, product, output);
  },
};

function multiply(heap: Heap, a: Term, b: Term, summed: Set<number>): Term {
  const shared = a.axes.filter((axis) => b.axes.includes(axis));
  const batch = shared.filter((axis) => !summed.has(axis));
  const inner = shared.filter((axis) => summed.has(axis));
  const rows = a.axes.filter((axis) => !shared.includes(axis));
  const columns = b.axes.filter((axis) => !shared.includes(axis));
  const left = arrange(heap, a, [...batch, ...rows, ...inner]);
  const right = arrange(heap, b, [...batch, ...inner, ...columns]);
  const sizes = new Map([...a.axes.map((axis, i) => [axis, a.tensor.shape[i]!] as const)]);
  for (const [i, axis] of b.axes.entries()) sizes.set(axis, b.tensor.shape[i]!);
  const shape = (axes: number[]) => axes.map((axis) => sizes.get(axis)!);
  const size = (axes: number[]) => sizeOf(shape(axes));
  const product = matMul(
    heap,
    { ...left, shape: [size(batch), size(rows), size(inner)] },
    { ...right, shape: [size(batch), size(inner), size(columns)] },
  );
  heap.free(left, right);
  const axes = [...batch, ...rows, ...columns];
  return { tensor: { ...product, shape: shape(axes) }, axes };
}

/** The term with its axes in another order; takes the term's tensor. */
function arrange(heap: Heap, { tensor, axes }: Term, order: number[]): TensorInfo {
  if (axes.every((axis, i) => axis === order[i])) return tensor;
  const y = heap.run('Transpose', { x: tensor }, { perm: order.map((axis) => axes.indexOf(axis)) });
  heap.free(tensor);
  return y;
}

/** The term without some axes, as a tensor of its own. */
function sumOver(heap: Heap, { tensor, axes }: Term, gone: number[]): Term {
  if (gone.length === 0) return { tensor: heap.reshape(tensor, tensor.shape), axes };
  const axis = gone.map((each) => axes.indexOf(each));
  const y = heap.run('Sum', { x: tensor }, { axis, keepDims: false });
  return { tensor: y, axes: axes.filter((each) => !gone.includes(each)) };
}

export const einsums = [einsum];
