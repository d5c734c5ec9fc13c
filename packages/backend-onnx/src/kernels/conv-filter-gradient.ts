import type { TensorInfo } from '@tensorflow/tfjs-core';
import { fillsBlocks } from '../blocked-layout';
import { channelBlock } from '../channel-block';
import {
  type ConvSpec,
  convFilterGradientInBlocks,
  convFilterGradientNodes,
  convWindowNodes,
} from '../conv-nodes';
import { feed, type HostKernel, isFloat, type Plan, sizeOf } from '../kernel';
import type { OnnxBackend } from '../onnx-backend';
import { convSpec, imagesPerChunk, isPointwise, specKey } from './conv-spec';
import { transpose } from './layout';

export const convFilterGradient: HostKernel = {
  kernelName: 'Conv2DBackpropFilter',
  compute({ inputs: { x, dy }, attrs, backend }) {
    const shape = attrs['filterShape'] as number[];
    const spec = convSpec(x!.shape, shape, attrs);
    if (!spec || !isFloat(x!, dy!)) return;
    if (isPointwise(spec)) return backend.run(pointwisePlan(x!, dy!, spec, shape))[0]!;
    const plan = blocksPlan(x!, dy!, spec, shape);
    if (plan) return backend.run(plan)[0]!;
    if (spec.strides[0] === 1) return byRowsOfTaps(backend, x!, dy!, spec, shape);
    const [turned] = backend.run(patchesPlan(x!, dy!, spec));
    const gradient = transpose({ backend }, turned!, [1, 0]);
    backend.disposeIntermediateTensorInfo(turned!);
    return { ...gradient, shape };
  },
};

function pointwisePlan(
  x: TensorInfo,
  dy: TensorInfo,
  { inChannels, outChannels }: ConvSpec,
  shape: number[],
): Plan {
  const rows = sizeOf(x.shape.slice(0, 3));
  return {
    key: 'Conv2DBackpropFilter pointwise',
    inputs: [feed(x, [rows, inChannels]), feed(dy, [rows, outChannels])],
    outputs: [{ dtype: 'float32', shape, graphShape: [inChannels, outChannels] }],
    build: (graph, inputs) => [graph.op('Gemm', inputs, { transA: 1 })],
  };
}

function blocksPlan(x: TensorInfo, dy: TensorInfo, spec: ConvSpec, shape: number[]): Plan | undefined {
  const { strides, dilations, inChannels, outChannels } = spec;
  const block = channelBlock();
  const isPlain = [...strides, ...dilations].every((step) => step === 1);
  const images = x.shape[0]!;
  if (!isPlain || inChannels < block || !fillsBlocks(outChannels) || !fillsBlocks(images)) return;
  return {
    key: `Conv2DBackpropFilter in blocks ${specKey(spec)}`,
    inputs: [feed(x), feed(dy)],
    outputs: [{ dtype: 'float32', shape }],
    build: (graph, [image, gradient]) => [convFilterGradientInBlocks(graph, image!, gradient!, spec, block)],
    // The convolution goes over `dy` once for each channel of x: of few images it stays in the cache.
    chunk: { rows: block, split: [true, true], sum: [true] },
  };
}

function patchesPlan(x: TensorInfo, dy: TensorInfo, spec: ConvSpec): Plan {
  const taps = sizeOf(spec.kernel) * spec.inChannels;
  return {
    key: `Conv2DBackpropFilter ${specKey(spec)}`,
    inputs: [feed(x), feed(dy)],
    outputs: [{ dtype: 'float32', shape: [spec.outChannels, taps] }],
    build: (graph, [image, gradient]) => [convFilterGradientNodes(graph, image!, gradient!, spec)],
    chunk: { rows: imagesPerChunk(sizeOf(spec.output) * taps), split: [true, true], sum: [true] },
  };
}

/**
 * One product of matrices for each row of the filter (its transpose, which is wider, is found faster), on windows that all rows share; pieces of the batch in turn.
 */
function byRowsOfTaps(
  backend: OnnxBackend,
  x: TensorInfo,
  dy: TensorInfo,
  spec: ConvSpec,
  shape: number[],
): TensorInfo {
  const { input, output, inChannels, outChannels, kernel, dilations, pads } = spec;
  const height = input[0] + pads[0]! + pads[2]!;
  const columns = kernel[1] * inChannels;
  const images = x.shape[0]!;
  const step = imagesPerChunk(height * output[1] * columns + sizeOf(output) * outChannels);
  let sums: TensorInfo[] = [];
  for (let start = 0; start < images; start += step) {
    const count = Math.min(step, images - start);
    const part = (tensor: TensorInfo) => {
      const [, ...rest] = tensor.shape;
      return backend.view(tensor, start * sizeOf(rest), [count, ...rest]);
    };
    const [image, gradient] = [part(x), part(dy)];
    const [windows] = backend.run({
      key: `ConvWindows ${specKey(spec)}`,
      inputs: [feed(image)],
      outputs: [{ dtype: 'float32', shape: [height, count, output[1] * kernel[1], inChannels] }],
      build: (graph, [a]) => [convWindowNodes(graph, a!, spec)],
    });
    const rows = transpose({ backend }, gradient, [1, 0, 2, 3]); // [output height, images, output width, outChannels]
    const before = sums;
    sums = Array.from({ length: kernel[0] }, (_, ky) => {
      const seen = backend.view(windows!, ky * dilations[0] * count * output[1] * columns, [
        sizeOf(output) * count,
        columns,
      ]);
      const previous = before[ky] ? [feed(before[ky])] : [];
      const [sum] = backend.run({
        key: `Conv2DBackpropFilter row ${previous.length}`,
        inputs: [feed(seen), feed(rows, [sizeOf(output) * count, outChannels]), ...previous],
        outputs: [{ dtype: 'float32', shape: [outChannels, columns] }],
        build: (graph, [a, b, ...sum]) => [graph.op('Gemm', [b!, a!, ...sum], { transA: 1 })],
      });
      backend.disposeIntermediateTensorInfo(seen);
      return sum!;
    });
    for (const tensor of [image, gradient, windows!, rows, ...before])
      backend.disposeIntermediateTensorInfo(tensor);
  }
  const result = backend.allocate(shape, 'float32');
  for (const [ky, sum] of sums.entries()) {
    const turned = transpose({ backend }, sum, [1, 0]);
    backend.floats(result).set(backend.floats(turned), ky * columns * outChannels);
    for (const tensor of [sum, turned]) backend.disposeIntermediateTensorInfo(tensor);
  }
  return result;
}
