import { OnnxType } from '@crossmodal/onnx-graph';
import { util } from '@tensorflow/tfjs-core';
import { type Attrs, like, sizes, type TraceKernel } from '../kernel';
import type { Abstract, DType, Value } from '../trace/trace-graph';

const axesOf = (x: Value, attrs: Attrs) =>
  util.parseAxisParam((attrs['axis'] ?? attrs['reductionIndices'] ?? null) as never, sizes(x));

function reduced(x: Value, attrs: Attrs, dtype: DType = x.dtype): Abstract {
  const axes = axesOf(x, attrs);
  return {
    shape: x.shape.flatMap((size, i) => (axes.includes(i) ? (attrs['keepDims'] ? [1] : []) : [size])),
    dtype,
  };
}

/** The axes as `infer` saw them hold for any sizes. */
const axesAttribute = (rank: number, attrs: Attrs): number[] => {
  const axis = (attrs['axis'] ?? attrs['reductionIndices']) as number | number[] | null | undefined;
  const list =
    axis === undefined || axis === null ? Array.from({ length: rank }, (_, i) => i) : [axis].flat();
  return list.map((at) => (at < 0 ? at + rank : at));
};

const reduction = (kernelName: string, opType: string, dtype?: DType): TraceKernel => ({
  kernelName,
  infer: ({ x }, attrs) => reduced(x!, attrs, dtype),
  nodes({ graph }, { x }, { inputs, attrs }) {
    const rank = inputs['x']!.shape.length;
    const axes = axesAttribute(rank, attrs);
    if (rank === 0) return x!;
    const isBool = inputs['x']!.dtype === 'bool';
    const input = isBool ? graph.op('Cast', [x!], { to: OnnxType.int32 }) : x!;
    const y = graph.op(opType, [input, graph.ints(axes)], { keepdims: attrs['keepDims'] ? 1 : 0 });
    return isBool ? graph.op('Cast', [y], { to: OnnxType.bool }) : y;
  },
});

const arg = (kernelName: string): TraceKernel => ({
  kernelName,
  infer({ x }, { axis }) {
    const at = util.parseAxisParam(axis as number, sizes(x!))[0]!;
    return { shape: x!.shape.filter((_, i) => i !== at), dtype: 'int32' };
  },
  nodes({ graph }, { x }, { attrs }) {
    const index = graph.op(kernelName, [x!], { axis: attrs['axis'] as number, keepdims: 0 });
    return graph.op('Cast', [index], { to: OnnxType.int32 });
  },
});

const softmaxLike = (kernelName: string, opType: string): TraceKernel => ({
  kernelName,
  infer: ({ logits, x }) => like((logits ?? x)!),
  nodes: ({ graph }, { logits, x }, { attrs }) =>
    graph.op(opType, [(logits ?? x)!], { axis: (attrs['dim'] ?? attrs['axis'] ?? -1) as number }),
});

const cumsum: TraceKernel = {
  kernelName: 'Cumsum',
  infer: ({ x }) => like(x!),
  nodes: ({ graph }, { x }, { attrs }) =>
    graph.op('CumSum', [x!, graph.ints([attrs['axis'] as number], [])], {
      exclusive: attrs['exclusive'] ? 1 : 0,
      reverse: attrs['reverse'] ? 1 : 0,
    }),
};

export const reductions = [
  reduction('Sum', 'ReduceSum'),
  reduction('Mean', 'ReduceMean'),
  reduction('Max', 'ReduceMax'),
  reduction('Min', 'ReduceMin'),
  reduction('Prod', 'ReduceProd'),
  reduction('Any', 'ReduceMax', 'bool'),
  reduction('All', 'ReduceMin', 'bool'),
  arg('ArgMax'),
  arg('ArgMin'),
  softmaxLike('Softmax', 'Softmax'),
  softmaxLike('LogSoftmax', 'LogSoftmax'),
  cumsum,
];
