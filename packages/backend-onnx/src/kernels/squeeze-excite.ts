import { float, type GraphBuilder } from '@crossmodal/onnx-graph';
import type { TensorInfo } from '@tensorflow/tfjs-core';
import { blocksOf, keepInBlocks } from '../blocked-layout';
import { NCHWC } from '../conv-nodes';
import { feed, type HostKernel, type KernelCall } from '../kernel';

/** Means, two products and the weighing of the image as one graph, which leaves it in blocks if it is. */
const fusedSqueezeExcite: HostKernel = {
  kernelName: 'FusedSqueezeExcite',
  compute(call) {
    const blocks = blocksOf(call.backend, call.inputs['x']!);
    return blocks ? inBlocks(call, blocks) : inRows(call);
  },
};

/**
 * To the direct convolution, the channels of all images are those of one: they lie alike. Weighing them is a depthwise
 * convolution of one pixel.
 */
function inBlocks({ inputs, backend }: KernelCall, blocks: Float32Array): TensorInfo {
  const { shape } = inputs['x']!;
  const [batch, height, width, channels] = shape as [number, number, number, number];
  const planes = [1, batch * channels, height, width];
  const [y] = backend.run({
    key: `FusedSqueezeExcite in blocks ${batch} ${channels}`,
    inputs: [{ constant: blocks, shape: planes }, ...weightsOf(inputs).map((tensor) => feed(tensor))],
    outputs: [{ dtype: 'float32', shape, graphShape: planes }],
    build(graph, [x, ...weights]) {
      const means = graph.op('GlobalAveragePool', [x!], {}, NCHWC);
      const flat = graph.op('Reshape', [means, graph.ints([-1, channels])]);
      const filter = graph.op('Reshape', [
        excitationNodes(graph, flat, weights),
        graph.ints([batch * channels, 1, 1, 1]),
      ]);
      const attributes = { kernel_shape: [1, 1], group: batch * channels };
      return [graph.op('Conv', [x!, filter], attributes, NCHWC)];
    },
  });
  return keepInBlocks(backend, y!);
}

function inRows({ inputs, backend }: KernelCall): TensorInfo {
  const { shape } = inputs['x']!;
  const [batch, height, width, channels] = shape as [number, number, number, number];
  const rows = [batch, height * width, channels];
  const [y] = backend.run({
    key: 'FusedSqueezeExcite',
    inputs: [feed(inputs['x']!, rows), ...weightsOf(inputs).map((tensor) => feed(tensor))],
    outputs: [{ dtype: 'float32', shape, graphShape: rows }],
    build(graph, [x, ...weights]) {
      const means = graph.op('ReduceMean', [x!, graph.ints([1])], { keepdims: 0 });
      const excitation = excitationNodes(graph, means, weights);
      return [graph.op('Mul', [x!, graph.op('Unsqueeze', [excitation, graph.ints([1])])])];
    },
  });
  return y!;
}

const weightsOf = ({ reduce, reduceBias, expand, expandBias }: KernelCall['inputs']): TensorInfo[] => [
  ...[reduce!, reduceBias!, expand!, expandBias!],
];

/** From the means [batch, channels] to the weights of the channels. */
function excitationNodes(graph: GraphBuilder, means: string, weights: string[]): string {
  const [reduce, reduceBias, expand, expandBias] = weights as [string, string, string, string];
  const squeezed = graph.op('Gemm', [means, reduce, reduceBias]);
  const inner = graph.op('QuickGelu', [squeezed], { alpha: float(1) }, 'com.microsoft');
  return graph.op('Sigmoid', [graph.op('Gemm', [inner, expand, expandBias])]);
}

export const squeezeExcitation = [fusedSqueezeExcite];
