import { float, type GraphBuilder } from '../graph-builder';
import { feed, type HostKernel, int64s, type PlanInput } from '../kernel';
import { geluForward } from './gelu';

const MS = 'com.microsoft';
const LINEARS = ['q', 'k', 'v', 'out', 'fc1', 'fc2'];
const WEIGHTS = ['gamma1', 'beta1', 'gamma2', 'beta2', ...LINEARS.map((name) => `${name}Weight`)];
const BIASES = LINEARS.map((name) => `${name}Bias`);

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
    const names = [...WEIGHTS, ...BIASES.filter((name) => inputs[name])];
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
      spin: true,
      build(graph: GraphBuilder, all: string[]) {
        const [x, keys, values, split, rows, lastKey, total, ...rest] = all as [string, ...string[]];
        const weight = Object.fromEntries(names.map((name, i) => [name, rest[i]!]));
        const linear = (x: string, name: string) =>
          graph.op(
            'Gemm',
            [x, weight[`${name}Weight`]!, weight[`${name}Bias`]].filter((y) => y !== undefined),
          );
        const norm = (x: string, i: 1 | 2) =>
          graph.op('LayerNormalization', [x, weight[`gamma${i}`]!, weight[`beta${i}`]!], {
            axis: -1,
            epsilon: float(epsilon!),
          });
        const normed = norm(x, 1);
        const [q, k, v] = ['q', 'k', 'v'].map((name) => graph.op('Reshape', [linear(normed, name), split!]));
        const [mixed, ...present] = graph.node(
          'GroupQueryAttention',
          [q!, k!, v!, keys!, values!, lastKey!, total!],
          { num_heads: numHeads!, kv_num_heads: numHeads! },
          { domain: MS, outputs: 3 },
        );
        const attended = graph.op('Add', [x, linear(graph.op('Reshape', [mixed!, rows!]), 'out')]);
        const active = geluForward[activation!]!(graph, linear(norm(attended, 2), 'fc1'));
        return [graph.op('Add', [attended, linear(active, 'fc2')]), ...present];
      },
    };
    return backend.run(plan)[0]!;
  },
};

export const decoderBlocks = [decoderBlock];
