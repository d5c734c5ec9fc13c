import type { TensorInfo } from '@tensorflow/tfjs-core';
import { float, type GraphBuilder } from '../graph-builder';
import { feed, type OnnxKernel, sizeOf } from '../kernel';
import { columnSums } from './reduction';
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

/**
 * dx = s * (g - mean(g) - xhat * mean(g * xhat)) with g = dy * gamma, xhat = (x - mean) * s.
 *
 * @returns dx, dgamma and dbeta
 */
export function layerNormGradNodes(
  graph: GraphBuilder,
  [gradient, input, center, scale, weight]: readonly string[],
  width: number,
): [string, string, string] {
  const xhat = graph.op('Mul', [graph.op('Sub', [input!, center!]), scale!]);
  const along = graph.op('Mul', [gradient!, xhat]);
  const share = graph.op('Reshape', [
    graph.op('Mul', [weight!, graph.scalar(1 / width)]),
    graph.ints([-1, 1]),
  ]);
  const meanOfG = graph.op('MatMul', [gradient!, share]);
  const meanAlong = graph.op('MatMul', [along, share]);
  const centred = graph.op('Sub', [graph.op('Mul', [gradient!, weight!]), meanOfG]);
  const rest = graph.op('Sub', [centred, graph.op('Mul', [xhat, meanAlong])]);
  return [graph.op('Mul', [rest, scale!]), columnSums(graph, along), columnSums(graph, gradient!)];
}

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
      build(graph, [input, weight]) {
        const square = graph.op('Mul', [input!, input!]);
        const mean = graph.op('ReduceMean', [square, graph.ints([1])], { keepdims: 1 });
        const shifted = graph.op('Add', [mean, graph.scalar(epsilon as number)]);
        const inverse = graph.op('Reciprocal', [graph.op('Sqrt', [shifted])]);
        return [graph.op('Mul', [graph.op('Mul', [input!, inverse]), weight!]), inverse];
      },
      chunk: { rows: rowsPerChunk(width), split: [true, false] },
    };
  },
};

/** dx = s * (g - xhat * mean(g * xhat)) with g = dy * gamma, xhat = x * s. */
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
      build(graph, [gradient, input, scale, weight]) {
        const xhat = graph.op('Mul', [input!, scale!]);
        const along = graph.op('Mul', [gradient!, xhat]);
        const share = graph.op('Reshape', [
          graph.op('Mul', [weight!, graph.scalar(1 / width)]),
          graph.ints([-1, 1]),
        ]);
        const mean = graph.op('MatMul', [along, share]);
        const rest = graph.op('Sub', [graph.op('Mul', [gradient!, weight!]), graph.op('Mul', [xhat, mean])]);
        return [graph.op('Mul', [rest, scale!]), columnSums(graph, along)];
      },
      chunk: { rows: rowsPerChunk(width), split: [true, true, true, false], sum: [false, true] },
    };
  },
};

export const norms = [layerNorm, layerNormGrad, rmsNorm, rmsNormGrad];
