import { type Attributes, float, type GraphBuilder } from '@crossmodal/onnx-graph';
import type { TensorInfo } from '@tensorflow/tfjs-core';
import { blocksOf, fillsBlocks, keepInBlocks, planesOf } from '../blocked-layout';
import { channelBlock } from '../channel-block';
import { type ConvSpec, convAttributes, convNodes, depthwiseNodes, NCHWC } from '../conv-nodes';
import { feed, type HostKernel, type KernelCall, type PlanInput } from '../kernel';
import { convSpec, imagesPerChunk, specKey } from './conv-spec';

/** Convolution and batch norm with known statistics, a residual and an activation: one node, in blocks where it can. */
const fusedConvNorm: HostKernel = {
  kernelName: 'FusedConvNorm',
  compute(call) {
    const { x, filter } = call.inputs;
    const { stride, padding, depthwise } = call.attrs as {
      stride: number;
      padding: number[];
      depthwise: boolean;
    };
    const attrs = { strides: [stride, stride], pad: [[0, 0], padding, padding, [0, 0]] };
    const spec = convSpec(x!.shape, filter!.shape, attrs as never, depthwise)!;
    const shape = [x!.shape[0]!, ...spec.output, spec.outChannels];
    const { inChannels, outChannels } = spec;
    const few = !depthwise && inChannels < channelBlock();
    // What turns images into blocks takes channels by fours.
    const turns = (channels: number) => channelBlock() > 0 && channels % 4 === 0;
    if (!turns(outChannels) || !(few || turns(inChannels))) return inRows(call, spec, shape);
    return inBlocks(call, spec, shape, few);
  },
};

/** Channels that do not fill the last block are filled up with zeros; a result of such lies in tfjs's order. */
function inBlocks({ inputs, attrs, backend }: KernelCall, spec: ConvSpec, shape: number[], few: boolean) {
  const stays = fillsBlocks(spec.outChannels);
  const { x, residual } = inputs;
  const [filter, bias] = folded({ inputs, attrs, backend }, spec);
  const image = few ? undefined : blocksOf(backend, x!);
  const added = residual && blocksOf(backend, residual);
  const asIs = (values: Float32Array, tensor: TensorInfo): PlanInput => ({
    constant: values,
    shape: planesOf(tensor.shape),
  });
  const [y] = backend.run({
    key: `FusedConvNorm ${specKey(spec)} ${attrs['depthwise']} ${Boolean(image)} ${Boolean(residual)} ${Boolean(added)} ${attrs['activation']}`,
    inputs: [
      image ? asIs(image, x!) : feed(x!),
      feed(filter!),
      feed(bias!),
      ...(residual ? [added ? asIs(added, residual) : feed(residual)] : []),
    ],
    outputs: [{ dtype: 'float32', shape, graphShape: stays ? planesOf(shape) : shape }],
    build(graph, [a, w, b, rest]) {
      const toBlocks = (name: string) => graph.op('ReorderInput', [name], { channels_last: 1 }, NCHWC);
      const planes = () => graph.op('Transpose', [a!], { perm: [0, 3, 1, 2] });
      const ordered = image ? a! : few ? planes() : toBlocks(a!);
      const more = residual ? [added ? rest! : toBlocks(rest!)] : [];
      const attributes: Attributes = {
        ...convAttributes(spec),
        ...(attrs['depthwise'] && { group: filled(spec.inChannels) }),
        ...(attrs['activation'] === 'relu' && { activation: 'Relu' }),
      };
      const y = graph.op('Conv', [ordered, w!, b!, ...more], attributes, NCHWC);
      const activated = attrs['activation'] === 'silu' ? siluNode(graph, y) : y;
      const toRows = { channels: spec.outChannels, channels_last: 1 };
      return [stays ? activated : graph.op('ReorderOutput', [activated], toRows, NCHWC)];
    },
  });
  return stays ? keepInBlocks(backend, y!) : y!;
}

const siluNode = (graph: GraphBuilder, x: string) =>
  graph.op('QuickGelu', [x], { alpha: float(1) }, 'com.microsoft');

/** The filter in blocks with the norm's scale in it, and what is left of the norm as a bias. */
function folded({ inputs, attrs, backend }: KernelCall, spec: ConvSpec): TensorInfo[] {
  const { outChannels, kernel } = spec;
  const inChannels = attrs['depthwise'] ? 1 : spec.inChannels;
  const epsilon = attrs['epsilon'] as number;
  const weights = weightsOf(inputs);
  return backend.prepared(`FusedConvNorm ${epsilon}`, weights, () => {
    const [filter, gamma, beta, mean, variance, bias] = weights.map((tensor) => backend.floats(tensor));
    const ordered = backend.allocate([filled(outChannels), filledInput(inChannels), ...kernel], 'float32');
    const shift = backend.allocate([filled(outChannels)], 'float32');
    const scale = gamma!.map((value, i) => value / Math.sqrt(variance![i]! + epsilon));
    const centre = (i: number) => mean![i]! - (bias?.[i] ?? 0);
    backend
      .floats(shift)
      .fill(0)
      .set(beta!.map((value, i) => value - centre(i) * scale[i]!));
    orderFilter(filter!, scale, backend.floats(ordered), { ...spec, inChannels });
    return [ordered, shift];
  });
}

/** Channels with those that fill up the last block; few channels of an input are blocks of one. */
const filled = (channels: number) => Math.ceil(channels / channelBlock()) * channelBlock();
const filledInput = (channels: number) => (channels < channelBlock() ? channels : filled(channels));

/** HWIO, scaled, to [out / block, in / block, height, width, in block, out block]. */
function orderFilter(filter: Float32Array, scale: Float32Array, to: Float32Array, spec: ConvSpec): void {
  const { inChannels, outChannels, kernel } = spec;
  const block = channelBlock();
  const inBlock = inChannels < block ? 1 : block;
  const taps = kernel[0] * kernel[1];
  to.fill(0);
  let at = 0;
  for (let out = 0; out < outChannels; out += block) {
    const end = Math.min(out + block, outChannels);
    for (let group = 0; group < inChannels; group += inBlock) {
      for (let tap = 0; tap < taps; tap++) {
        for (let channel = group; channel < group + inBlock; channel++, at += block) {
          if (channel >= inChannels) continue;
          const from = (tap * inChannels + channel) * outChannels;
          for (let o = out; o < end; o++) to[at + o - out] = filter[from + o]! * scale[o]!;
        }
      }
    }
  }
}

function inRows({ inputs, attrs, backend }: KernelCall, spec: ConvSpec, shape: number[]): TensorInfo {
  const { x, residual } = inputs;
  const weights = weightsOf(inputs);
  const images = [x!, ...(residual ? [residual] : [])];
  const floats = images.reduce((sum, { shape: [, ...rest] }) => sum + rest.reduce((a, b) => a * b), 0);
  const [y] = backend.run({
    key: `FusedConvNorm rows ${specKey(spec)} ${attrs['depthwise']} ${attrs['epsilon']} ${attrs['activation']} ${weights.length} ${images.length}`,
    inputs: [...images, ...weights].map((tensor) => feed(tensor)),
    outputs: [{ dtype: 'float32', shape }],
    build(graph, names) {
      const ofWeights = names.slice(images.length);
      const { scale, shift } = normNodes(graph, ofWeights, attrs['epsilon'] as number);
      const nodes = attrs['depthwise'] ? depthwiseNodes : convNodes;
      const linear = nodes(graph, names[0]!, ofWeights[0]!, spec, channelBlock());
      const normed = graph.op('Add', [graph.op('Mul', [linear, scale]), shift]);
      const sum = residual ? graph.op('Add', [normed, names[1]!]) : normed;
      if (attrs['activation'] === 'silu') return [siluNode(graph, sum)];
      return [attrs['activation'] === 'relu' ? graph.op('Relu', [sum]) : sum];
    },
    chunk: { rows: imagesPerChunk(floats), split: [...images.map(() => true), ...weights.map(() => false)] },
  });
  return y!;
}

const weightsOf = ({ filter, gamma, beta, mean, variance, bias }: KernelCall['inputs']): TensorInfo[] => [
  ...[filter!, gamma!, beta!, mean!, variance!],
  ...(bias ? [bias] : []),
];

/** The norm of a convolution with the `weightsOf` it as a scale and a shift a channel. */
function normNodes(
  graph: GraphBuilder,
  [, gamma, beta, mean, variance, bias]: string[],
  epsilon: number,
): { scale: string; shift: string } {
  const std = graph.op('Sqrt', [graph.op('Add', [variance!, graph.scalar(epsilon)])]);
  const scale = graph.op('Div', [gamma!, std]);
  const centre = bias ? graph.op('Sub', [mean!, bias]) : mean!;
  return { scale, shift: graph.op('Sub', [beta!, graph.op('Mul', [centre, scale])]) };
}

export const convNorms = [fusedConvNorm];
