import type { TensorInfo } from '@tensorflow/tfjs-core';
import { sizeOf } from '../../kernel';
import type { Element } from '../../program';
import type { GeluVariant } from '../gelu';

/** What to multiply: for each matrix of the batch, C [rows, columns] = op(A) [rows, depth] x op(B) [depth, columns]. */
export interface Product {
  a: TensorInfo;
  b: TensorInfo;
  transposeA: boolean;
  transposeB: boolean;
  rows: number;
  columns: number;
  depth: number;
  batch: Batch;
  /** Of the rows of A, if they are to be normalised first: for few rows alone, neither matrix transposed. */
  norm?: RowNorm | undefined;
  /** [columns] */
  bias: TensorInfo | undefined;
  activation: Activation;
  /** What the activation is given is written to it: of the result's size. */
  before?: TensorInfo | undefined;
  /** In place of the activation (of GELU's), the product with its derivative. */
  slope?: Slope | undefined;
  /** Added in the end, after the activation: of the result's size. */
  residual?: TensorInfo | undefined;
  /** Gets the sums of B's columns, [columns]: B is not transposed, and one matrix. */
  columnSums?: TensorInfo | undefined;
  /** Where the result goes, if it is the heads of sequences: there is one matrix. */
  heads?: Heads | undefined;
}

export type Activation = 'linear' | 'relu' | GeluVariant;

/** Both of the result's size. */
export interface Slope {
  /** Where the derivative is taken. */
  at: TensorInfo;
  /** Gets the activation's values there. */
  values: TensorInfo;
}

/** Layer norm. */
export interface RowNorm {
  /** [depth], and `beta` alike. */
  gamma: TensorInfo;
  beta: TensorInfo;
  epsilon: number;
}

/**
 * The rows of a result [batch * length, heads * headDim] as they lie in [batch, heads, capacity, headDim], from
 * position `past` on; all else there stays as it is.
 */
export interface Heads {
  length: number;
  headDim: number;
  capacity: number;
  past: number;
}

/**
 * How matrices pair: matrix i of the result is of A's matrix `i / inner * a[0] + i % inner * a[1]`, and of B's
 * likewise. A step of 0 is a matrix for all.
 */
export interface Batch {
  size: number;
  inner: number;
  a: readonly [number, number];
  b: readonly [number, number];
}

/** One matrix times one. */
export const ONE: Batch = { size: 1, inner: 1, a: [0, 0], b: [0, 0] };

/** How the leading sizes pair, or undefined where two steps cannot say it (ones of A and of B in turn, thrice). */
export function batchOf(a: readonly number[], b: readonly number[]): Batch | undefined {
  const rank = Math.max(a.length, b.length);
  const full = (sizes: readonly number[]) => [...Array(rank - sizes.length).fill(1), ...sizes] as number[];
  const [as, bs] = [full(a), full(b)];
  // Neighbours that both have, or that one of them lacks alike, are as one.
  const merged: [number, number][] = [];
  for (let i = 0; i < rank; i++) {
    const [sizeA, sizeB] = [as[i]!, bs[i]!];
    if (sizeA === 1 && sizeB === 1) continue;
    const last = merged.at(-1);
    const kind = (x: number, y: number) => (x === y ? 'both' : x === 1 ? 'b' : 'a');
    if (last && kind(...last) === kind(sizeA, sizeB)) {
      last[0] *= sizeA;
      last[1] *= sizeB;
    } else merged.push([sizeA, sizeB]);
  }
  if (merged.length > 2) return undefined;
  const [outer, inner] = [...Array(2 - merged.length).fill([1, 1]), ...merged] as [number, number][];
  const steps = (which: 0 | 1) =>
    [outer![which] === 1 ? 0 : inner![which], inner![which] === 1 ? 0 : 1] as const;
  const count = (sizes: [number, number]) => Math.max(...sizes);
  return { size: count(outer!) * count(inner!), inner: count(inner!), a: steps(0), b: steps(1) };
}

/** A product in the form that runs best: a batch of rows before one matrix is one product, a column is a row. */
export function simplified(product: Product): Product {
  const { a, b, transposeA, transposeB, rows, columns, batch, bias, norm, heads, columnSums } = product;
  if (batch.size > 1 && !transposeA && sizeOf(b.shape) === product.depth * columns) {
    return simplified({ ...product, rows: rows * batch.size, batch: ONE });
  }
  if (columns === 1 && rows > 1 && !bias && !norm && !heads && !columnSums) {
    // The transposed product, whose result has the same order in memory.
    const turned = { a: b, b: a, transposeA: !transposeB, transposeB: !transposeA, rows: 1, columns: rows };
    return { ...product, ...turned, batch: { ...batch, a: batch.b, b: batch.a } };
  }
  return product;
}

/** Uniforms that every program of products has. */
export const productUniforms = {
  rows: 'u32',
  columns: 'u32',
  depth: 'u32',
  batch: 'u32',
  inner: 'u32',
  aOuter: 'u32',
  aInner: 'u32',
  bOuter: 'u32',
  bInner: 'u32',
} as const;

export const uniformsOf = ({ rows, columns, depth, batch, norm, heads }: Product) => ({
  ...(norm && { epsilon: norm.epsilon }),
  ...heads,
  rows,
  columns,
  depth,
  batch: batch.size,
  inner: batch.inner,
  aOuter: batch.a[0],
  aInner: batch.a[1],
  bOuter: batch.b[0],
  bInner: batch.b[1],
});

/** Which elements a buffer of matrices with rows of such a length is read in. */
export const elementOf = (length: number): Element => (length % 4 === 0 ? 'vec4<f32>' : 'f32');

/**
 * WGSL of `load(base, row, column, rows, columns)` for the buffer: four neighbours of a row, zeros beyond the matrix.
 * `base` is where the matrix begins.
 */
export function loader(name: string, buffer: string, element: string): string {
  const signature = `fn ${name}(base: u32, row: u32, column: u32, rows: u32, columns: u32) -> vec4<f32>`;
  if (element === 'vec4<f32>') {
    return `
${signature} {
  if (row >= rows || column >= columns) { return vec4<f32>(0.0); }
  return ${buffer}[(base + row * columns + column) / 4];
}`;
  }
  return `
${signature} {
  var four = vec4<f32>(0.0);
  if (row >= rows) { return four; }
  let first = base + row * columns + column;
  if (column < columns) { four.x = ${buffer}[first]; }
  if (column + 1 < columns) { four.y = ${buffer}[first + 1]; }
  if (column + 2 < columns) { four.z = ${buffer}[first + 2]; }
  if (column + 3 < columns) { four.w = ${buffer}[first + 3]; }
  return four;
}`;
}
