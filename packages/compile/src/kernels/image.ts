import type { GraphBuilder } from '@crossmodal/onnx-graph';
import { TraceError } from '../errors';
import { type Attrs, like, type TraceKernel } from '../kernel';
import type { Lowering } from '../lower/lowering';
import { type Dim, isSymbolic } from '../trace/dim';
import type { DType, TraceNode } from '../trace/trace-graph';
import { cast } from './types';

/** For each place of an axis that is resized: the places before and after it, and how far it lies from the first. */
interface Places {
  low: number[];
  high: number[];
  fraction: number[];
}

function scaleOf(from: number, to: number, alignCorners: boolean): number {
  const ends = alignCorners && to > 1 ? 1 : 0;
  return (from - ends) / (to - ends);
}

function linearPlaces(from: number, to: number, { alignCorners, halfPixelCenters }: Attrs): Places {
  const scale = scaleOf(from, to, Boolean(alignCorners));
  const at = Array.from({ length: to }, (_, i) => (halfPixelCenters ? scale * (i + 0.5) - 0.5 : scale * i));
  const low = at.map((x) => Math.max(0, Math.floor(x)));
  const high = at.map((x) => Math.min(from - 1, Math.ceil(x)));
  return { low, high, fraction: at.map((x, i) => x - low[i]!) };
}

function nearestPlaces(from: number, to: number, { alignCorners, halfPixelCenters }: Attrs): number[] {
  const scale = scaleOf(from, to, Boolean(alignCorners));
  return Array.from({ length: to }, (_, i) => {
    const at = scale * (halfPixelCenters ? i + 0.5 : i);
    return Math.max(0, Math.min(from - 1, alignCorners ? Math.round(at) : Math.floor(at)));
  });
}

/** Height and width, which must be known. */
function knownSizes(shape: readonly Dim[], what: string): [number, number] {
  const [height, width] = shape.slice(1, 3) as [Dim, Dim];
  if (isSymbolic(height) || isSymbolic(width))
    throw new TraceError(`compile: ${what}: expected images of known height and width, received open sizes.`);
  return [height, width];
}

const resize = (
  kernelName: string,
  dtype: DType | undefined,
  along: (lowering: Lowering, x: string, axis: number, from: number, to: number, attrs: Attrs) => string,
): TraceKernel => ({
  kernelName,
  infer: ({ images }, { size }) => ({
    shape: [images!.shape[0]!, ...(size as number[]), images!.shape[3]!],
    dtype: dtype ?? images!.dtype,
  }),
  nodes(lowering, { images }, { inputs, attrs, outputs }) {
    const from = knownSizes(inputs['images']!.shape, kernelName);
    const to = knownSizes(outputs[0]!.shape, kernelName);
    const x = cast(lowering, images!, inputs['images']!.dtype, outputs[0]!.dtype);
    return [0, 1].reduce((y, i) => along(lowering, y, i + 1, from[i]!, to[i]!, attrs), x);
  },
});

function linearAlong({ graph }: Lowering, x: string, axis: number, from: number, to: number, attrs: Attrs) {
  const { low, high, fraction } = linearPlaces(from, to, attrs);
  const at = (places: number[]) => graph.op('Gather', [x, graph.int32s(places)], { axis });
  const weights = graph.floats(fraction, axis === 1 ? [to, 1, 1] : [to, 1]);
  const before = at(low);
  return graph.op('Add', [before, graph.op('Mul', [graph.op('Sub', [at(high), before]), weights])]);
}

function nearestAlong({ graph }: Lowering, x: string, axis: number, from: number, to: number, attrs: Attrs) {
  return graph.op('Gather', [x, graph.int32s(nearestPlaces(from, to, attrs))], { axis });
}

/** The gradient of a resizing that is a matrix [to, from] for each axis: products with these turned. */
const resizeGrad = (
  kernelName: string,
  matrix: (from: number, to: number, attrs: Attrs) => Float32Array,
): TraceKernel => ({
  kernelName,
  infer: ({ images }) => ({ shape: images!.shape, dtype: 'float32' }),
  nodes(lowering, { dy }, { inputs, attrs, outputs: [output] }: TraceNode) {
    const { graph } = lowering;
    // As tfjs has it, whose gradients know of no pixel centers.
    const plain = { ...attrs, halfPixelCenters: false };
    const [height, width] = knownSizes(output!.shape, kernelName);
    const [fromHeight, fromWidth] = knownSizes(inputs['dy']!.shape, kernelName);
    const [batch, , , channels] = output!.shape as [Dim, Dim, Dim, Dim];
    const turned = (size: number, by: number) => turnedMatrix(graph, matrix(size, by, plain), by, size);
    const rows = lowering.reshape(dy!, [batch, fromHeight, -1]);
    const tall = graph.op('MatMul', [turned(height, fromHeight), rows]);
    const columns = lowering.reshape(tall, [-1, fromWidth, channels]);
    return lowering.reshape(graph.op('MatMul', [turned(width, fromWidth), columns]), output!.shape);
  },
});

/** A matrix [rows, columns] as a constant [columns, rows]. */
function turnedMatrix(graph: GraphBuilder, values: Float32Array, rows: number, columns: number): string {
  const turned = values.map((_, i) => values[(i % rows) * columns + Math.floor(i / rows)]!);
  return graph.constant('float32', [columns, rows], turned);
}

function linearMatrix(from: number, to: number, attrs: Attrs): Float32Array {
  const { low, high, fraction } = linearPlaces(from, to, attrs);
  const values = new Float32Array(to * from);
  for (let i = 0; i < to; i++) {
    values[i * from + low[i]!]! += 1 - fraction[i]!;
    values[i * from + high[i]!]! += fraction[i]!;
  }
  return values;
}

function nearestMatrix(from: number, to: number, attrs: Attrs): Float32Array {
  const values = new Float32Array(to * from);
  for (const [i, at] of nearestPlaces(from, to, attrs).entries()) values[i * from + at] = 1;
  return values;
}

/** Sums over the channels around each: a product with a band of ones. */
function aroundChannels({ graph }: Lowering, x: string, channels: number, radius: number): string {
  const band = Array.from({ length: channels ** 2 }, (_, i) =>
    Number(Math.abs(Math.floor(i / channels) - (i % channels)) <= radius),
  );
  return graph.op('MatMul', [x, graph.floats(band, [channels, channels])]);
}

/** bias + alpha * the sum of squares */
function localNorm(lowering: Lowering, x: string, channels: number, attrs: Attrs): string {
  const { graph } = lowering;
  const { depthRadius, bias, alpha } = attrs as Record<string, number>;
  const squares = aroundChannels(lowering, graph.op('Mul', [x, x]), channels, depthRadius!);
  return graph.op('Add', [graph.op('Mul', [squares, graph.scalar(alpha!)]), graph.scalar(bias!)]);
}

const localResponse: TraceKernel = {
  kernelName: 'LRN',
  infer: ({ x }) => like(x!),
  nodes(lowering, { x }, { inputs, attrs }) {
    const { graph } = lowering;
    const norm = localNorm(lowering, x!, inputs['x']!.shape[3] as number, attrs);
    return graph.op('Mul', [x!, graph.op('Pow', [norm, graph.scalar(-(attrs['beta'] as number))])]);
  },
};

/** dy norm^-beta - 2 alpha beta x (the sum around of y dy / norm) */
const localResponseGrad: TraceKernel = {
  kernelName: 'LRNGrad',
  infer: ({ x }) => like(x!),
  nodes(lowering, { x, y, dy }, { inputs, attrs }) {
    const { graph } = lowering;
    const channels = inputs['x']!.shape[3] as number;
    const { depthRadius, alpha, beta } = attrs as Record<string, number>;
    const norm = localNorm(lowering, x!, channels, attrs);
    const own = graph.op('Mul', [dy!, graph.op('Pow', [norm, graph.scalar(-beta!)])]);
    const shares = graph.op('Div', [graph.op('Mul', [y!, dy!]), norm]);
    const around = aroundChannels(lowering, shares, channels, depthRadius!);
    const pulled = graph.op('Mul', [graph.op('Mul', [x!, around]), graph.scalar(2 * alpha! * beta!)]);
    return graph.op('Sub', [own, pulled]);
  },
};

export const images = [
  resize('ResizeBilinear', 'float32', linearAlong),
  resize('ResizeNearestNeighbor', undefined, nearestAlong),
  resizeGrad('ResizeBilinearGrad', linearMatrix),
  resizeGrad('ResizeNearestNeighborGrad', nearestMatrix),
  localResponse,
  localResponseGrad,
];
