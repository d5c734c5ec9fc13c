import {
  attentionGradNodes,
  attentionNodes,
  float,
  type GraphBuilder,
  geluDerivative,
  geluForward,
  layerNormGradNodes,
  MASKED,
  OnnxType,
  rmsNormGradNodes,
  rmsNormNodes,
} from '@crossmodal/onnx-graph';
import { like, sizeOf, sizes, type TraceKernel } from '../kernel';
import type { Lowering } from '../lower/lowering';
import { type Dim, isSymbolic } from '../trace/dim';
import type { TraceNode, Value } from '../trace/trace-graph';

const rowsOf = (x: Value) => sizeOf(sizes(x).slice(0, -1));
/** [rows, width], whatever the sizes before the last. */
const asRows = ({ graph }: Lowering, name: string, x: Value) =>
  x.shape.length === 2 ? name : graph.op('Reshape', [name, graph.ints([-1, x.shape.at(-1) as number])]);

const layerNorm: TraceKernel = {
  kernelName: 'FusedLayerNorm',
  infer: ({ x }) => {
    const statistic = { shape: [rowsOf(x!)], dtype: 'float32' as const };
    return [like(x!), statistic, statistic];
  },
  nodes(lowering, { x, gamma, beta }, { attrs, outputs }) {
    const { graph } = lowering;
    const attributes = { axis: -1, epsilon: float(attrs['epsilon'] as number) };
    const needed = outputs.slice(1).some((value) => lowering.isUsed(value));
    const [y, ...statistics] = graph.node('LayerNormalization', [x!, gamma!, beta!], attributes, {
      outputs: needed ? 3 : 1,
    });
    return [y!, ...statistics.map((name) => graph.op('Reshape', [name, graph.ints([-1])]))];
  },
};

const column = (graph: GraphBuilder, name: string) => graph.op('Reshape', [name, graph.ints([-1, 1])]);

const layerNormGrad: TraceKernel = {
  kernelName: 'FusedLayerNormGrad',
  infer: ({ x, gamma }) => [like(x!), like(gamma!), like(gamma!)],
  nodes(lowering, names, { inputs, outputs }) {
    const { graph } = lowering;
    const x = inputs['x']!;
    const operands = [
      asRows(lowering, names['dy']!, x),
      asRows(lowering, names['x']!, x),
      column(graph, names['mean']!),
      column(graph, names['inverseStd']!),
      names['gamma']!,
    ];
    const [dx, dgamma, dbeta] = layerNormGradNodes(graph, operands, x.shape.at(-1) as number);
    return [lowering.reshape(dx, outputs[0]!.shape), dgamma, dbeta];
  },
};

const rmsNorm: TraceKernel = {
  kernelName: 'FusedRMSNorm',
  infer: ({ x }) => [like(x!), { shape: [rowsOf(x!)], dtype: 'float32' }],
  nodes(lowering, { x, gamma }, { inputs, attrs, outputs }) {
    const rows = asRows(lowering, x!, inputs['x']!);
    const [y, inverse] = rmsNormNodes(lowering.graph, [rows, gamma!], attrs['epsilon'] as number);
    return [
      lowering.reshape(y, outputs[0]!.shape),
      lowering.graph.op('Reshape', [inverse, lowering.graph.ints([-1])]),
    ];
  },
};

const rmsNormGrad: TraceKernel = {
  kernelName: 'FusedRMSNormGrad',
  infer: ({ x, gamma }) => [like(x!), like(gamma!)],
  nodes(lowering, names, { inputs, outputs }) {
    const x = inputs['x']!;
    const operands = [
      asRows(lowering, names['dy']!, x),
      asRows(lowering, names['x']!, x),
      column(lowering.graph, names['inverseRms']!),
      names['gamma']!,
    ];
    const [dx, dgamma] = rmsNormGradNodes(lowering.graph, operands, x.shape.at(-1) as number);
    return [lowering.reshape(dx, outputs[0]!.shape), dgamma];
  },
};

/** ONNX's own operators; `quick` has none. */
const portableGelu: Record<string, (graph: GraphBuilder, x: string) => string> = {
  erf: (graph, x) => graph.op('Gelu', [x]),
  tanh: (graph, x) => graph.op('Gelu', [x], { approximate: 'tanh' }),
  quick: (graph, x) => graph.op('Mul', [x, graph.op('Sigmoid', [graph.op('Mul', [x, graph.scalar(1.702)])])]),
};

const gelu: TraceKernel = {
  kernelName: 'FusedGelu',
  infer: ({ x }) => like(x!),
  nodes: ({ graph, dialect }, { x }, { attrs }) =>
    (dialect === 'portable' ? portableGelu : geluForward)[attrs['variant'] as string]!(graph, x!),
};

const geluGrad: TraceKernel = {
  kernelName: 'FusedGeluGrad',
  infer: ({ x }) => like(x!),
  nodes: ({ graph }, { dy, x }, { attrs }) =>
    graph.op('Mul', [geluDerivative[attrs['variant'] as string]!(graph, x!), dy!]),
};

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

const squaredNorm: TraceKernel = {
  kernelName: 'SquaredNorm',
  infer: () => ({ shape: [], dtype: 'float32' }),
  nodes: ({ graph }, { x }) => graph.op('ReduceSumSquare', [x!], { keepdims: 0 }),
};

const embeddingGrad: TraceKernel = {
  kernelName: 'EmbeddingGrad',
  infer: ({ dy }, { numEmbeddings }) => ({
    shape: [numEmbeddings as number, sizes(dy!).at(-1)!],
    dtype: 'float32',
  }),
  nodes(lowering, { dy, ids }, { attrs, outputs }) {
    const { graph } = lowering;
    let rows = dy!;
    const padding = attrs['paddingIndex'] as number;
    if (padding >= 0) {
      const isReal = graph.op('Not', [graph.op('Equal', [ids!, graph.int32s([padding], [])])]);
      const keep = graph.op('Unsqueeze', [
        graph.op('Cast', [isReal], { to: OnnxType.float32 }),
        graph.ints([1]),
      ]);
      rows = graph.op('Mul', [rows, keep]);
    }
    return scatterRows(lowering, rows, ids!, outputs[0]!.shape);
  },
};

/** Rows added up by id into zeros of the shape. */
export function scatterRows(lowering: Lowering, rows: string, ids: string, shape: readonly Dim[]): string {
  const { graph } = lowering;
  const zeros = graph.op('Expand', [graph.scalar(0), lowering.shape(shape)]);
  const places = graph.op('Unsqueeze', [graph.op('Cast', [ids], { to: OnnxType.int64 }), graph.ints([1])]);
  return graph.op('ScatterND', [zeros, places, rows], { reduction: 'add' });
}

export const fused = [
  layerNorm,
  layerNormGrad,
  rmsNorm,
  rmsNormGrad,
  gelu,
  geluGrad,
  attention,
  attentionGrad,
  squaredNorm,
  embeddingGrad,
];
