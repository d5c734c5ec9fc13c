import { type GraphBuilder, OnnxType } from '@crossmodal/onnx-graph';
import { type Attrs, type Inputs, sizeOf, sizes, type TraceKernel } from '../kernel';
import type { Lowering } from '../lower/lowering';
import type { Value } from '../trace/trace-graph';
import { windowsIn } from './conv';
import { reverseNodes } from './stepped-slice';
import { cast } from './types';
import { fromPlanes, poolWindows, toPlanes, type Windows, windowAttributes } from './windows';

const settleOf =
  (input: string) =>
  (inputs: Inputs, attrs: Attrs): Attrs => ({ ...attrs, ...poolWindows(sizes(inputs[input]!), attrs) });

const isNone = ({ kernel, strides }: Windows) => [...kernel, ...strides].every((size) => size === 1);

const pool = (kernelName: string, opType: string): TraceKernel => ({
  kernelName,
  settle: settleOf('x'),
  infer: ({ x }, { outShape }) => ({ shape: outShape as number[], dtype: x!.dtype }),
  nodes(lowering, { x }, node) {
    const windows = windowsIn(node);
    if (isNone(windows)) return x!;
    const { dtype } = node.inputs['x']!;
    const planes = toPlanes(lowering, cast(lowering, x!, dtype, 'float32'), windows);
    const { dilations: _, ...attributes } = windowAttributes(windows);
    const y = lowering.graph.op(opType, [planes], attributes);
    return cast(lowering, fromPlanes(lowering, y, windows), 'float32', dtype);
  },
});

/** Of planes: the greatest values, and where in the whole tensor each is; the first where several are equal. */
function greatest({ graph }: Lowering, planes: string, windows: Windows): [string, string] {
  const { dilations: _, ...attributes } = windowAttributes(windows);
  return graph.node('MaxPool', [planes], attributes, { outputs: 2 }) as [string, string];
}

const maxPoolWithArgmax: TraceKernel = {
  kernelName: 'MaxPoolWithArgmax',
  settle: settleOf('x'),
  infer: ({ x }, { outShape }) => [
    { shape: outShape as number[], dtype: x!.dtype },
    { shape: outShape as number[], dtype: 'int32' },
  ],
  nodes(lowering, { x }, node) {
    const { graph } = lowering;
    const windows = windowsIn(node);
    const channels = node.inputs['x']!.shape[3] as number;
    const pixels = sizeOf(windows.input);
    const [y, places] = greatest(lowering, toPlanes(lowering, x!, windows), windows);
    // From (image * channels + channel) * pixels + pixel to pixel * channels + channel.
    const divided = (value: string, by: number) => graph.op('Div', [value, graph.ints([by], [])]);
    const rest = (value: string, of: number) => graph.op('Mod', [value, graph.ints([of], [])]);
    const scaled = (value: string, by: number) => graph.op('Mul', [value, graph.ints([by], [])]);
    const pixel = rest(places, pixels);
    const channel = rest(divided(places, pixels), channels);
    let index = graph.op('Add', [scaled(pixel, channels), channel]);
    if (node.attrs['includeBatchInIndex']) {
      const image = divided(places, pixels * channels);
      index = graph.op('Add', [index, scaled(image, pixels * channels)]);
    }
    const narrow = graph.op('Cast', [index], { to: OnnxType.int32 });
    return [fromPlanes(lowering, y, windows), fromPlanes(lowering, narrow, windows)];
  },
};

/** Of equal values the first gets the gradient; in three dimensions the last, as in tfjs. */
const maxPoolGrad = (kernelName: string, ofLast: boolean): TraceKernel => ({
  kernelName,
  settle: settleOf('input'),
  infer: ({ input }) => ({ shape: input!.shape, dtype: 'float32' }),
  nodes(lowering, { dy, input }, node) {
    const { graph } = lowering;
    const windows = windowsIn(node);
    const axes = windows.input.map((_, i) => i + 2);
    const turn = (planes: string) => (ofLast ? reverseNodes(lowering, planes, axes) : planes);
    const { before, after } = windows;
    const ends = after.map((size) => Math.max(0, size));
    // Backwards, the windows begin where they end; what none of them reaches is cut off there first.
    const unseen = after.map((size) => Math.max(0, -size));
    const turned = ofLast ? { ...windows, before: ends, after: before } : windows;
    const whole = turn(toPlanes(lowering, input!, windows));
    const planes =
      ofLast && unseen.some((size) => size > 0)
        ? graph.op('Pad', [
            whole,
            graph.ints([0, 0, ...unseen.map((n) => -n + 0), 0, 0, ...unseen.map(() => 0)]),
            graph.scalar(0),
          ])
        : whole;
    const [, places] = greatest(lowering, planes, turned);
    const gradients = turn(toPlanes(lowering, dy!, windows));
    const flat = (value: string) => graph.op('Reshape', [value, graph.ints([-1])]);
    const shape = graph.op('Shape', [planes]);
    const zeros = flat(graph.op('Expand', [graph.scalar(0), shape]));
    const sums = graph.op('ScatterElements', [zeros, flat(places), flat(gradients)], {
      axis: 0,
      reduction: 'add',
    });
    let dx = graph.op('Reshape', [sums, shape]);
    if (planes !== whole)
      dx = graph.op('Pad', [
        dx,
        graph.ints([0, 0, ...unseen, 0, 0, ...unseen.map(() => 0)]),
        graph.scalar(0),
      ]);
    return fromPlanes(lowering, turn(dx), windows);
  },
});

/** As tfjs has it: every pixel under a window gets the same share, also where the window is cut at an edge. */
const avgPoolGrad = (kernelName: string): TraceKernel => ({
  kernelName,
  settle: settleOf('input'),
  infer: ({ input }) => ({ shape: input!.shape, dtype: 'float32' }),
  nodes(lowering, { dy }, node) {
    const { graph } = lowering;
    const windows = windowsIn(node);
    const { kernel, strides, before, after } = windows;
    const channels = channelsOf(node.inputs['input']!);
    const share = shares(graph, kernel);
    const planes = graph.op('Reshape', [
      toPlanes(lowering, dy!, windows),
      graph.ints([-1, 1, ...windows.output]),
    ]);
    const whole = graph.op('ConvTranspose', [planes, share], { kernel_shape: kernel, strides });
    const pads = [before, after].flatMap((side) => [0, 0, ...side.map((size) => -size + 0)]);
    const cut = graph.op('Pad', [whole, graph.ints(pads), graph.scalar(0)]);
    const dx = graph.op('Reshape', [cut, graph.ints([-1, channels, ...windows.input])]);
    return fromPlanes(lowering, dx, windows);
  },
});

const channelsOf = ({ shape }: Value) => shape.at(-1) as number;

function shares(graph: GraphBuilder, kernel: readonly number[]): string {
  const size = sizeOf(kernel);
  return graph.constant('float32', [1, 1, ...kernel], new Float32Array(size).fill(1 / size));
}

export const pools = [
  pool('MaxPool', 'MaxPool'),
  pool('AvgPool', 'AveragePool'),
  pool('MaxPool3D', 'MaxPool'),
  pool('AvgPool3D', 'AveragePool'),
  maxPoolWithArgmax,
  maxPoolGrad('MaxPoolGrad', false),
  maxPoolGrad('MaxPool3DGrad', true),
  avgPoolGrad('AvgPoolGrad'),
  avgPoolGrad('AvgPool3DGrad'),
];
