import type { GraphBuilder } from '@crossmodal/onnx-graph';
import { OnnxType } from '@crossmodal/onnx-graph';
import { util } from '@tensorflow/tfjs-core';
import { type Attrs, like, sizes, type TraceKernel } from '../kernel';
import type { DType } from '../trace/trace-graph';
import { scans } from './scan';
import { cast } from './types';

/** The axes from the front, which hold for any sizes. */
function axesOf(rank: number, attrs: Attrs): number[] {
  const axis = (attrs['axis'] ?? attrs['reductionIndices']) as number | number[] | null | undefined;
  const list = axis ?? Array.from({ length: rank }, (_, i) => i);
  return [list].flat().map((at) => (at < 0 ? at + rank : at));
}

interface Reduction {
  /** What comes out of each type. */
  result(dtype: DType): DType;
  /** What it computes in. */
  computes(dtype: DType): DType;
  build(graph: GraphBuilder, x: string, axes: string, keepdims: number, dtype: DType): string;
}

const reduction = (kernelName: string, { result, computes, build }: Reduction): TraceKernel => ({
  kernelName,
  infer({ x }, attrs) {
    const axes = util.parseAxisParam(
      (attrs['axis'] ?? attrs['reductionIndices'] ?? null) as never,
      sizes(x!),
    );
    return {
      shape: x!.shape.flatMap((size, i) => (axes.includes(i) ? (attrs['keepDims'] ? [1] : []) : [size])),
      dtype: result(x!.dtype),
    };
  },
  nodes(lowering, { x }, { inputs, attrs, outputs }) {
    const { dtype, shape } = inputs['x']!;
    const axes = axesOf(shape.length, attrs);
    const within = computes(dtype);
    let y = cast(lowering, x!, dtype, within);
    // Of no axes, ONNX's operators reduce all.
    if (axes.length > 0)
      y = build(lowering.graph, y, lowering.graph.ints(axes), attrs['keepDims'] ? 1 : 0, within);
    return cast(lowering, y, within, outputs[0]!.dtype);
  },
});

const intAtLeast = (dtype: DType): DType => (dtype === 'bool' ? 'int32' : dtype);
const node =
  (opType: string): Reduction['build'] =>
  (graph, x, axes, keepdims) =>
    graph.op(opType, [x, axes], { keepdims });

/** ONNX Runtime passes over what is not a number; in tfjs nothing is greater. */
const extreme = (opType: string): Reduction => ({
  result: (dtype) => dtype,
  computes: intAtLeast,
  build(graph, x, axes, keepdims, dtype) {
    const y = graph.op(opType, [x, axes], { keepdims });
    if (dtype !== 'float32') return y;
    const isNan = graph.op('Cast', [graph.op('IsNaN', [x])], { to: OnnxType.float32 });
    const any = graph.op('Greater', [graph.op('ReduceMax', [isNan, axes], { keepdims }), graph.scalar(0)]);
    return graph.op('Where', [any, graph.scalar(Number.NaN), y]);
  },
});
const boolean = (opType: string): Reduction => ({
  result: () => 'bool',
  computes: () => 'int32',
  build: node(opType),
});

const arg = (kernelName: string): TraceKernel => ({
  kernelName,
  infer({ x }, { axis }) {
    const at = util.parseAxisParam(axis as number, sizes(x!))[0]!;
    return { shape: x!.shape.filter((_, i) => i !== at), dtype: 'int32' };
  },
  nodes(lowering, { x }, { inputs, attrs }) {
    const { dtype, shape } = inputs['x']!;
    const [axis] = axesOf(shape.length, attrs);
    const of = cast(lowering, x!, dtype, intAtLeast(dtype));
    const index = lowering.graph.op(kernelName, [of], { axis: axis!, keepdims: 0 });
    return lowering.graph.op('Cast', [index], { to: OnnxType.int32 });
  },
});

const softmax: TraceKernel = {
  kernelName: 'Softmax',
  infer: ({ logits }) => like(logits!),
  nodes: ({ graph }, { logits }, { attrs }) =>
    graph.op('Softmax', [logits!], { axis: (attrs['dim'] as number) ?? -1 }),
};

export const reductions = [
  reduction('Sum', { result: intAtLeast, computes: intAtLeast, build: node('ReduceSum') }),
  reduction('Prod', { result: intAtLeast, computes: intAtLeast, build: node('ReduceProd') }),
  reduction('Mean', { result: () => 'float32', computes: () => 'float32', build: node('ReduceMean') }),
  reduction('Max', extreme('ReduceMax')),
  reduction('Min', extreme('ReduceMin')),
  reduction('Any', boolean('ReduceMax')),
  reduction('All', boolean('ReduceMin')),
  arg('ArgMax'),
  arg('ArgMin'),
  softmax,
  ...scans,
];
