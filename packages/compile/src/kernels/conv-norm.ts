import type { GraphBuilder } from '@crossmodal/onnx-graph';
import { type Attrs, like, sizes, type TraceKernel } from '../kernel';
import type { TraceNode } from '../trace/trace-graph';
import { convNodes, depthwiseNodes } from './conv';
import { convWindows } from './windows';

/** gamma / sqrt(variance + epsilon); gamma 1 where there is none. */
export function multiplier(
  graph: GraphBuilder,
  gamma: string | undefined,
  variance: string,
  epsilon: number,
): string {
  const inverse = graph.op('Reciprocal', [
    graph.op('Sqrt', [graph.op('Add', [variance, graph.scalar(epsilon)])]),
  ]);
  return gamma === undefined ? inverse : graph.op('Mul', [gamma, inverse]);
}

function settle({ x, filter }: TraceNode['inputs'], attrs: Attrs): Attrs {
  const { stride, padding } = attrs as { stride: number; padding: number[] };
  const conv = { strides: [stride, stride], pad: [[0, 0], padding, padding, [0, 0]] };
  return { ...attrs, ...convWindows(sizes(x!), sizes(filter!), conv, Boolean(attrs['depthwise'])) };
}

/** The norm lies in the filter and the bias, which runtimes compute once where they are constants. */
const convNorm: TraceKernel = {
  kernelName: 'FusedConvNorm',
  settle,
  infer: (_, { outShape }) => ({ shape: outShape as number[], dtype: 'float32' }),
  nodes(lowering, { x, filter, gamma, beta, mean, variance, bias, residual }, node) {
    const { graph } = lowering;
    const { epsilon, depthwise, activation } = node.attrs as Record<string, never>;
    const factor = multiplier(graph, gamma!, variance!, epsilon!);
    const perFilter = depthwise ? graph.op('Unsqueeze', [factor, graph.ints([1])]) : factor;
    const offset = bias === undefined ? graph.op('Neg', [mean!]) : graph.op('Sub', [bias, mean!]);
    const shift = graph.op('Add', [beta!, graph.op('Mul', [offset, factor])]);
    const nodes = depthwise ? depthwiseNodes : convNodes;
    let y = nodes(lowering, x!, graph.op('Mul', [filter!, perFilter]), shift, node);
    if (residual !== undefined) y = graph.op('Add', [y, residual]);
    if (activation === 'relu') return graph.op('Relu', [y]);
    if (activation === 'silu') return graph.op('Mul', [y, graph.op('Sigmoid', [y])]);
    return y;
  },
};

/** Weights of the channels from their means. */
const squeezeExcite: TraceKernel = {
  kernelName: 'FusedSqueezeExcite',
  infer: ({ x }) => like(x!),
  nodes({ graph }, { x, reduce, reduceBias, expand, expandBias }) {
    const means = graph.op('ReduceMean', [x!, graph.ints([1, 2])], { keepdims: 0 });
    const squeezed = graph.op('Gemm', [means, reduce!, reduceBias!]);
    const inner = graph.op('Mul', [squeezed, graph.op('Sigmoid', [squeezed])]);
    const weights = graph.op('Sigmoid', [graph.op('Gemm', [inner, expand!, expandBias!])]);
    return graph.op('Mul', [x!, graph.op('Unsqueeze', [weights, graph.ints([1, 2])])]);
  },
};

export const convNorms = [convNorm, squeezeExcite];
