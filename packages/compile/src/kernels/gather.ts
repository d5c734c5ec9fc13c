import { OnnxType } from '@crossmodal/onnx-graph';
import { util } from '@tensorflow/tfjs-core';
import { sizes, type TraceKernel } from '../kernel';
import type { Lowering } from '../lower/lowering';
import type { Dim } from '../trace/dim';
import { indices as counting } from './fill';
import { cast } from './types';

const wide = ({ graph }: Lowering, x: string) => graph.op('Cast', [x], { to: OnnxType.int64 });

const gather: TraceKernel = {
  kernelName: 'GatherV2',
  settle({ x, indices }, { axis, batchDims }) {
    const b = (batchDims as number) ?? 0;
    return {
      axis: util.parseAxisParam(axis as number, sizes(x!))[0]!,
      batchDims: b < 0 ? b + indices!.shape.length : b,
    };
  },
  infer({ x, indices }, attrs) {
    const { axis, batchDims } = attrs as Record<string, number>;
    const shape = [
      ...x!.shape.slice(0, axis),
      ...indices!.shape.slice(batchDims),
      ...x!.shape.slice(axis! + 1),
    ];
    return { shape, dtype: x!.dtype };
  },
  nodes(lowering, { x, indices }, node) {
    const { graph } = lowering;
    const { axis, batchDims } = node.attrs as Record<'axis' | 'batchDims', number>;
    if (batchDims === 0) return graph.op('Gather', [x!, indices!], { axis });
    // The axis comes after those of the batch, and what lies between them back before the new axes.
    const rank = node.inputs['x']!.shape.length;
    const added = node.inputs['indices']!.shape.length - batchDims;
    const batch = Array.from({ length: batchDims }, (_, i) => i);
    const between = Array.from({ length: axis - batchDims }, (_, i) => batchDims + i);
    const after = Array.from({ length: rank - axis - 1 }, (_, i) => axis + 1 + i);
    const first = graph.op('Transpose', [x!], { perm: [...batch, axis, ...between, ...after] });
    const places = graph.op('Unsqueeze', [wide(lowering, indices!), graph.ints([-1])]);
    const y = graph.op('GatherND', [first, places], { batch_dims: batchDims });
    if (between.length === 0) return y;
    const perm = [
      ...batch,
      ...between.map((i) => i + added),
      ...Array.from({ length: added }, (_, i) => batchDims + i),
      ...after.map((i) => i - 1 + added),
    ];
    return graph.op('Transpose', [y], { perm });
  },
};

const gatherNd: TraceKernel = {
  kernelName: 'GatherNd',
  infer: ({ params, indices }) => ({
    shape: [...indices!.shape.slice(0, -1), ...params!.shape.slice(sizes(indices!).at(-1)!)],
    dtype: params!.dtype,
  }),
  nodes: (lowering, { params, indices }) =>
    lowering.graph.op('GatherND', [params!, wide(lowering, indices!)]),
};

/** Values added up, where places are the same. */
const scatterNd: TraceKernel = {
  kernelName: 'ScatterNd',
  infer: ({ updates }, { shape }) => ({ shape: shape as number[], dtype: updates!.dtype }),
  nodes(lowering, { indices, updates }, { outputs: [output] }) {
    const { graph } = lowering;
    const zeros = graph.op('Expand', [lowering.scalar(0, output!.dtype), lowering.shape(output!.shape)]);
    return graph.op('ScatterND', [zeros, wide(lowering, indices!), updates!], { reduction: 'add' });
  },
};

const tensorScatterUpdate: TraceKernel = {
  kernelName: 'TensorScatterUpdate',
  infer: ({ tensor }) => ({ shape: tensor!.shape, dtype: tensor!.dtype }),
  nodes: (lowering, { tensor, indices, updates }) =>
    lowering.graph.op('ScatterND', [tensor!, wide(lowering, indices!), updates!]),
};

/** Places of any rank up to 2, and values that may be one for all. */
const sparseToDense: TraceKernel = {
  kernelName: 'SparseToDense',
  infer: ({ sparseValues }, { outputShape }) => ({
    shape: outputShape as number[],
    dtype: sparseValues!.dtype,
  }),
  nodes(lowering, names, { inputs, outputs: [output] }) {
    const { graph } = lowering;
    const places = inputs['sparseIndices']!.shape;
    const [count, depth] = [places[0] ?? 1, places[1] ?? 1];
    const base = graph.op('Expand', [
      lowering.reshape(names['defaultValue']!, []),
      lowering.shape(output!.shape),
    ]);
    const at = lowering.reshape(wide(lowering, names['sparseIndices']!), [count, depth]);
    const values = graph.op('Expand', [names['sparseValues']!, lowering.shape([count])]);
    return graph.op('ScatterND', [base, at, values]);
  },
};

/** Rows added up by segment; those of segments that there are not count nowhere. */
const unsortedSegmentSum: TraceKernel = {
  kernelName: 'UnsortedSegmentSum',
  infer: ({ x }, { numSegments }) => ({
    shape: [numSegments as number, ...x!.shape.slice(1)],
    dtype: 'float32',
  }),
  nodes(lowering, { x, segmentIds }, { inputs, attrs, outputs: [output] }) {
    const { graph } = lowering;
    const { shape, dtype } = inputs['x']!;
    const count = attrs['numSegments'] as Dim;
    const end = graph.op('Cast', [graph.op('Squeeze', [lowering.dim(count)])], { to: OnnxType.int32 });
    const zero = graph.int32s([0], []);
    const isThere = graph.op('And', [
      graph.op('GreaterOrEqual', [segmentIds!, zero]),
      graph.op('Less', [segmentIds!, end]),
    ]);
    const places = graph.op('Where', [isThere, segmentIds!, zero]);
    const column = lowering.reshape(isThere, [shape[0]!, ...shape.slice(1).map(() => 1)]);
    const rows = graph.op('Where', [column, cast(lowering, x!, dtype, 'float32'), graph.scalar(0)]);
    const zeros = graph.op('Expand', [graph.scalar(0), lowering.shape(output!.shape)]);
    const at = graph.op('Unsqueeze', [wide(lowering, places), graph.ints([1])]);
    return graph.op('ScatterND', [zeros, at, rows], { reduction: 'add' });
  },
};

const topK: TraceKernel = {
  kernelName: 'TopK',
  infer({ x }, { k }) {
    const shape = [...x!.shape.slice(0, -1), k as number];
    return [
      { shape, dtype: x!.dtype },
      { shape, dtype: 'int32' },
    ];
  },
  nodes(lowering, { x }, { inputs, attrs }) {
    const { graph } = lowering;
    const { dtype } = inputs['x']!;
    const of = dtype === 'bool' ? 'int32' : dtype;
    const operands = [cast(lowering, x!, dtype, of), lowering.dim(attrs['k'] as Dim)];
    const [values, places] = graph.node('TopK', operands, { axis: -1 }, { outputs: 2 });
    return [cast(lowering, values!, of, dtype), graph.op('Cast', [places!], { to: OnnxType.int32 })];
  },
};

/** How many values of each row lie before each of the others. */
const searchSorted: TraceKernel = {
  kernelName: 'SearchSorted',
  infer: ({ values }) => ({ shape: values!.shape, dtype: 'int32' }),
  nodes({ graph }, { sortedSequence, values }, { attrs }) {
    const sorted = graph.op('Unsqueeze', [sortedSequence!, graph.ints([1])]);
    const sought = graph.op('Unsqueeze', [values!, graph.ints([2])]);
    const before = graph.op(attrs['side'] === 'left' ? 'Less' : 'LessOrEqual', [sorted, sought]);
    const ones = graph.op('Cast', [before], { to: OnnxType.int32 });
    return graph.op('ReduceSum', [ones, graph.ints([2])], { keepdims: 0 });
  },
};

/** Weights, or ones, added up by value along the last axis; of matrices also whether there are any. */
const bincount = (kernelName: string): TraceKernel => ({
  kernelName,
  infer: ({ x, weights }, { size }) => ({
    shape: [...x!.shape.slice(0, -1), size as number],
    dtype: weights!.dtype,
  }),
  nodes(lowering, { x, weights }, { inputs, attrs, outputs: [output] }) {
    const { graph } = lowering;
    const column = graph.op('Unsqueeze', [x!, graph.ints([-1])]);
    const isValue = graph.op('Equal', [column, counting(lowering, attrs['size'] as Dim)]);
    const { dtype } = output!;
    let counted = graph.op('Cast', [isValue], { to: OnnxType[dtype] });
    const isWeighted = inputs['weights']!.shape.length > 0 && !inputs['weights']!.shape.includes(0);
    const isBinary = attrs['binaryOutput'] && inputs['x']!.shape.length > 1;
    if (isWeighted && !isBinary)
      counted = graph.op('Mul', [counted, graph.op('Unsqueeze', [weights!, graph.ints([-1])])]);
    const along = graph.ints([inputs['x']!.shape.length - 1]);
    return graph.op(isBinary ? 'ReduceMax' : 'ReduceSum', [counted, along], { keepdims: 0 });
  },
});

/** Two shapes as tensors. */
const broadcastArgs: TraceKernel = {
  kernelName: 'BroadcastArgs',
  infer: ({ s0, s1 }) => ({ shape: [Math.max(sizes(s0!)[0]!, sizes(s1!)[0]!)], dtype: 'int32' }),
  nodes(lowering, { s0, s1 }, { inputs, outputs: [output] }) {
    const { graph } = lowering;
    const one = graph.int32s([1], []);
    const [a, b] = Object.entries({ s0, s1 }).map(([name, x]) => {
      const missing = (output!.shape[0] as number) - (inputs[name]!.shape[0] as number);
      return graph.op('Pad', [x!, graph.ints([missing, 0]), one]);
    });
    return graph.op('Where', [graph.op('Equal', [a!, one]), b!, a!]);
  },
};

export const gathers = [
  gather,
  gatherNd,
  scatterNd,
  tensorScatterUpdate,
  sparseToDense,
  unsortedSegmentSum,
  topK,
  searchSorted,
  bincount('Bincount'),
  bincount('DenseBincount'),
  broadcastArgs,
];
