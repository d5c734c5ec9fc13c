import { float, layerNormGradNodes, rmsNormGradNodes, rmsNormNodes } from '@crossmodal/onnx-graph';
import type { TensorInfo } from '@tensorflow/tfjs-core';
import { feed, type OnnxKernel, sizeOf } from '../kernel';
import { CHUNK_ELEMENTS } from './unary';

const rowsAndWidth = (x: TensorInfo) => {
  const width = x.shape.at(-1)!;
  return [sizeOf(x.shape) / width, width] as const;
};
const rowsPerChunk = (width: number) => Math.max(1, Math.floor(CHUNK_ELEMENTS / width));

const layerNorm: OnnxKernel = {
  kernelName: 'FusedLayerNorm',
  plan({ x, gamma, beta }, { epsilon }) {
    const [rows, width] = rowsAndWidth(x!);
    const statistic = { dtype: 'float32' as const, shape: [rows], graphShape: [rows, 1] };
    return {
      key: `FusedLayerNorm ${epsilon}`,
      inputs: [feed(x!, [rows, width]), feed(gamma!), feed(beta!)],
      outputs: [{ dtype: 'float32', shape: x!.shape, graphShape: [rows, width] }, statistic, statistic],
      build: (graph, inputs) =>
        graph.node(
          'LayerNormalization',
          inputs,
          { axis: -1, epsilon: float(epsilon as number) },
          { outputs: 3 },
        ),
    };
  },
};

const layerNormGrad: OnnxKernel = {
  kernelName: 'FusedLayerNormGrad',
  plan({ dy, x, gamma, mean, inverseStd }) {
    const [rows, width] = rowsAndWidth(x!);
    return {
      key: `FusedLayerNormGrad ${width}`,
      inputs: [
        feed(dy!, [rows, width]),
        feed(x!, [rows, width]),
        feed(mean!, [rows, 1]),
        feed(inverseStd!, [rows, 1]),
        feed(gamma!),
      ],
      outputs: [
        { dtype: 'float32', shape: x!.shape, graphShape: [rows, width] },
        { dtype: 'float32', shape: [width] },
        { dtype: 'float32', shape: [width] },
      ],
      build: (graph, inputs) => layerNormGradNodes(graph, inputs, width),
      chunk: { rows: rowsPerChunk(width), split: [true, true, true, true, false], sum: [false, true, true] },
    };
  },
};

const rmsNorm: OnnxKernel = {
  kernelName: 'FusedRMSNorm',
  plan({ x, gamma }, { epsilon }) {
    const [rows, width] = rowsAndWidth(x!);
    return {
      key: `FusedRMSNorm ${epsilon}`,
      inputs: [feed(x!, [rows, width]), feed(gamma!)],
      outputs: [
        { dtype: 'float32', shape: x!.shape, graphShape: [rows, width] },
        { dtype: 'float32', shape: [rows], graphShape: [rows, 1] },
      ],
      build: (graph, inputs) => rmsNormNodes(graph, inputs, epsilon as number),
      chunk: { rows: rowsPerChunk(width), split: [true, false] },
    };
  },
};

const rmsNormGrad: OnnxKernel = {
  kernelName: 'FusedRMSNormGrad',
  plan({ dy, x, gamma, inverseRms }) {
    const [rows, width] = rowsAndWidth(x!);
    return {
      key: `FusedRMSNormGrad ${width}`,
      inputs: [feed(dy!, [rows, width]), feed(x!, [rows, width]), feed(inverseRms!, [rows, 1]), feed(gamma!)],
      outputs: [
        { dtype: 'float32', shape: x!.shape, graphShape: [rows, width] },
        { dtype: 'float32', shape: [width] },
      ],
      build: (graph, inputs) => rmsNormGradNodes(graph, inputs, width),
      chunk: { rows: rowsPerChunk(width), split: [true, true, true, false], sum: [false, true] },
    };
  },
};

export const norms = [layerNorm, layerNormGrad, rmsNorm, rmsNormGrad];
