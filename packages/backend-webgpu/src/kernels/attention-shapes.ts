import type { TensorInfo } from '@tensorflow/tfjs-core';
import type { KernelCall } from '../kernel';
import { INFINITIES } from './half';

/** What the attention programs know of a call. */
export interface AttentionShapes {
  batch: number;
  heads: number;
  queries: number;
  keys: number;
  headDim: number;
  bias: TensorInfo | undefined;
  /** Values of {@link attentionUniforms}. */
  uniforms: Record<keyof typeof attentionUniforms, number>;
}

export const attentionUniforms = {
  matrices: 'u32', // batch * heads
  heads: 'u32',
  queries: 'u32',
  keys: 'u32',
  headDim: 'u32',
  queryBatch: 'u32', // strides of query and what lies like it (output, dy, dquery), in elements of the buffer
  queryHead: 'u32',
  queryRow: 'u32',
  keyBatch: 'u32', // and of key, value and their gradients
  keyHead: 'u32',
  keyRow: 'u32',
  reach: 'i32', // query i sees the keys up to i + reach
  biasBatch: 'u32', // strides, 0 along what it broadcasts over
  biasHead: 'u32',
  biasQuery: 'u32',
  biasKey: 'u32',
  scale: 'f32',
  infinities: 'u32', // for `narrow`
} as const;

/** Further than any query is from any key. */
const EVERYTHING = 2 ** 30;

/**
 * Heads may lie apart, [batch, heads, length, headDim], or side by side as a linear layer gives them,
 * [batch, length, heads * headDim]: `query` (with output, dy and dquery) in one way, `key` and `value` (with their
 * gradients) in the same or the other.
 *
 * @param inputs query and key, and bias if there is one
 * @param attrs scale, causal, and numHeads where the queries' heads are side by side
 * @param keys How many of the rows of `key` and `value` are filled, for a cache with room for more.
 */
export function attentionShapes(
  { inputs, attrs }: Pick<KernelCall, 'inputs' | 'attrs'>,
  keys = inputs['key']!.shape.at(-2)!,
): AttentionShapes {
  const { query, key, bias } = inputs;
  const batch = query!.shape[0]!;
  const heads = query!.shape.length === 4 ? query!.shape[1]! : (attrs['numHeads'] as number);
  const queries = query!.shape.at(-2)!;
  const headDim = query!.shape.length === 4 ? query!.shape[3]! : query!.shape[2]! / heads;
  const [queryBatch, queryHead, queryRow] = headStrides(query!.shape, heads);
  const [keyBatch, keyHead, keyRow] = headStrides(key!.shape, heads);
  const [biasBatch, biasHead, biasQuery, biasKey] = broadcastStrides(bias?.shape ?? []);
  const uniforms = {
    matrices: batch * heads,
    heads,
    queries,
    keys,
    headDim,
    ...{ queryBatch, queryHead, queryRow },
    ...{ keyBatch, keyHead, keyRow },
    reach: attrs['causal'] ? keys - queries : EVERYTHING,
    biasBatch: biasBatch!,
    biasHead: biasHead!,
    biasQuery: biasQuery!,
    biasKey: biasKey!,
    scale: attrs['scale'] as number,
    infinities: INFINITIES,
  };
  return { batch, heads, queries, keys, headDim, bias, uniforms };
}

/** From one batch, head and row to the next, in elements: of four numbers where they divide a head. */
function headStrides(shape: readonly number[], heads: number): [number, number, number] {
  const isApart = shape.length === 4;
  const numbers = shape.at(-1)!;
  const headDim = isApart ? numbers : numbers / heads;
  const width = headDim % 4 === 0 ? headDim / 4 : headDim;
  const rows = shape.at(-2)!;
  return [heads * rows * width, isApart ? rows * width : width, isApart ? width : heads * width];
}

/** Strides of a tensor of rank 4 at most that is read as one of rank 4. */
function broadcastStrides(shape: number[]): number[] {
  const sizes = [...Array(4 - shape.length).fill(1), ...shape] as number[];
  return sizes.map((size, i) => (size === 1 ? 0 : sizes.slice(i + 1).reduce((a, b) => a * b, 1)));
}
