import { backend_util, slice_util, util } from '@tensorflow/tfjs-core';
import { like, listOf, sizeOf, sizes, type TraceKernel } from '../kernel';
import { type Dim, isSymbolic } from '../trace/dim';
import type { TraceNode } from '../trace/trace-graph';

const identity: TraceKernel = {
  kernelName: 'Identity',
  infer: ({ x }) => like(x!),
  nodes: (_, { x }) => x!,
};

const reshape: TraceKernel = {
  kernelName: 'Reshape',
  infer({ x }, { shape }) {
    const size = sizeOf(sizes(x!));
    const to = util.inferFromImplicitShape(shape as number[], size);
    util.assert(size === sizeOf(to), () => `Size(${size}) must match the product of shape ${to}`);
    return { shape: to, dtype: x!.dtype };
  },
  // To the shape of the result, whose sizes are known even where the attribute has a -1.
  nodes: (lowering, { x }, { outputs }) => lowering.reshape(x!, outputs[0]!.shape),
};

const expandDims: TraceKernel = {
  kernelName: 'ExpandDims',
  infer({ input }, { dim }) {
    const shape = [...sizes(input!)];
    const at = dim as number;
    shape.splice(at < 0 ? shape.length + at + 1 : at, 0, 1);
    return { shape, dtype: input!.dtype };
  },
  nodes: (lowering, { input }, { outputs }) => lowering.reshape(input!, outputs[0]!.shape),
};

const transpose: TraceKernel = {
  kernelName: 'Transpose',
  infer: ({ x }, { perm }) => ({
    shape: (perm as number[]).map((axis) => x!.shape[axis]!),
    dtype: x!.dtype,
  }),
  nodes(lowering, { x }, { inputs, attrs }) {
    const perm = attrs['perm'] as number[];
    const noted = lowering.notes.get(inputs['x']!);
    if (noted !== undefined && perm.join() === '0,2,1,3') return noted;
    if (perm.every((axis, i) => axis === i)) return x!;
    return lowering.graph.op('Transpose', [x!], { perm });
  },
};

const axisOf = (node: Pick<TraceNode, 'attrs'>, rank: number, name = 'axis') => {
  const axis = node.attrs[name] as number;
  return axis < 0 ? axis + rank : axis;
};

const concat: TraceKernel = {
  kernelName: 'Concat',
  infer(inputs, attrs) {
    const values = listOf(inputs);
    const axis = util.parseAxisParam(attrs['axis'] as number, sizes(values[0]!))[0]!;
    const shapes = values.map(sizes);
    backend_util.assertParamsConsistent(shapes, axis);
    return { shape: backend_util.computeOutShape(shapes, axis), dtype: values[0]!.dtype };
  },
  nodes: ({ graph }, inputs, node) =>
    graph.op('Concat', listOf(inputs), { axis: axisOf(node, node.outputs[0]!.shape.length) }),
};

const pack: TraceKernel = {
  kernelName: 'Pack',
  infer(inputs, attrs) {
    const values = listOf(inputs);
    const shape = [...sizes(values[0]!)];
    const axis = attrs['axis'] as number;
    shape.splice(axis < 0 ? axis + shape.length + 1 : axis, 0, values.length);
    return { shape, dtype: values[0]!.dtype };
  },
  nodes(lowering, inputs, node) {
    const { shape } = node.outputs[0]!;
    const axis = axisOf(node, shape.length);
    const one = shape.map((size, i) => (i === axis ? 1 : size));
    const parts = listOf(inputs).map((x) => lowering.reshape(x, one));
    return lowering.graph.op('Concat', parts, { axis });
  },
};

/** `begin` and `size` become whole numbers for every axis while tracing, so that sizes of them can be dynamic. */
const slice: TraceKernel = {
  kernelName: 'Slice',
  infer({ x }, { begin, size }) {
    const [at, extent] = slice_util.parseSliceParams(
      { shape: sizes(x!), rank: x!.shape.length } as never,
      begin as number[],
      size as number[],
    );
    slice_util.assertParamsValid({ shape: sizes(x!), rank: x!.shape.length } as never, at!, extent!);
    return { shape: extent!, dtype: x!.dtype };
  },
  nodes(lowering, { x }, { inputs, attrs, outputs }) {
    const from = inputs['x']!.shape;
    const given = attrs['begin'] as Dim | readonly Dim[];
    const list = typeof given === 'number' || isSymbolic(given) ? [given as Dim] : [...(given as Dim[])];
    const begin = from.map((_, axis) => list[axis] ?? 0);
    const end = begin.map((at, axis) => {
      const extent = outputs[0]!.shape[axis]!;
      if (!isSymbolic(at) && !isSymbolic(extent)) return at + extent;
      if (at === 0) return extent;
      // Up to the end of the axis, whatever its size.
      return 2 ** 31 - 1;
    });
    const { graph } = lowering;
    const axes = from.map((_, axis) => axis).filter((axis) => begin[axis] !== 0 || end[axis] !== from[axis]);
    if (axes.length === 0) return x!;
    const of = (dims: readonly Dim[]) => lowering.shape(axes.map((axis) => dims[axis]!));
    return graph.op('Slice', [x!, of(begin), of(end), graph.ints(axes)]);
  },
};

const splitSizes = (shape: readonly number[], attrs: Readonly<Record<string, unknown>>) => {
  const axis = util.parseAxisParam(attrs['axis'] as number, shape as number[])[0]!;
  const parts = backend_util.prepareSplitSize(
    { shape } as never,
    attrs['numOrSizeSplits'] as number | number[],
    axis,
  );
  return { axis, parts };
};

const splitV: TraceKernel = {
  kernelName: 'SplitV',
  several: true,
  infer({ x }, attrs) {
    const { axis, parts } = splitSizes(sizes(x!), attrs);
    return parts.map((extent) => ({
      shape: x!.shape.map((size, i) => (i === axis ? extent : size)),
      dtype: x!.dtype,
    }));
  },
  nodes(lowering, { x }, node) {
    const axis = axisOf(node, node.inputs['x']!.shape.length);
    const parts = node.outputs.map(({ shape }) => shape[axis]!);
    const operands = [x!, lowering.shape(parts)];
    return lowering.graph.node('Split', operands, { axis }, { outputs: parts.length });
  },
};

const unpack: TraceKernel = {
  kernelName: 'Unpack',
  several: true,
  infer({ value }, { axis }) {
    const at = util.parseAxisParam(axis as number, sizes(value!))[0]!;
    const shape = value!.shape.filter((_, i) => i !== at);
    return Array.from({ length: sizes(value!)[at]! }, () => ({ shape, dtype: value!.dtype }));
  },
  nodes(lowering, { value }, node) {
    const axis = axisOf(node, node.inputs['value']!.shape.length);
    return node.outputs.map((_, i) =>
      lowering.graph.op('Gather', [value!, lowering.graph.ints([i], [])], { axis }),
    );
  },
};

const pad: TraceKernel = {
  kernelName: 'PadV2',
  infer: ({ x }, { paddings }) => ({
    shape: sizes(x!).map(
      (size, i) => size + (paddings as number[][])[i]![0]! + (paddings as number[][])[i]![1]!,
    ),
    dtype: x!.dtype,
  }),
  nodes(lowering, { x }, { inputs, attrs }) {
    const pairs = attrs['paddings'] as number[][];
    const pads = lowering.graph.ints([
      ...pairs.map(([before]) => before!),
      ...pairs.map(([, after]) => after!),
    ]);
    const value = lowering.scalar(attrs['constantValue'] as number, inputs['x']!.dtype);
    return lowering.graph.op('Pad', [x!, pads, value]);
  },
};

const tile: TraceKernel = {
  kernelName: 'Tile',
  infer: ({ x }, { reps }) => ({
    shape: sizes(x!).map((size, i) => size * (reps as number[])[i]!),
    dtype: x!.dtype,
  }),
  nodes: (lowering, { x }, { attrs }) =>
    lowering.graph.op('Tile', [x!, lowering.shape(attrs['reps'] as Dim[])]),
};

const broadcastTo: TraceKernel = {
  kernelName: 'BroadcastTo',
  infer: ({ x }, { shape }) => ({ shape: shape as number[], dtype: x!.dtype }),
  nodes: (lowering, { x }, { outputs }) =>
    lowering.graph.op('Expand', [x!, lowering.shape(outputs[0]!.shape)]),
};

const gather: TraceKernel = {
  kernelName: 'GatherV2',
  infer({ x, indices }, { axis, batchDims }) {
    const at = util.parseAxisParam(axis as number, sizes(x!))[0]!;
    const shape = [
      ...x!.shape.slice(0, at),
      ...indices!.shape.slice((batchDims as number) ?? 0),
      ...x!.shape.slice(at + 1),
    ];
    return { shape, dtype: x!.dtype };
  },
  nodes({ graph }, { x, indices }, node) {
    const axis = axisOf(node, node.inputs['x']!.shape.length);
    if (!node.attrs['batchDims']) return graph.op('Gather', [x!, indices!], { axis });
    throw new Error('GatherV2 with batchDims');
  },
};

export const layout = [
  identity,
  reshape,
  expandDims,
  transpose,
  concat,
  pack,
  slice,
  splitV,
  unpack,
  pad,
  tile,
  broadcastTo,
  gather,
];
