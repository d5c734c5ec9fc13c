import { backend_util } from '@tensorflow/tfjs-core';
import { type Attrs, sizes, type TraceKernel } from '../kernel';
import { type Dim, dimOf, isSymbolic } from '../trace/dim';

const padded: TraceKernel['infer'] = ({ x }, { paddings }) => ({
  shape: sizes(x!).map((size, i) => {
    const [before, after] = (paddings as number[][])[i]!;
    return size + before! + after!;
  }),
  dtype: x!.dtype,
});

const pad: TraceKernel = {
  kernelName: 'PadV2',
  infer: padded,
  nodes(lowering, { x }, { inputs, attrs }) {
    const pairs = attrs['paddings'] as Dim[][];
    const pads = lowering.shape([0, 1].flatMap((end) => pairs.map((pair) => pair[end]!)));
    const value = lowering.scalar(attrs['constantValue'] as number, inputs['x']!.dtype);
    return lowering.graph.op('Pad', [x!, pads, value]);
  },
};

/** What lies inside of each edge, turned round; with the edge itself where it is `symmetric`. */
const mirrorPad: TraceKernel = {
  kernelName: 'MirrorPad',
  infer: padded,
  nodes({ graph }, { x }, { attrs }) {
    const offset = attrs['mode'] === 'reflect' ? 1 : 0;
    let y = x!;
    for (const [axis, [before, after]] of (attrs['paddings'] as [number, number][]).entries()) {
      const piece = (from: number, to: number) =>
        graph.op('Slice', [y, graph.ints([from]), graph.ints([to]), graph.ints([axis]), graph.ints([-1])]);
      const parts = [y];
      if (before > 0) parts.unshift(piece(before - 1 + offset, offset === 1 ? 0 : -(2 ** 31)));
      if (after > 0) parts.push(piece(-1 - offset, -1 - offset - after));
      if (parts.length > 1) y = graph.op('Concat', parts, { axis });
    }
    return y;
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

const times = (dim: Dim, factor: number): Dim =>
  isSymbolic(dim)
    ? dimOf(dim.terms.map(({ coefficient, names }) => ({ coefficient: coefficient * factor, names })))
    : dim * factor;

const blocksOf = (attrs: Attrs) => attrs['blockShape'] as number[];

/** [block..., batch, size, rest...] from [batch, size / block, block, rest...] and back. */
const batchToSpace: TraceKernel = {
  kernelName: 'BatchToSpaceND',
  infer({ x }, attrs) {
    const block = blocksOf(attrs);
    const crops = attrs['crops'] as number[][];
    const [batch, ...rest] = sizes(x!);
    const count = block.reduce((a, b) => a * b, 1);
    const space = rest.map((size, i) =>
      i < block.length ? size * block[i]! - crops[i]![0]! - crops[i]![1]! : size,
    );
    return { shape: [batch! / count, ...space], dtype: x!.dtype };
  },
  nodes(lowering, { x }, { inputs, attrs, outputs }) {
    const { graph } = lowering;
    const block = blocksOf(attrs);
    const n = block.length;
    const rest = inputs['x']!.shape.slice(1);
    const batch = outputs[0]!.shape[0]!;
    const apart = lowering.reshape(x!, [...block, batch, ...rest]);
    const perm = [
      n,
      ...block.flatMap((_, i) => [n + 1 + i, i]),
      ...rest.slice(n).map((_, i) => 2 * n + 1 + i),
    ];
    const wide = rest.map((size, i) => (i < n ? times(size, block[i]!) : size));
    const y = lowering.reshape(graph.op('Transpose', [apart], { perm }), [batch, ...wide]);
    const crops = attrs['crops'] as number[][];
    if (crops.flat().every((size) => size === 0)) return y;
    const pads = [0, 1].flatMap((end) => outputs[0]!.shape.map((_, i) => -(crops[i - 1]?.[end] ?? 0) + 0));
    return graph.op('Pad', [y, graph.ints(pads), lowering.scalar(0, outputs[0]!.dtype)]);
  },
};

const spaceToBatch: TraceKernel = {
  kernelName: 'SpaceToBatchND',
  infer({ x }, attrs) {
    const block = blocksOf(attrs);
    const paddings = attrs['paddings'] as number[][];
    const [batch, ...rest] = sizes(x!);
    const count = block.reduce((a, b) => a * b, 1);
    const space = rest.map((size, i) =>
      i < block.length ? (size + paddings[i]![0]! + paddings[i]![1]!) / block[i]! : size,
    );
    return { shape: [batch! * count, ...space], dtype: x!.dtype };
  },
  nodes(lowering, { x }, { inputs, attrs, outputs }) {
    const { graph } = lowering;
    const block = blocksOf(attrs);
    const n = block.length;
    const { shape, dtype } = inputs['x']!;
    const paddings = attrs['paddings'] as number[][];
    const pads = [0, 1].flatMap((end) => shape.map((_, i) => paddings[i - 1]?.[end] ?? 0));
    const padded = graph.op('Pad', [x!, graph.ints(pads), lowering.scalar(0, dtype)]);
    const [, ...rest] = outputs[0]!.shape;
    const split = rest.flatMap((size, i) => (i < n ? [size, block[i]!] : [size]));
    const apart = lowering.reshape(padded, [shape[0]!, ...split]);
    const inner = block.map((_, i) => 2 + 2 * i);
    const outer = block.map((_, i) => 1 + 2 * i);
    const perm = [...inner, 0, ...outer, ...rest.slice(n).map((_, i) => 1 + 2 * n + i)];
    return lowering.reshape(graph.op('Transpose', [apart], { perm }), outputs[0]!.shape);
  },
};

const depthToSpace: TraceKernel = {
  kernelName: 'DepthToSpace',
  infer({ x }, { blockSize, dataFormat }) {
    backend_util.assertParamsConsistent([sizes(x!)], 0);
    if (dataFormat !== 'NHWC') throw new Error(`DepthToSpace: expected NHWC, received ${dataFormat}.`);
    const [batch, height, width, channels] = sizes(x!) as [number, number, number, number];
    const block = blockSize as number;
    return { shape: [batch, height * block, width * block, channels / block ** 2], dtype: x!.dtype };
  },
  nodes(lowering, { x }, { inputs, attrs, outputs }) {
    const block = attrs['blockSize'] as number;
    const [batch, height, width] = inputs['x']!.shape as [Dim, Dim, Dim];
    const channels = outputs[0]!.shape[3]!;
    const apart = lowering.reshape(x!, [batch, height, width, block, block, channels]);
    const turned = lowering.graph.op('Transpose', [apart], { perm: [0, 1, 3, 2, 4, 5] });
    return lowering.reshape(turned, outputs[0]!.shape);
  },
};

export const paddings = [pad, mirrorPad, tile, batchToSpace, spaceToBatch, depthToSpace];
