import { broadcast_util, type TensorInfo, util } from '@tensorflow/tfjs-core';
import { broadcastIndices } from '../broadcast-indices';
import type { Heap } from '../heap';
import { isFloat, sizeOf, type WasmKernel } from '../kernel';
import { type HeapMatrix, matrixProduct } from '../simd/matrix-product';

interface Product {
  transposeA?: boolean;
  transposeB?: boolean;
  /** Added to each row of the product, [columns]. */
  bias?: TensorInfo | undefined;
}

/**
 * The matrix product of the last two axes, the others broadcast. One matrix B for many A is one product of more
 * rows.
 */
export function matMul(
  heap: Heap,
  a: TensorInfo,
  b: TensorInfo,
  { transposeA, transposeB, bias }: Product = {},
) {
  const [aRows, aColumns] = a.shape.slice(-2) as [number, number];
  const [bRows, bColumns] = b.shape.slice(-2) as [number, number];
  const [rows, depth] = transposeA ? [aColumns, aRows] : [aRows, aColumns];
  const [bDepth, columns] = transposeB ? [bColumns, bRows] : [bRows, bColumns];
  util.assert(
    depth === bDepth,
    () =>
      `matMul: the inner sizes ${depth} and ${bDepth} of shapes [${a.shape}] and [${b.shape}] with ` +
      `transposeA=${!!transposeA} and transposeB=${!!transposeB} must be equal.`,
  );
  const [aOuter, bOuter] = [a.shape.slice(0, -2), b.shape.slice(0, -2)];
  const outer = broadcast_util.assertAndGetBroadcastShape(aOuter, bOuter);
  const output = heap.allocate([...outer, rows, columns]);
  if (sizeOf(output.shape) === 0) return output;
  if (bias) fillRows(heap.floats(output), heap.floats(bias));
  else if (depth === 0) heap.floats(output).fill(0);
  if (depth === 0) return output;

  const aMatrix = { rowStride: aColumns * 4, columnStride: 4 };
  const bMatrix = { rowStride: bColumns * 4, columnStride: 4 };
  const left = transposeA ? transposed(aMatrix) : aMatrix;
  const right = transposeB ? transposed(bMatrix) : bMatrix;
  const multiply = (aIndex: number, bIndex: number, index: number, rows: number) =>
    matrixProduct(
      heap,
      { ...left, address: heap.address(a) + aIndex * aRows * aColumns * 4 },
      { ...right, address: heap.address(b) + bIndex * bRows * bColumns * 4 },
      heap.address(output) + index * rows * columns * 4,
      { rows, columns, depth, accumulate: bias !== undefined },
    );
  const count = sizeOf(outer);
  if (sizeOf(bOuter) === 1 && !transposeA) {
    multiply(0, 0, 0, count * rows);
  } else {
    const aIndices = broadcastIndices(aOuter, outer);
    const bIndices = broadcastIndices(bOuter, outer);
    for (let i = 0; i < count; i++) multiply(aIndices[i]!, bIndices[i]!, i, rows);
  }
  return output;
}

type Strides = Omit<HeapMatrix, 'address'>;
const transposed = ({ rowStride, columnStride }: Strides): Strides => ({
  rowStride: columnStride,
  columnStride: rowStride,
});

function fillRows(to: Float32Array, row: Float32Array): void {
  for (let i = 0; i < to.length; i += row.length) to.set(row, i);
}

/** Too few rows to be worth packing B, which tfjs's kernel does once for as long as B lives. */
const isSmall = ({ shape: a }: TensorInfo, { shape: b }: TensorInfo) =>
  a.at(-2)! < 4 && a.length === b.length && sizeOf(a.slice(0, -2)) === 1 && sizeOf(b.slice(0, -2)) === 1;

const batchMatMul: WasmKernel = {
  kernelName: 'BatchMatMul',
  compute({ inputs, attrs, heap }) {
    const [a, b] = [inputs['a']!, inputs['b']!];
    const { transposeA, transposeB } = attrs as Product;
    if (!isFloat(a, b)) return undefined;
    if (isSmall(a, b) && !transposeA && !transposeB && sizeOf(a.shape) * sizeOf(b.shape) > 0)
      return undefined;
    return matMul(heap, a, b, attrs as Product);
  },
};

const ACTIVATIONS: Record<string, string> = {
  relu: 'Relu',
  relu6: 'Relu6',
  elu: 'Elu',
  sigmoid: 'Sigmoid',
  leakyrelu: 'LeakyRelu',
  prelu: 'Prelu',
};

const fusedMatMul: WasmKernel = {
  kernelName: '_FusedMatMul',
  compute({ inputs, attrs, heap }) {
    const { a, b, bias, preluActivationWeights: alpha } = inputs as Record<string, TensorInfo>;
    const { activation = 'linear', leakyreluAlpha } = attrs as {
      activation?: string;
      leakyreluAlpha?: number;
    };
    const { transposeA, transposeB } = attrs as Product;
    const columns = (transposeB ? b!.shape.at(-2) : b!.shape.at(-1))!;
    const perColumn = bias !== undefined && sizeOf(bias.shape) === columns && bias.shape.at(-1) === columns;
    let y = matMul(heap, a!, b!, {
      transposeA: transposeA === true,
      transposeB: transposeB === true,
      bias: perColumn ? bias : undefined,
    });
    const replace = (next: TensorInfo) => {
      heap.free(y);
      y = next;
    };
    if (bias && !perColumn) replace(heap.run('Add', { a: y, b: bias }));
    if (activation !== 'linear') {
      const kernel = ACTIVATIONS[activation];
      if (!kernel) throw new Error(`matMul: there is no activation ${JSON.stringify(activation)}.`);
      replace(heap.run(kernel, { x: y, ...(alpha && { alpha }) }, { alpha: leakyreluAlpha }));
    }
    return y;
  },
};

export const products = [batchMatMul, fusedMatMul];
