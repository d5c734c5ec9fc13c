import { backend_util, slice_util, type TensorInfo, util } from '@tensorflow/tfjs-core';
import {
  type DType,
  feed,
  type HostKernel,
  int64s,
  isFloat,
  type KernelCall,
  type OnnxKernel,
  scalarInput,
  sizeOf,
} from '../kernel';

const isNumeric = (...tensors: TensorInfo[]) =>
  tensors.every(({ dtype }) => ['float32', 'int32', 'bool'].includes(dtype));

/** The same permutation with axes of size 1 dropped and axes that stay neighbours merged. */
export function mergePermutation(
  shape: readonly number[],
  perm: number[],
): { shape: number[]; perm: number[] } {
  const order = perm.filter((axis) => shape[axis] !== 1);
  const groups: number[][] = [];
  for (const axis of order) {
    const last = groups.at(-1)?.at(-1);
    const skipped = last === undefined ? [] : shape.slice(last + 1, axis);
    if (last !== undefined && axis > last && skipped.every((size) => size === 1)) groups.at(-1)!.push(axis);
    else groups.push([axis]);
  }
  const sorted = [...groups].sort((a, b) => a[0]! - b[0]!);
  return {
    shape: sorted.map((group) => sizeOf(group.map((axis) => shape[axis]!))),
    perm: groups.map((group) => sorted.indexOf(group)),
  };
}

/** A transposed copy, or an alias where no element moves. */
export function transpose(
  { backend }: Pick<KernelCall, 'backend'>,
  x: TensorInfo,
  perm: number[],
): TensorInfo {
  const shape = perm.map((axis) => x.shape[axis]!);
  const merged = mergePermutation(x.shape, perm);
  if (merged.perm.every((axis, i) => axis === i)) return backend.reshape(x, shape);
  const graphShape = merged.perm.map((axis) => merged.shape[axis]!);
  return backend.run({
    key: `Transpose ${x.dtype} ${merged.perm}`,
    inputs: [feed(x, merged.shape)],
    outputs: [{ dtype: x.dtype as DType, shape, graphShape }],
    build: (graph, [a]) => [graph.op('Transpose', [a!], { perm: merged.perm })],
  })[0]!;
}

const transposeKernel: HostKernel = {
  kernelName: 'Transpose',
  compute(call) {
    const { x } = call.inputs;
    return isNumeric(x!) ? transpose(call, x!, call.attrs['perm'] as number[]) : undefined;
  },
};

/** A block of a tensor: an alias when it is one run of memory and not a small part of a large one. */
export function slice(
  { backend }: Pick<KernelCall, 'backend'>,
  x: TensorInfo,
  begin: number[],
  size: number[],
): TensorInfo {
  const first = size.findIndex((extent) => extent !== 1);
  const contiguous = first === -1 || size.every((extent, axis) => axis <= first || extent === x.shape[axis]);
  if (contiguous && sizeOf(size) * 16 >= sizeOf(x.shape)) {
    const strides = util.computeStrides(x.shape);
    const offset = begin.reduce((sum, at, axis) => sum + at * (strides[axis] ?? 1), 0);
    return backend.view(x, offset, size);
  }
  const end = begin.map((at, axis) => at + size[axis]!);
  return backend.run({
    key: `Slice ${x.dtype} ${x.shape.length}`,
    inputs: [feed(x), int64s(begin), int64s(end)],
    outputs: [{ dtype: x.dtype as DType, shape: size }],
    build: (graph, inputs) => [graph.op('Slice', inputs)],
  })[0]!;
}

const sliceKernel: HostKernel = {
  kernelName: 'Slice',
  compute(call) {
    const { x } = call.inputs;
    if (!isNumeric(x!)) return;
    const { begin, size } = call.attrs as { begin: number[]; size: number[] };
    const [at, extent] = slice_util.parseSliceParams(x! as never, begin, size);
    slice_util.assertParamsValid(x!, at!, extent!);
    return extent!.includes(0) ? undefined : slice(call, x!, at!, extent!);
  },
};

const stridedSlice: OnnxKernel = {
  kernelName: 'StridedSlice',
  plan({ x }, attrs) {
    const { begin, end, strides, beginMask, endMask, ellipsisMask, newAxisMask, shrinkAxisMask } =
      attrs as never as {
        [name in 'begin' | 'end' | 'strides']: number[];
      } & { [name in 'beginMask' | 'endMask' | 'ellipsisMask' | 'newAxisMask' | 'shrinkAxisMask']: number };
    const info = slice_util.sliceInfo(
      x!.shape,
      begin,
      end,
      strides,
      beginMask,
      endMask,
      ellipsisMask,
      newAxisMask,
      shrinkAxisMask,
    );
    if (!isNumeric(x!) || info.isIdentity || info.sliceDim0 || info.isSimpleSlice) return;
    if (info.finalShapeSparse.includes(0) || info.finalShape.includes(0)) return;
    const graphShape = slice_util.computeOutShape(info.begin, info.end, info.strides);
    if (graphShape.includes(0)) return;
    // A negative stride runs past the first element: -1 would mean the last one there.
    const ends = info.end.map((at, axis) => (info.strides[axis]! < 0 && at < 0 ? -(2 ** 31) : at));
    const axes = info.begin.map((_, axis) => axis);
    return {
      key: `StridedSlice ${x!.dtype} ${x!.shape.length}`,
      inputs: [feed(x!), int64s(info.begin), int64s(ends), int64s(axes), int64s(info.strides)],
      outputs: [{ dtype: x!.dtype as DType, shape: info.finalShape, graphShape }],
      build: (graph, inputs) => [graph.op('Slice', inputs)],
    };
  },
};

const splitV: HostKernel = {
  kernelName: 'SplitV',
  compute(call) {
    const { x } = call.inputs;
    if (!isNumeric(x!)) return;
    const axis = util.parseAxisParam(call.attrs['axis'] as number, x!.shape)[0]!;
    const sizes = backend_util.prepareSplitSize(x! as never, call.attrs['numOrSizeSplits'] as number[], axis);
    if (sizes.includes(0)) return;
    let at = 0;
    return sizes.map((extent) => {
      const begin = x!.shape.map((_, i) => (i === axis ? at : 0));
      at += extent;
      return slice(
        call,
        x!,
        begin,
        x!.shape.map((size, i) => (i === axis ? extent : size)),
      );
    });
  },
};

const unpack: HostKernel = {
  kernelName: 'Unpack',
  compute(call) {
    const x = call.inputs['value']!;
    if (!isNumeric(x)) return;
    const axis = util.parseAxisParam(call.attrs['axis'] as number, x.shape)[0]!;
    const shape = x.shape.filter((_, i) => i !== axis);
    return Array.from({ length: x.shape[axis]! }, (_, at) => {
      const part = slice(
        call,
        x,
        x.shape.map((_, i) => (i === axis ? at : 0)),
        x.shape.map((size, i) => (i === axis ? 1 : size)),
      );
      return { ...part, shape };
    });
  },
};

function concat({ backend }: KernelCall, tensors: TensorInfo[], axis: number, shape: number[]): TensorInfo {
  const outer = sizeOf(shape.slice(0, axis));
  const dtype = tensors[0]!.dtype as DType;
  return backend.run({
    key: `Concat ${dtype} ${tensors.length}`,
    inputs: tensors.map((tensor) => feed(tensor, [outer, sizeOf(tensor.shape) / outer])),
    outputs: [{ dtype, shape, graphShape: [outer, sizeOf(shape) / outer] }],
    build: (graph, inputs) => [graph.op('Concat', inputs, { axis: 1 })],
  })[0]!;
}

const concatKernel: HostKernel = {
  kernelName: 'Concat',
  compute(call) {
    const tensors = (call.inputs as unknown as TensorInfo[]).filter((tensor) => sizeOf(tensor.shape) > 0);
    if (
      tensors.length < 2 ||
      !isNumeric(...tensors) ||
      tensors.some(({ dtype }) => dtype !== tensors[0]!.dtype)
    )
      return;
    const axis = util.parseAxisParam(call.attrs['axis'] as number, tensors[0]!.shape)[0]!;
    const shapes = tensors.map((tensor) => tensor.shape);
    backend_util.assertParamsConsistent(shapes, axis);
    const shape = backend_util.computeOutShape(shapes, axis);
    return concat(call, tensors, axis, shape);
  },
};

const pack: HostKernel = {
  kernelName: 'Pack',
  compute(call) {
    const tensors = call.inputs as unknown as TensorInfo[];
    const { shape, dtype } = tensors[0]!;
    if (tensors.length < 2 || !isNumeric(...tensors) || sizeOf(shape) === 0) return;
    if (tensors.some((x) => x.dtype !== dtype || x.shape.join() !== shape.join())) return;
    const axis = util.parseAxisParam(call.attrs['axis'] as number, [...shape, 1])[0]!;
    return concat(call, tensors, axis, [...shape.slice(0, axis), tensors.length, ...shape.slice(axis)]);
  },
};

const padV2: OnnxKernel = {
  kernelName: 'PadV2',
  plan({ x }, { paddings, constantValue }) {
    const pairs = paddings as number[][];
    if (!isFloat(x!) || sizeOf(x!.shape) < 64 || x!.shape.length === 0) return;
    return {
      key: `PadV2 ${x!.shape.length}`,
      inputs: [
        feed(x!),
        int64s([...pairs.map(([before]) => before!), ...pairs.map(([, after]) => after!)]),
        scalarInput(constantValue as number),
      ],
      outputs: [
        { dtype: 'float32', shape: x!.shape.map((size, axis) => size + pairs[axis]![0]! + pairs[axis]![1]!) },
      ],
      build: (graph, inputs) => [graph.op('Pad', inputs)],
    };
  },
};

const mirrorPad: OnnxKernel = {
  kernelName: 'MirrorPad',
  plan({ x }, { paddings, mode }) {
    const pairs = paddings as number[][];
    if (!isFloat(x!) || mode !== 'reflect' || x!.shape.length === 0) return;
    return {
      key: `MirrorPad ${x!.shape.length}`,
      inputs: [feed(x!), int64s([...pairs.map(([before]) => before!), ...pairs.map(([, after]) => after!)])],
      outputs: [
        { dtype: 'float32', shape: x!.shape.map((size, axis) => size + pairs[axis]![0]! + pairs[axis]![1]!) },
      ],
      build: (graph, inputs) => [graph.op('Pad', inputs, { mode: 'reflect' })],
    };
  },
};

const gather: HostKernel = {
  kernelName: 'GatherV2',
  compute({ inputs: { x, indices }, attrs, backend }) {
    if (!isNumeric(x!) || indices!.dtype !== 'int32' || (attrs['batchDims'] as number)) return;
    const axis = util.parseAxisParam(attrs['axis'] as number, x!.shape)[0]!;
    const extent = x!.shape[axis]!;
    for (const index of backend.values(indices!)) {
      util.assert(
        index >= 0 && index < extent,
        () => `GatherV2: the index value ${index} is not in [0, ${extent - 1}]`,
      );
    }
    const outer = sizeOf(x!.shape.slice(0, axis));
    const inner = sizeOf(x!.shape.slice(axis + 1));
    const count = sizeOf(indices!.shape);
    const dtype = x!.dtype as DType;
    const [output] = backend.run({
      key: `GatherV2 ${dtype}`,
      inputs: [feed(x!, [outer, extent, inner]), feed(indices!, [count])],
      outputs: [
        {
          dtype,
          shape: [...x!.shape.slice(0, axis), ...indices!.shape, ...x!.shape.slice(axis + 1)],
          graphShape: [outer, count, inner],
        },
      ],
      build: (graph, inputs) => [graph.op('Gather', inputs, { axis: 1 })],
    });
    return output;
  },
};

const tile: OnnxKernel = {
  kernelName: 'Tile',
  plan({ x }, { reps }) {
    const counts = reps as number[];
    const shape = x!.shape.map((size, axis) => size * counts[axis]!);
    if (!isNumeric(x!) || x!.shape.length === 0 || shape.includes(0)) return;
    const outputs = [{ dtype: x!.dtype as DType, shape }];
    // Axes of one element: `Expand` is ten times as fast.
    if (x!.shape.every((size, axis) => size === 1 || counts[axis] === 1)) {
      return {
        key: `Expand ${x!.dtype} ${shape.length}`,
        inputs: [feed(x!), int64s(shape)],
        outputs,
        build: (graph, inputs) => [graph.op('Expand', inputs)],
      };
    }
    return {
      key: `Tile ${x!.dtype} ${shape.length}`,
      inputs: [feed(x!), int64s(counts)],
      outputs,
      build: (graph, inputs) => [graph.op('Tile', inputs)],
    };
  },
};

const cumsum: OnnxKernel = {
  kernelName: 'Cumsum',
  plan({ x }, { axis, exclusive, reverse }) {
    if (!isFloat(x!)) return;
    const at = util.parseAxisParam(axis as number, x!.shape)[0]!;
    const graphShape = [sizeOf(x!.shape.slice(0, at)), x!.shape[at]!, sizeOf(x!.shape.slice(at + 1))];
    return {
      key: `Cumsum ${Boolean(exclusive)} ${Boolean(reverse)}`,
      inputs: [feed(x!, graphShape)],
      outputs: [{ dtype: 'float32', shape: x!.shape, graphShape }],
      build: (graph, [a]) => [
        graph.op('CumSum', [a!, graph.ints([1], [])], {
          exclusive: exclusive ? 1 : 0,
          reverse: reverse ? 1 : 0,
        }),
      ],
    };
  },
};

const topK: OnnxKernel = {
  kernelName: 'TopK',
  plan({ x }, { k, sorted }) {
    const columns = x!.shape.at(-1)!;
    if (!isFloat(x!) || (k as number) === 0 || (k as number) > columns) return;
    const rows = sizeOf(x!.shape) / columns;
    const shape = [...x!.shape.slice(0, -1), k as number];
    return {
      key: `TopK ${sorted}`,
      inputs: [feed(x!, [rows, columns]), int64s([k as number])],
      outputs: [
        { dtype: 'float32', shape, graphShape: [rows, k as number] },
        { dtype: 'int32', shape, graphShape: [rows, k as number] },
      ],
      build(graph, inputs) {
        const [values, indices] = graph.node('TopK', inputs, { sorted: 1 }, { outputs: 2 });
        return [values!, graph.op('Cast', [indices!], { to: 6 })];
      },
    };
  },
};

export const layout = [
  transposeKernel,
  sliceKernel,
  stridedSlice,
  splitV,
  unpack,
  concatKernel,
  pack,
  padV2,
  mirrorPad,
  gather,
  tile,
  cumsum,
  topK,
];
