import { attentionGradNodes, attentionNodes, float, type GraphBuilder, MASKED } from '@crossmodal/onnx-graph';
import { like, sizes, type TraceKernel } from '../kernel';
import type { Lowering } from '../lower/lowering';
import { type Dim, isSymbolic } from '../trace/dim';
import type { TraceNode, Value } from '../trace/trace-graph';

/** Bias and mask of what lies ahead, added up; undefined where there is neither. */
function totalBias(lowering: Lowering, bias: string | undefined, node: TraceNode): string | undefined {
  const { graph } = lowering;
  const queries = node.inputs['query']!.shape[2]!;
  const keys = node.inputs['key']!.shape[2]!;
  if (!node.attrs['causal'] || queries === 1) return bias;
  const future = causalBias(lowering, queries, keys);
  return bias ? graph.op('Add', [bias, future]) : future;
}

/** [queries, keys] with 0 up to key i + keys - queries and {@link MASKED} after it. */
function causalBias(lowering: Lowering, queries: Dim, keys: Dim): string {
  const { graph } = lowering;
  if (!isSymbolic(queries) && !isSymbolic(keys)) {
    const values = new Float32Array(queries * keys);
    for (let i = 0; i < queries; i++)
      values.fill(MASKED, i * keys + Math.max(0, i + 1 + keys - queries), (i + 1) * keys);
    return graph.constant('float32', [queries, keys], values);
  }
  const [q, k] = [lowering.dim(queries), lowering.dim(keys)];
  const full = graph.op('Expand', [graph.scalar(MASKED), graph.op('Concat', [q, k], { axis: 0 })]);
  const offset = graph.op('Add', [graph.op('Sub', [k, q]), graph.ints([1])]);
  return graph.op('Trilu', [full, graph.op('Squeeze', [offset])], { upper: 1 });
}

/** What a value [batch, heads, length, headDim] was before its heads were split, [batch, length, hidden]; or nothing. */
function beforeHeads(lowering: Lowering, value: Value): string | undefined {
  if (value.source.kind !== 'node') return undefined;
  const { kernel, attrs, inputs } = value.source.node;
  if (kernel !== 'Transpose' || (attrs['perm'] as number[]).join() !== '0,2,1,3') return undefined;
  const split = inputs['x']!;
  const [batch, length, heads, headDim] = split.shape as [Dim, Dim, number, number];
  return lowering.reshape(lowering.name(split), [batch, length, heads * headDim]);
}

const attention: TraceKernel = {
  kernelName: 'FusedAttention',
  infer({ query, key, value }) {
    const [batch, heads, queries] = sizes(query!) as [number, number, number];
    return [
      { shape: [batch, heads, queries, sizes(value!)[3]!], dtype: 'float32' },
      { shape: [batch, heads, queries, sizes(key!)[2]!], dtype: 'float32' },
    ];
  },
  nodes(lowering, { query, key, value, bias }, node) {
    const { graph, dialect } = lowering;
    const scale = node.attrs['scale'] as number;
    const [output, saved] = node.outputs as [Value, Value];
    const { inputs, attrs } = node;
    if (dialect !== 'portable' && !bias && !lowering.isUsed(saved)) {
      const joined = ['query', 'key', 'value'].map((name) => beforeHeads(lowering, inputs[name]!));
      const causal = Boolean(attrs['causal']);
      const square = inputs['query']!.shape[2] === inputs['key']!.shape[2];
      if (joined.every((name) => name !== undefined) && (!causal || square)) {
        const [batch, heads, length, headDim] = output.shape as [Dim, number, Dim, number];
        const options = { num_heads: heads, unidirectional: causal ? 1 : 0, scale: float(scale) };
        const y = graph.op('MultiHeadAttention', joined, options, 'com.microsoft');
        const split = lowering.reshape(y, [batch, length, heads, headDim]);
        lowering.notes.set(output, split);
        return [graph.op('Transpose', [split], { perm: [0, 2, 1, 3] }), ''];
      }
    }
    const total = totalBias(lowering, bias, node);
    if (dialect === 'onnxruntime') return attentionNodes(graph, [query!, key!, value!], scale, total);
    return portableAttention(lowering, [query!, key!, value!], scale, total);
  },
};

/** As {@link attentionNodes}, with ONNX's own operators. */
function portableAttention(
  { graph }: Lowering,
  [q, k, v]: readonly [string, string, string],
  scale: number,
  bias: string | undefined,
): [string, string] {
  const scaled = graph.op('Mul', [q, graph.scalar(scale)]);
  let scores = graph.op('MatMul', [scaled, graph.op('Transpose', [k], { perm: [0, 1, 3, 2] })]);
  if (bias) scores = graph.op('Add', [scores, bias]);
  let weights = graph.op('Softmax', [scores], { axis: -1 });
  if (bias) {
    const hidden = graph.op('LessOrEqual', [bias, graph.scalar(MASKED)]);
    weights = graph.op('Where', [hidden, graph.scalar(0), weights]);
  }
  return [graph.op('MatMul', [weights, v]), weights];
}

const attentionGrad: TraceKernel = {
  kernelName: 'FusedAttentionGrad',
  infer: ({ query, key, value }) => [like(query!), like(key!), like(value!)],
  nodes({ graph, dialect }, { dy, query, key, value, output, saved }, { attrs }) {
    const along = graph.op('Mul', [dy!, output!]);
    const rowSum = graph.op('ReduceSum', [along, graph.ints([-1])], { keepdims: 1 });
    const given = { gradient: dy!, q: query!, k: key!, v: value!, weights: saved!, rowSum };
    const scale = attrs['scale'] as number;
    if (dialect === 'onnxruntime') return attentionGradNodes(graph, given, scale);
    return portableAttentionGrad(graph, given, scale);
  },
};

/** As {@link attentionGradNodes}, with ONNX's own operators. */
function portableAttentionGrad(
  graph: GraphBuilder,
  { gradient, q, k, v, weights, rowSum }: Record<'gradient' | 'q' | 'k' | 'v' | 'weights' | 'rowSum', string>,
  scale: number,
): [string, string, string] {
  const turned = (x: string) => graph.op('Transpose', [x], { perm: [0, 1, 3, 2] });
  const dWeights = graph.op('MatMul', [gradient, turned(v)]);
  const dScores = graph.op('Mul', [
    graph.op('Mul', [graph.op('Sub', [dWeights, rowSum]), weights]),
    graph.scalar(scale),
  ]);
  return [
    graph.op('MatMul', [dScores, k]),
    graph.op('MatMul', [turned(dScores), q]),
    graph.op('MatMul', [turned(weights), gradient]),
  ];
}

export const attentions = [attention, attentionGrad];
