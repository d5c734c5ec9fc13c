import type { TensorInfo } from '@tensorflow/tfjs-core';
import { type KernelCall, sizeOf, type WebgpuKernel } from '../../kernel';
import type { WebgpuBackend } from '../../webgpu-backend';
import { INFINITIES } from '../half';
import { sumOverRows } from '../sum-rows';
import { ADD_PARTS_THREADS, addPartsProgram } from './add-parts';
import { columnsPerGroup, FEW_ROWS, fewRowsProgram } from './few-rows';
import { finishBuffers } from './finish';
import { planOf } from './plan';
import { type Activation, batchOf, ONE, type Product, simplified, uniformsOf } from './product';
import { SLICE, tiledProgram, type Views } from './tiled';

function compute({ inputs, attrs, backend }: KernelCall): TensorInfo | undefined {
  const { a, b, bias, preluActivationWeights } = inputs;
  const { transposeA = false, transposeB = false, activation = 'linear' } = attrs as Record<string, never>;
  const isKnown = activation === 'linear' || activation === 'relu';
  if (a!.dtype !== 'float32' || b!.dtype !== 'float32' || preluActivationWeights || !isKnown) return;
  const [rows, depth] = lastSizes(a!, transposeA);
  const [innerB, columns] = lastSizes(b!, transposeB);
  const [aOuter, bOuter] = [a!.shape.slice(0, -2), b!.shape.slice(0, -2)];
  const batch = batchOf(aOuter, bOuter);
  if (!batch || depth !== innerB || sizeOf(a!.shape) === 0 || sizeOf(b!.shape) === 0) return;
  if (bias && (sizeOf(bias.shape) !== columns || bias.shape.at(-1) !== columns)) return;
  const shape = [...outerShape(aOuter, bOuter), rows, columns];
  const c = backend.makeTensorInfo(shape, 'float32');
  const product = { a: a!, b: b!, transposeA, transposeB, rows, columns, depth, batch, bias };
  multiply(backend, simplified({ ...product, activation: activation as Activation }), c);
  return c;
}

/** A product that other kernels of ours want: of matrices, or of tensors whose leading sizes are all one. */
export interface MatrixProduct
  extends Partial<Pick<Product, 'transposeA' | 'transposeB' | 'activation' | 'bias'>>,
    Pick<Product, 'a' | 'b' | 'norm' | 'before' | 'slope' | 'residual' | 'columnSums' | 'heads'> {
  /** A tensor for the result, which `heads` are part of; without it there is a new one. */
  into?: TensorInfo | undefined;
}

/** Computes op(a) x op(b), and what else it says; nothing of it may be empty. */
export function matrixProduct(backend: WebgpuBackend, { into, ...given }: MatrixProduct): TensorInfo {
  const { a, b, transposeA = false, transposeB = false, activation = 'linear', bias } = given;
  const matrix = (x: TensorInfo) => ({ ...x, shape: [sizeOf(x.shape.slice(0, -1)), x.shape.at(-1)!] });
  const [rows, depth] = lastSizes(matrix(a), transposeA);
  const [, columns] = lastSizes(matrix(b), transposeB);
  const leading = transposeA ? [rows] : a.shape.slice(0, -1);
  const c = into ?? backend.makeTensorInfo([...leading, columns], 'float32');
  const product = { ...given, transposeA, transposeB, activation, bias, rows, columns, depth, batch: ONE };
  multiply(backend, simplified(product), c);
  return c;
}

/** Sizes of op(x), whose rows and columns are exchanged when it is transposed. */
function lastSizes({ shape }: TensorInfo, transpose: boolean): [number, number] {
  const [first, second] = [shape.at(-2)!, shape.at(-1)!];
  return transpose ? [second, first] : [first, second];
}

function outerShape(a: readonly number[], b: readonly number[]): number[] {
  const rank = Math.max(a.length, b.length);
  return Array.from({ length: rank }, (_, i) =>
    Math.max(a[i - rank + a.length] ?? 1, b[i - rank + b.length] ?? 1),
  );
}

/** Computes `c` in the form that fits the number of rows. */
export function multiply(backend: WebgpuBackend, product: Product, c: TensorInfo): void {
  const { a, b, norm, rows, columns, batch, transposeB, columnSums } = product;
  const buffers = { a, b, c, ...(norm && { gamma: norm.gamma, beta: norm.beta }), ...finishBuffers(product) };
  const uniforms = uniformsOf(product);
  const { features } = backend.device as { features: ReadonlySet<string> };
  if (rows <= FEW_ROWS) {
    const atLeast = [1, 2, 4].find((size) => size >= rows)!;
    backend.runProgram(fewRowsProgram(product, atLeast, features.has('subgroups')), {
      buffers,
      uniforms,
      workgroups: batch.size * Math.ceil(columns / columnsPerGroup(transposeB)),
    });
    if (columnSums) sumOverRows(backend, b, product.depth, columnSums);
    return;
  }
  multiplyInTiles(backend, product, c);
}

/**
 * Computes `c` by the program in tiles, and with `views` one product of what they say. A view that writes in a way of
 * its own has its depth in one part.
 */
export function multiplyInTiles(
  backend: WebgpuBackend,
  product: Product,
  c: TensorInfo,
  views?: { program: Views; uniforms: Record<string, number> },
): void {
  const { a, b, rows, columns, depth, batch, columnSums } = product;
  const buffers = { a, b, c, ...finishBuffers(product) };
  const half = backend.precision === 'f16';
  const plan = planOf(product, backend.deviceInfo.vendor);
  const { tile } = plan;
  const splits = views?.program.finish ? 1 : plan.splits;
  const inTiles = {
    ...views?.uniforms,
    ...uniformsOf(product),
    splits,
    splitDepth: SLICE * Math.ceil(depth / SLICE / splits),
  };
  const tiles = Math.ceil(rows / tile.rows) * Math.ceil(columns / tile.columns);
  const parts = splits > 1 ? backend.makeTensorInfo([batch.size, splits, rows, columns], 'float32') : c;
  const sumParts =
    columnSums && (splits > 1 ? backend.makeTensorInfo([splits, columns], 'float32') : columnSums);
  backend.runProgram(tiledProgram(product, tile, half, splits > 1, views?.program), {
    buffers: { ...buffers, c: parts, ...(sumParts && { columnSums: sumParts }) },
    uniforms: half ? { ...inTiles, infinities: INFINITIES } : inTiles,
    workgroups: batch.size * splits * tiles,
  });
  if (splits === 1) return;
  backend.runProgram(addPartsProgram(product), {
    buffers: { ...buffers, parts, ...(sumParts && { sumParts, columnSums }) },
    uniforms: inTiles,
    workgroups: Math.ceil((batch.size * rows * Math.ceil(columns / 4)) / ADD_PARTS_THREADS),
  });
  backend.disposeData(parts.dataId);
  if (sumParts) backend.disposeData(sumParts.dataId);
}

export const matmuls: WebgpuKernel[] = [
  { kernelName: 'BatchMatMul', compute },
  { kernelName: '_FusedMatMul', compute },
];
