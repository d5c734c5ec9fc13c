import { attentionGradNodes, attentionNodes, MASKED } from '@crossmodal/onnx-graph';
import type { TensorInfo } from '@tensorflow/tfjs-core';

import { feed, type OnnxKernel, type PlanInput } from '../kernel';

/** Batch entries at a time such that the scores stay in the processor's cache. */
const batchesPerChunk = (heads: number, queries: number, keys: number, headDim: number) =>
  Math.max(1, Math.floor(2 ** 20 / (heads * (queries * keys + (queries + 2 * keys) * headDim))));

let lastCausal: { name: string; values: Float32Array } | undefined;

/** [queries, keys] with 0 up to key i + keys - queries and {@link MASKED} after it. */
export function causalBias(queries: number, keys: number): PlanInput {
  const name = `${queries} ${keys}`;
  if (lastCausal?.name !== name) {
    const values = new Float32Array(queries * keys);
    for (let i = 0; i < queries; i++)
      values.fill(MASKED, i * keys + Math.max(0, i + 1 + keys - queries), (i + 1) * keys);
    lastCausal = { name, values };
  }
  return { constant: lastCausal.values, shape: [1, 1, queries, keys] };
}

const attention: OnnxKernel = {
  kernelName: 'FusedAttention',
  plan({ query, key, value, bias }, { scale, causal }) {
    const [batch, heads, queries, headDim] = query!.shape as [number, number, number, number];
    const keys = key!.shape[2]!;
    const hidesKeys = Boolean(causal) && queries > 1;
    const biasShape = bias && [...Array(4 - bias.shape.length).fill(1), ...bias.shape];
    const biases: PlanInput[] = [
      ...(bias ? [feed(bias, biasShape)] : []),
      ...(hidesKeys ? [causalBias(queries, keys)] : []),
    ];
    return {
      key: `FusedAttention ${scale} ${biases.length}`,
      inputs: [feed(query!), feed(key!), feed(value!), ...biases],
      outputs: [
        { dtype: 'float32', shape: [batch, heads, queries, value!.shape[3]!] },
        { dtype: 'float32', shape: [batch, heads, queries, keys] },
      ],
      build: (graph, [q, k, v, ...added]) => {
        const total = added.length === 2 ? graph.op('Add', added) : added[0];
        return attentionNodes(graph, [q!, k!, v!], scale as number, total);
      },
      chunk: {
        rows: batchesPerChunk(heads, queries, keys, headDim),
        split: [
          true,
          true,
          true,
          ...biases.map((input) => 'tensor' in input && input.shape[0] === batch && batch > 1),
        ],
      },
    };
  },
};

/** With weights P: dV = P' dy, dS = P * (dy V' - rowsum(dy * output)), dQ = s dS K, dK = s dS' Q. */
const attentionGrad: OnnxKernel = {
  kernelName: 'FusedAttentionGrad',
  plan({ dy, query, key, value, output, saved }, { scale }) {
    const [, heads, queries, headDim] = query!.shape as [number, number, number, number];
    const result = (x: TensorInfo | undefined) => ({ dtype: 'float32' as const, shape: x!.shape });
    return {
      key: `FusedAttentionGrad ${scale}`,
      inputs: [dy, query, key, value, output, saved].map((x) => feed(x!)),
      outputs: [result(query), result(key), result(value)],
      build(graph, [gradient, q, k, v, y, weights]) {
        const rowSum = graph.op('ReduceSum', [graph.op('Mul', [gradient!, y!]), graph.ints([-1])], {
          keepdims: 1,
        });
        return attentionGradNodes(graph, { gradient, q, k, v, weights, rowSum } as never, scale as number);
      },
      chunk: { rows: batchesPerChunk(heads, queries, key!.shape[2]!, headDim), split: Array(6).fill(true) },
    };
  },
};

export const attentions = [attention, attentionGrad];
