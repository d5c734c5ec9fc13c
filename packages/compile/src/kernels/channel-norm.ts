import { like, type TraceKernel } from '../kernel';
import { multiplier } from './conv-norm';

/** tfjs's batch norm with known statistics; each may be of any shape that broadcasts to x. */
const batchNorm: TraceKernel = {
  kernelName: 'FusedBatchNorm',
  infer: ({ x }) => like(x!),
  nodes({ graph }, { x, scale, offset, mean, variance }, { attrs }) {
    const epsilon = (attrs['varianceEpsilon'] as number | undefined) ?? 0.001;
    const factor = multiplier(graph, scale, variance!, epsilon);
    const y = graph.op('Mul', [graph.op('Sub', [x!, mean!]), factor]);
    return offset === undefined ? y : graph.op('Add', [y, offset]);
  },
};

/** Axes of [samples, positions, groups, channels of each]. */
const WITHIN = [1, 3];

/** Sizes of x [samples, positions, channels] with the channels of a group beside each other. */
const grouped = (groups: number, channels: number) => [0, -1, groups, channels / groups];

const channelNorm: TraceKernel = {
  kernelName: 'FusedChannelNorm',
  infer({ x }, { groups }) {
    const statistic = { shape: [x!.shape[0]!, groups as number], dtype: 'float32' as const };
    return [like(x!), statistic, statistic];
  },
  nodes(lowering, { x, gamma, beta }, { inputs, attrs, outputs }) {
    const { graph } = lowering;
    const { groups, epsilon, relu } = attrs as { groups: number; epsilon: number; relu?: boolean };
    const channels = inputs['x']!.shape[2] as number;
    const apart = graph.op('Reshape', [x!, graph.ints(grouped(groups, channels))]);
    const mean = graph.op('ReduceMean', [apart, graph.ints(WITHIN)], { keepdims: 1 });
    const centred = graph.op('Sub', [apart, mean]);
    const square = graph.op('Mul', [centred, centred]);
    const variance = graph.op('ReduceMean', [square, graph.ints(WITHIN)], { keepdims: 1 });
    const perGroup = (weights: string) =>
      graph.op('Reshape', [weights, graph.ints([groups, channels / groups])]);
    const factor = multiplier(graph, perGroup(gamma!), variance, epsilon);
    const y = graph.op('Add', [graph.op('Mul', [centred, factor]), perGroup(beta!)]);
    const result = lowering.reshape(relu ? graph.op('Relu', [y]) : y, outputs[0]!.shape);
    return [result, ...[mean, variance].map((value, i) => lowering.reshape(value, outputs[i + 1]!.shape))];
  },
};

/** dx = s (gamma dy - (sum(gamma dy) + xhat sum(gamma dy xhat)) / count), within each group. */
const channelNormGrad: TraceKernel = {
  kernelName: 'FusedChannelNormGrad',
  infer: ({ x, gamma }) => [like(x!), like(gamma!), like(gamma!)],
  nodes(lowering, { dy, x, gamma, mean, variance, y }, { inputs, attrs, outputs }) {
    const { graph } = lowering;
    const { groups, epsilon } = attrs as { groups: number; epsilon: number };
    const channels = inputs['x']!.shape[2] as number;
    const apart = (value: string) => graph.op('Reshape', [value, graph.ints(grouped(groups, channels))]);
    const statistic = (value: string) => graph.op('Reshape', [value, graph.ints([0, 1, groups, 1])]);
    let gradient = dy!;
    if (y !== undefined) {
      const positive = graph.op('Greater', [y, graph.scalar(0)]);
      gradient = graph.op('Where', [positive, dy!, graph.scalar(0)]);
    }
    const g = apart(gradient);
    const scale = multiplier(graph, undefined, statistic(variance!), epsilon);
    const xhat = graph.op('Mul', [graph.op('Sub', [apart(x!), statistic(mean!)]), scale]);
    const weights = graph.op('Reshape', [gamma!, graph.ints([groups, channels / groups])]);
    const weighted = graph.op('Mul', [g, weights]);
    const within = (value: string) => graph.op('ReduceMean', [value, graph.ints(WITHIN)], { keepdims: 1 });
    const along = graph.op('Mul', [xhat, within(graph.op('Mul', [weighted, xhat]))]);
    const rest = graph.op('Sub', [graph.op('Sub', [weighted, within(weighted)]), along]);
    const perChannel = (value: string) =>
      graph.op('Reshape', [
        graph.op('ReduceSum', [value, graph.ints([0, 1])], { keepdims: 0 }),
        graph.ints([channels]),
      ]);
    return [
      lowering.reshape(graph.op('Mul', [rest, scale]), outputs[0]!.shape),
      perChannel(graph.op('Mul', [g, xhat])),
      perChannel(g),
    ];
  },
};

export const channelNorms = [batchNorm, channelNorm, channelNormGrad];
