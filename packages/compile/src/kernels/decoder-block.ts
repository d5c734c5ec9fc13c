import { preNormBlock, weightNames } from '@crossmodal/onnx-graph';
import { TraceError } from '../errors';
import { like, type TraceKernel } from '../kernel';
import type { Dim } from '../trace/dim';

/** One step of generating: keys and values of the new position are written into the caches' memory. */
const decoderBlock: TraceKernel = {
  kernelName: 'FusedDecoderBlock',
  writes: ['keys', 'values'],
  infer: ({ x, keys, values }) => [like(x!), like(keys!), like(values!)],
  nodes(lowering, names, { inputs, attrs, outputs }) {
    const { graph, dialect } = lowering;
    if (dialect === 'portable')
      throw new TraceError('exportONNX: a step with caches of keys and values cannot be exported.');
    const [batch, length, hiddenSize] = outputs[0]!.shape as [number, number, number];
    const heads = attrs['numHeads'] as number;
    const past = lowering.dim(attrs['past'] as Dim);
    const total = graph.op('Add', [past, graph.ints([length])]);
    const int32 = (x: string) => graph.op('Cast', [x], { to: 6 });
    const last = graph.op('Expand', [int32(graph.op('Sub', [total, graph.ints([1])])), graph.ints([batch])]);
    let present: string[] = [];
    const weights = Object.fromEntries(weightNames(inputs).map((name) => [name, names[name]!]));
    const rows = lowering.reshape(names['x']!, [batch * length, hiddenSize]);
    const { y } = preNormBlock(graph, rows, weights, attrs, (...qkv) => {
      const sequences = qkv.map((z) => lowering.reshape(z, [batch, length, hiddenSize]));
      const operands = [
        ...sequences,
        names['keys']!,
        names['values']!,
        last,
        graph.op('Squeeze', [int32(total)]),
      ];
      const attributes = { num_heads: heads, kv_num_heads: heads };
      const [mixed, ...written] = graph.node('GroupQueryAttention', operands, attributes, {
        domain: 'com.microsoft',
        outputs: 3,
      });
      present = written;
      return lowering.reshape(mixed!, [batch * length, hiddenSize]);
    });
    return [lowering.reshape(y, outputs[0]!.shape), ...present];
  },
};

export const decoding = [decoderBlock];
