import { activate } from '@crossmodal/onnx-graph';
import { getKernel, type NamedAttrMap, type TensorInfo } from '@tensorflow/tfjs-core';
import { channelBlock } from '../channel-block';
import { type ConvSpec, convInputGradientNodes, convNodes } from '../conv-nodes';
import { feed, type HostKernel, isFloat, type OnnxKernel, type Plan, sizeOf } from '../kernel';
import { convFilterGradient } from './conv-filter-gradient';
import { convSpec, imagesPerChunk, isPointwise, specKey } from './conv-spec';
import { rowsAtATime } from './matmul';

const outShapeOf = (x: TensorInfo, { output, outChannels }: ConvSpec) => [
  x.shape[0]!,
  ...output,
  outChannels,
];

function convPlan(x: TensorInfo, filter: TensorInfo, attrs: NamedAttrMap): Plan | undefined {
  const spec = convSpec(x.shape, filter.shape, attrs);
  if (!spec || !isFloat(x, filter)) return;
  const shape = outShapeOf(x, spec);
  if (isPointwise(spec)) {
    return {
      key: 'Conv2D pointwise',
      inputs: [feed(x, [sizeOf(x.shape.slice(0, 3)), spec.inChannels]), feed(filter, filter.shape.slice(2))],
      outputs: [{ dtype: 'float32', shape, graphShape: [sizeOf(shape.slice(0, 3)), spec.outChannels] }],
      build: (graph, inputs) => [graph.op('Gemm', inputs)],
      chunk: { rows: rowsAtATime(sizeOf(x.shape.slice(0, 3))), split: [true, false] },
    };
  }
  return {
    key: `Conv2D ${specKey(spec)}`,
    inputs: [feed(x), feed(filter)],
    outputs: [{ dtype: 'float32', shape }],
    build: (graph, [image, w, bias]) => [convNodes(graph, image!, w!, spec, channelBlock(), bias)],
    chunk: { rows: imagesPerChunk((sizeOf(x.shape) + sizeOf(shape)) / x.shape[0]!), split: [true, false] },
  };
}

const conv2D: OnnxKernel = {
  kernelName: 'Conv2D',
  plan: ({ x, filter }, attrs) => convPlan(x!, filter!, attrs),
};

const fusedConv2D: OnnxKernel = {
  kernelName: 'FusedConv2D',
  plan: ({ x, filter, bias, preluActivationWeights }, attrs) =>
    withActivation('FusedConv2D', convPlan(x!, filter!, attrs), attrs, bias, preluActivationWeights),
};

/** The plan, whose graph takes a bias, with one and an activation after it, for weights that broadcast over images. */
export function withActivation(
  name: string,
  plan: Plan | undefined,
  attrs: NamedAttrMap,
  bias: TensorInfo | undefined,
  alpha: TensorInfo | undefined,
): Plan | undefined {
  if (!plan) return;
  const extra = [bias, alpha].filter((x) => x !== undefined);
  const channels = plan.outputs[0]!.shape.at(-1)!;
  if (extra.some((x) => sizeOf(x.shape) !== channels && sizeOf(x.shape) !== 1)) return;
  const { activation, leakyreluAlpha } = attrs;
  return {
    ...plan,
    key: `${name} ${plan.key} ${Boolean(bias)} ${activation} ${leakyreluAlpha}`,
    inputs: [...plan.inputs, ...extra.map((x) => feed(x, [sizeOf(x.shape)]))],
    build(graph, [x, w, ...rest]) {
      const perChannel = bias ? [graph.op('Expand', [rest[0]!, graph.ints([channels])])] : [];
      const [y] = plan.build(graph, [x!, w!, ...perChannel]);
      return [activate(graph, y!, attrs, rest.at(-1))];
    },
    ...(plan.chunk && { chunk: { ...plan.chunk, split: [true, false, ...extra.map(() => false)] } }),
  };
}

/** The gradient of a convolution's input, whose graph takes a bias too. */
function inputGradientPlan(dy: TensorInfo, filter: TensorInfo, attrs: NamedAttrMap): Plan | undefined {
  const shape = attrs['inputShape'] as number[];
  const spec = convSpec(shape, filter.shape, attrs);
  if (!spec || !isFloat(dy, filter)) return;
  if (isPointwise(spec)) {
    return {
      key: 'Conv2DBackpropInput pointwise',
      inputs: [
        feed(dy, [sizeOf(dy.shape.slice(0, 3)), spec.outChannels]),
        feed(filter, filter.shape.slice(2)),
      ],
      outputs: [{ dtype: 'float32', shape, graphShape: [sizeOf(shape.slice(0, 3)), spec.inChannels] }],
      build: (graph, inputs) => [graph.op('Gemm', inputs, { transB: 1 })],
      chunk: { rows: rowsAtATime(sizeOf(dy.shape.slice(0, 3))), split: [true, false] },
    };
  }
  // Padding wider than the filter reaches would turn into cropping.
  if (spec.pads.some((size, i) => size >= spec.kernel[i % 2]!)) return;
  return {
    key: `Conv2DBackpropInput ${specKey(spec)}`,
    inputs: [feed(dy), feed(filter)],
    outputs: [{ dtype: 'float32', shape }],
    build: (graph, [gradient, w, bias]) => [
      convInputGradientNodes(graph, gradient!, w!, spec, channelBlock(), bias),
    ],
    chunk: { rows: imagesPerChunk((sizeOf(dy.shape) + sizeOf(shape)) / shape[0]!), split: [true, false] },
  };
}

const inputGradient: OnnxKernel = {
  kernelName: 'Conv2DBackpropInput',
  plan: ({ dy, filter }, attrs) => inputGradientPlan(dy!, filter!, attrs),
};

/** Where the plan does not apply, what it is composed of does. */
const convTranspose: HostKernel = {
  kernelName: 'FusedConvTranspose2D',
  compute({ inputs: { x, filter, bias }, attrs, backend }) {
    const plan = inputGradientPlan(x!, filter!, attrs);
    const fused = withActivation('FusedConvTranspose2D', plan, attrs, bias, undefined);
    if (fused) return backend.run(fused)[0]!;
    const call = (kernelName: string, inputs: object) =>
      getKernel(kernelName, 'onnx')!.kernelFunc({ inputs: inputs as never, attrs, backend }) as TensorInfo;
    const y = call('Conv2DBackpropInput', { dy: x, filter });
    const sum = call('Add', { a: y, b: bias });
    backend.disposeIntermediateTensorInfo(y);
    return sum;
  },
};

export const conv = [conv2D, fusedConv2D, inputGradient, convTranspose, convFilterGradient];
