import { backend_util, slice_util, util } from '@tensorflow/tfjs-core';
import { like, listOf, sizeOf, sizes, type TraceKernel } from '../kernel';
import { addDims, type Dim } from '../trace/dim';
import type { TraceNode } from '../trace/trace-graph';
import { cast } from './types';

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
  nodes(lowering, inputs, node) {
    const [output] = node.outputs;
    const parts = Object.entries(inputs).map(([name, x]) =>
      cast(lowering, x, node.inputs[name]!.dtype, output!.dtype),
    );
    return lowering.graph.op('Concat', parts, { axis: axisOf(node, output!.shape.length) });
  },
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

/** Settled: a first index and an extent for every axis. */
const slice: TraceKernel = {
  kernelName: 'Slice',
  settle({ x }, attrs) {
    const from = { shape: sizes(x!), rank: x!.shape.length } as never;
    const [begin, size] = slice_util.parseSliceParams(
      from,
      attrs['begin'] as number[],
      attrs['size'] as number[],
    );
    slice_util.assertParamsValid(from, begin!, size!);
    return { begin, size };
  },
  infer: ({ x }, { size }) => ({ shape: size as number[], dtype: x!.dtype }),
  nodes(lowering, { x }, { inputs, attrs, outputs }) {
    const from = inputs['x']!.shape;
    const begin = attrs['begin'] as Dim[];
    const end = begin.map((at, axis) => addDims(at, outputs[0]!.shape[axis]!));
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

export const layout = [identity, reshape, expandDims, transpose, concat, pack, slice, splitV, unpack];
