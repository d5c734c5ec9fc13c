import type { GraphBuilder } from '@crossmodal/onnx-graph';
import type { NamedAttrMap, TensorInfo } from '@tensorflow/tfjs-core';
import { channelBlock } from '../channel-block';
import { type ConvSpec, depthwiseNodes, flipNodes } from '../conv-nodes';
import { feed, isFloat, type OnnxKernel, type Plan, sizeOf } from '../kernel';
import { withActivation } from './conv';
import { convSpec, imagesPerChunk, specKey } from './conv-spec';

function depthwisePlan(x: TensorInfo, filter: TensorInfo, attrs: NamedAttrMap): Plan | undefined {
  const spec = convSpec(x.shape, filter.shape, attrs, true);
  if (!spec || !isFloat(x, filter)) return;
  const shape = [x.shape[0]!, ...spec.output, spec.outChannels];
  return {
    key: `DepthwiseConv2dNative ${specKey(spec)}`,
    inputs: [feed(x), feed(filter)],
    outputs: [{ dtype: 'float32', shape }],
    build: (graph, [image, w, bias]) => [depthwiseNodes(graph, image!, w!, spec, channelBlock(), bias)],
    chunk: { rows: imagesPerChunk((sizeOf(x.shape) + sizeOf(shape)) / x.shape[0]!), split: [true, false] },
  };
}

const depthwise: OnnxKernel = {
  kernelName: 'DepthwiseConv2dNative',
  plan: ({ x, filter }, attrs) => depthwisePlan(x!, filter!, attrs),
};

const fusedDepthwise: OnnxKernel = {
  kernelName: 'FusedDepthwiseConv2D',
  plan: ({ x, filter, bias, preluActivationWeights }, attrs) =>
    withActivation('FusedDepthwise', depthwisePlan(x!, filter!, attrs), attrs, bias, preluActivationWeights),
};

const inputGradient: OnnxKernel = {
  kernelName: 'DepthwiseConv2dNativeBackpropInput',
  plan({ dy, filter }, attrs) {
    const shape = attrs['inputShape'] as number[];
    const spec = convSpec(shape, filter!.shape, attrs, true);
    if (!spec || !isFloat(dy!, filter!)) return;
    const isPlain = spec.inChannels === spec.outChannels && [...spec.strides].every((step) => step === 1);
    const [top, left] = spec.pads as [number, number];
    const reach = spec.kernel.map((k, i) => (k - 1) * spec.dilations[i]!);
    const before = [reach[0]! - top, reach[1]! - left];
    const after = spec.input.map((size, i) => size - spec.output[i]! - before[i]! + reach[i]!);
    if ([...before, ...after].some((size) => size < 0)) return;
    const turned: ConvSpec = { ...spec, input: spec.output, output: spec.input, pads: [...before, ...after] };
    return {
      key: `DepthwiseConv2dNativeBackpropInput ${specKey(spec)}`,
      inputs: [feed(dy!), feed(filter!)],
      outputs: [{ dtype: 'float32', shape }],
      build: (graph, [gradient, w]) => [
        isPlain
          ? depthwiseNodes(graph, gradient!, flipNodes(graph, w!), turned, channelBlock())
          : transposedNodes(graph, gradient!, w!, spec),
      ],
      chunk: { rows: imagesPerChunk((sizeOf(dy!.shape) + sizeOf(shape)) / shape[0]!), split: [true, false] },
    };
  },
};

function transposedNodes(graph: GraphBuilder, dy: string, w: string, spec: ConvSpec): string {
  const { input, output, kernel, strides, dilations, pads, inChannels, outChannels } = spec;
  const rest = [0, 1].map((i) => {
    const reached = (output[i]! - 1) * strides[i]! + (kernel[i]! - 1) * dilations[i]! + 1;
    return input[i]! - (reached - pads[i]! - pads[i + 2]!);
  });
  const flat = graph.op('Reshape', [w, graph.ints([...kernel, 1, outChannels])]);
  const filter = graph.op('Transpose', [flat], { perm: [3, 2, 0, 1] });
  const planes = graph.op('Transpose', [dy], { perm: [0, 3, 1, 2] });
  const dx = graph.op('ConvTranspose', [planes, filter], {
    group: inChannels,
    kernel_shape: [...kernel],
    strides: [...strides],
    dilations: [...dilations],
    pads: [...pads],
    output_padding: rest,
  });
  return graph.op('Transpose', [dx], { perm: [0, 2, 3, 1] });
}

const filterGradient: OnnxKernel = {
  kernelName: 'DepthwiseConv2dNativeBackpropFilter',
  plan({ x, dy }, attrs) {
    const shape = attrs['filterShape'] as number[];
    const spec = convSpec(x!.shape, shape, attrs, true);
    if (!spec || !isFloat(x!, dy!)) return;
    const taps = sizeOf(spec.kernel);
    const multiplier = spec.outChannels / spec.inChannels;
    return {
      key: `DepthwiseConv2dNativeBackpropFilter ${specKey(spec)}`,
      inputs: [feed(x!), feed(dy!, [...dy!.shape.slice(0, 3), spec.inChannels, multiplier])],
      outputs: [{ dtype: 'float32', shape, graphShape: [taps, spec.inChannels, multiplier] }],
      build: (graph, [image, gradient]) => [tapNodes(graph, image!, gradient!, spec)],
      chunk: {
        rows: imagesPerChunk((3 * sizeOf(dy!.shape) + sizeOf(x!.shape)) / x!.shape[0]!),
        split: [true, true],
        sum: [true],
      },
    };
  },
};

/** For each tap: the pixels under it times `dy`, summed over images and positions. */
function tapNodes(graph: GraphBuilder, x: string, dy: string, spec: ConvSpec): string {
  const { output, kernel, strides, dilations, pads } = spec;
  const [top, left, bottom, right] = pads as [number, number, number, number];
  const padded = graph.op('Pad', [x, graph.ints([0, top, left, 0, 0, bottom, right, 0]), graph.scalar(0)]);
  const taps: string[] = [];
  for (let ky = 0; ky < kernel[0]; ky++) {
    for (let kx = 0; kx < kernel[1]; kx++) {
      const from = [ky * dilations[0], kx * dilations[1]];
      const to = from.map((at, i) => at + (output[i]! - 1) * strides[i]! + 1);
      const under = [graph.ints(from), graph.ints(to), graph.ints([1, 2]), graph.ints([...strides])];
      const pixels = graph.op('Unsqueeze', [graph.op('Slice', [padded, ...under]), graph.ints([4])]);
      taps.push(
        graph.op('ReduceSum', [graph.op('Mul', [pixels, dy]), graph.ints([0, 1, 2])], { keepdims: 0 }),
      );
    }
  }
  const stacked = taps.map((tap) => graph.op('Unsqueeze', [tap, graph.ints([0])]));
  return graph.op('Concat', stacked, { axis: 0 });
}

export const depthwiseConv = [depthwise, fusedDepthwise, inputGradient, filterGradient];
