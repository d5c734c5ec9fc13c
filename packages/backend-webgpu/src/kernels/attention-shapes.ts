import type { TensorInfo } from '@tensorflow/tfjs-core';
import type { KernelCall } from '../kernel';

/** What the attention programs know of a call. */
export interface AttentionShapes {
  batch: number;
  heads: number;
  queries: number;
  keys: number;
  headDim: number;
  bias: TensorInfo | undefined;
  /** Values of {@link attentionUniforms}. */
  uniforms: Record<string, number>;
}

export const attentionUniforms = {
  matrices: 'u32', // batch * heads
  heads: 'u32',
  queries: 'u32',
  keys: 'u32',
  headDim: 'u32',
  keyRows: 'u32', // from one matrix of keys to the next
  reach: 'i32', // query i sees the keys up to i + reach
  biasBatch: 'u32', // strides, 0 along what it broadcasts over
  biasHead: 'u32',
  biasQuery: 'u32',
  biasKey: 'u32',
  scale: 'f32',
} as const;

/** Further than any query is from any key. */
const EVERYTHING = 2 ** 30;

/** @param keys How many of the rows of `key` and `value` are filled, for a cache with room for more. */
export function attentionShapes(
  { inputs, attrs }: Pick<KernelCall, 'inputs' | 'attrs'>,
  keys = inputs['key']!.shape[2]!,
): AttentionShapes {
  const [batch, heads, queries, headDim] = inputs['query']!.shape as [number, number, number, number];
  const { bias } = inputs;
  const [biasBatch, biasHead, biasQuery, biasKey] = broadcastStrides(bias?.shape ?? []);
  const uniforms = {
    matrices: batch * heads,
    heads,
    queries,
    keys,
    headDim,
    keyRows: inputs['key']!.shape[2]!,
    reach: attrs['causal'] ? keys - queries : EVERYTHING,
    biasBatch: biasBatch!,
    biasHead: biasHead!,
    biasQuery: biasQuery!,
    biasKey: biasKey!,
    scale: attrs['scale'] as number,
  };
  return { batch, heads, queries, keys, headDim, bias, uniforms };
}

/** Strides of a tensor of rank 4 at most that is read as one of rank 4. */
function broadcastStrides(shape: number[]): number[] {
  const sizes = [...Array(4 - shape.length).fill(1), ...shape] as number[];
  return sizes.map((size, i) => (size === 1 ? 0 : sizes.slice(i + 1).reduce((a, b) => a * b, 1)));
}
