import { activate } from '@crossmodal/onnx-graph';
import { type Attrs, type Inputs, sizeOf, sizes, type TraceKernel } from '../kernel';
import type { Lowering } from '../lower/lowering';
import type { Abstract, TraceNode } from '../trace/trace-graph';
import { convInputGradient, depthwiseFilterGradient, filterGradient } from './conv-gradient';
import {
  convWindows,
  filterPlanes,
  fromPlanes,
  type Settled,
  toPlanes,
  type Windows,
  windowAttributes,
} from './windows';

/** With the windows among the attributes. */
export const settled =
  (depthwise: boolean) =>
  ({ x, filter }: Inputs, attrs: Attrs): Attrs => ({
    ...attrs,
    ...convWindows(sizes(x!), sizes(filter!), attrs, depthwise),
  });

const outShape = (_: Inputs, { outShape }: Attrs): Abstract => ({
  shape: outShape as number[],
  dtype: 'float32',
});
export const windowsIn = (node: TraceNode): Windows => (node.attrs as never as Settled).windows;

/** As one product of matrices, pixels by channels. */
const isPointwise = ({ kernel, strides, before, after, channelsFirst }: Windows) =>
  !channelsFirst &&
  [...kernel, ...strides].every((size) => size === 1) &&
  [...before, ...after].every((size) => size === 0);

/** `bias` is [channels] or nothing. */
export function convNodes(
  lowering: Lowering,
  x: string,
  filter: string,
  bias: string | undefined,
  node: TraceNode,
): string {
  const { graph } = lowering;
  const windows = windowsIn(node);
  const rank = windows.input.length;
  const [inChannels, outChannels] = node.inputs['filter']!.shape.slice(-2) as [number, number];
  if (isPointwise(windows)) {
    const rows = graph.op('Reshape', [x, graph.ints([-1, inChannels])]);
    const matrix = graph.op('Reshape', [filter, graph.ints([inChannels, outChannels])]);
    return lowering.reshape(graph.op('Gemm', [rows, matrix, bias]), node.outputs[0]!.shape);
  }
  const w = filterPlanes(lowering, filter, rank);
  const y = graph.op('Conv', [toPlanes(lowering, x, windows), w, bias], windowAttributes(windows));
  return fromPlanes(lowering, y, windows);
}

/** A filter [...kernel, channels, multiplier] for each channel. */
export function depthwiseNodes(
  lowering: Lowering,
  x: string,
  filter: string,
  bias: string | undefined,
  node: TraceNode,
): string {
  const { graph } = lowering;
  const windows = windowsIn(node);
  const [channels, multiplier] = node.inputs['filter']!.shape.slice(-2) as [number, number];
  const flat = graph.op('Reshape', [filter, graph.ints([...windows.kernel, 1, channels * multiplier])]);
  const w = filterPlanes(lowering, flat, 2);
  const attributes = { ...windowAttributes(windows), group: channels };
  return fromPlanes(
    lowering,
    graph.op('Conv', [toPlanes(lowering, x, windows), w, bias], attributes),
    windows,
  );
}

type ConvNodes = typeof convNodes;

const convolution = (kernelName: string, nodes: ConvNodes, depthwise = false): TraceKernel => ({
  kernelName,
  settle: settled(depthwise),
  infer: outShape,
  nodes: (lowering, { x, filter }, node) => nodes(lowering, x!, filter!, undefined, node),
});

/** With bias and activation. */
const fused = (kernelName: string, nodes: ConvNodes, depthwise = false): TraceKernel => ({
  kernelName,
  settle: settled(depthwise),
  infer: outShape,
  nodes(lowering, names, node) {
    const { x, filter, bias, preluActivationWeights: alpha } = names;
    const channels = node.outputs[0]!.shape[windowsIn(node).channelsFirst ? 1 : 3] as number;
    const given = node.inputs['bias'];
    const perChannel = given && sizeOf(sizes(given)) === channels;
    let y = nodes(lowering, x!, filter!, perChannel ? lowering.reshape(bias!, [channels]) : undefined, node);
    if (bias && !perChannel) y = lowering.graph.op('Add', [y, bias]);
    return activate(lowering.graph, y, node.attrs, alpha);
  },
});

/** `inputShape` is that of the convolution, whose gradient or turned form it is. */
const turned =
  (depthwise: boolean) =>
  ({ filter }: Inputs, attrs: Attrs): Attrs => ({
    ...attrs,
    ...convWindows(attrs['inputShape'] as number[], sizes(filter!), attrs, depthwise),
  });
const inShape = (_: Inputs, { inShape }: Attrs): Abstract => ({
  shape: inShape as number[],
  dtype: 'float32',
});

const inputGradient = (kernelName: string, depthwise = false): TraceKernel => ({
  kernelName,
  settle: turned(depthwise),
  infer: inShape,
  nodes: (lowering, { dy, filter }, node) =>
    convInputGradient(lowering, dy!, filter!, undefined, node, windowsIn(node), depthwise),
});

const convTranspose: TraceKernel = {
  kernelName: 'FusedConvTranspose2D',
  settle: turned(false),
  infer: inShape,
  nodes: (lowering, { x, filter, bias }, node) =>
    convInputGradient(lowering, x!, filter!, bias, node, windowsIn(node), false),
};

const ofFilter = (kernelName: string, depthwise: boolean): TraceKernel => ({
  kernelName,
  settle: ({ x }, attrs) => ({
    ...attrs,
    ...convWindows(sizes(x!), attrs['filterShape'] as number[], attrs, depthwise),
  }),
  infer: (_, { filterShape }) => ({ shape: filterShape as number[], dtype: 'float32' }),
  nodes: (lowering, { x, dy }, node) =>
    (depthwise ? depthwiseFilterGradient : filterGradient)(lowering, x!, dy!, node, windowsIn(node)),
});

export const convolutions = [
  convolution('Conv2D', convNodes),
  convolution('Conv3D', convNodes),
  convolution('DepthwiseConv2dNative', depthwiseNodes, true),
  fused('FusedConv2D', convNodes),
  fused('FusedDepthwiseConv2D', depthwiseNodes, true),
  inputGradient('Conv2DBackpropInput'),
  inputGradient('Conv3DBackpropInputV2'),
  inputGradient('DepthwiseConv2dNativeBackpropInput', true),
  convTranspose,
  ofFilter('Conv2DBackpropFilter', false),
  ofFilter('Conv3DBackpropFilterV2', false),
  ofFilter('DepthwiseConv2dNativeBackpropFilter', true),
];
