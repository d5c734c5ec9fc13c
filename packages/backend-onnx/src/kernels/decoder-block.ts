import type { GraphBuilder } from '@crossmodal/onnx-graph';
import { preNormBlock, weightNames } from '@crossmodal/onnx-graph';
import { feed, type HostKernel, int64s, type PlanInput } from '../kernel';

const MS = 'com.microsoft';

const int32s = (values: number[], shape: number[]): PlanInput => ({
  constant: Int32Array.from(values),
  shape,
});

/**
 * A whole block as one graph: multiplying one row by a matrix takes no longer than waking a thread does, so all of the
 * block's products share one waking. New keys and values are written in place, into the inputs `keys` and `values`.
 */
const decoderBlock: HostKernel = {
  kernelName: 'FusedDecoderBlock',
  compute({ inputs, attrs, backend }) {
    const { x, keys, values } = inputs;
    const { numHeads, epsilon, activation, past } = attrs as Record<string, number>;
    const [batch, length, hiddenSize] = x!.shape as [number, number, number];
    const total = past! + length;
    const names = weightNames(inputs);
    const plan = {
      key: `FusedDecoderBlock ${numHeads} ${epsilon} ${activation} ${names.length}`,
      inputs: [
        feed(x!, [batch * length, hiddenSize]),
        feed(keys!),
        feed(values!),
        int64s([batch, length, hiddenSize]),
        int64s([batch * length, hiddenSize]),
        int32s(Array(batch).fill(total - 1), [batch]),
        int32s([total], []),
        ...names.map((name) => feed(inputs[name]!)),
      ],
      outputs: [
        { dtype: 'float32' as const, shape: x!.shape, graphShape: [batch * length, hiddenSize] },
        { dtype: 'float32' as const, shape: keys!.shape, into: keys! },
        { dtype: 'float32' as const, shape: values!.shape, into: values! },
      ],
      build(graph: GraphBuilder, all: string[]) {
        const [x, keys, values, split, rows, lastKey, total, ...rest] = all as [string, ...string[]];
        const weight = Object.fromEntries(names.map((name, i) => [name, rest[i]!]));
        let present: string[] = [];
        const { y } = preNormBlock(graph, x, weight, attrs, (...qkv) => {
          const sequences = qkv.map((z) => graph.op('Reshape', [z, split!]));
          const [mixed, ...written] = graph.node(
            'GroupQueryAttention',
            [...sequences, keys!, values!, lastKey!, total!],
            { num_heads: numHeads!, kv_num_heads: numHeads! },
            { domain: MS, outputs: 3 },
          );
          present = written;
          return graph.op('Reshape', [mixed!, rows!]);
        });
        return [y, ...present];
      },
    };
    return backend.run(plan)[0]!;
  },
};

export const decoderBlocks = [decoderBlock];
