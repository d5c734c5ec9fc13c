import {
  float,
  type GraphBuilder,
  layerNormGradNodes,
  rmsNormGradNodes,
  rmsNormNodes,
} from '@crossmodal/onnx-graph';
import { like, sizeOf, sizes, type TraceKernel } from '../kernel';
import type { Lowering } from '../lower/lowering';
import type { Value } from '../trace/trace-graph';

const rowsOf = (x: Value) => sizeOf(sizes(x).slice(0, -1));
/** [rows, width], whatever the sizes before the last. */
const asRows = ({ graph }: Lowering, name: string, x: Value) =>
  x.shape.length === 2 ? name : graph.op('Reshape', [name, graph.ints([-1, x.shape.at(-1) as number])]);

const layerNorm: TraceKernel = {
  kernelName: 'FusedLayerNorm',
  infer: ({ x }) => {
    const statistic = { shape: [rowsOf(x!)], dtype: 'float32' as const };
    return [like(x!), statistic, statistic];
  },
  nodes(lowering, { x, gamma, beta }, { attrs, outputs }) {
    const { graph } = lowering;
    const attributes = { axis: -1, epsilon: float(attrs['epsilon'] as number) };
    const needed = outputs.slice(1).some((value) => lowering.isUsed(value));
    const [y, ...statistics] = graph.node('LayerNormalization', [x!, gamma!, beta!], attributes, {
      outputs: needed ? 3 : 1,
    });
    return [y!, ...statistics.map((name) => graph.op('Reshape', [name, graph.ints([-1])]))];
  },
};

const column = (graph: GraphBuilder, name: string) => graph.op('Reshape', [name, graph.ints([-1, 1])]);

const layerNormGrad: TraceKernel = {
  kernelName: 'FusedLayerNormGrad',
  infer: ({ x, gamma }) => [like(x!), like(gamma!), like(gamma!)],
  nodes(lowering, names, { inputs, outputs }) {
    const { graph } = lowering;
    const x = inputs['x']!;
    const operands = [
      asRows(lowering, names['dy']!, x),
      asRows(lowering, names['x']!, x),
      column(graph, names['mean']!),
      column(graph, names['inverseStd']!),
      names['gamma']!,
    ];
    const [dx, dgamma, dbeta] = layerNormGradNodes(graph, operands, x.shape.at(-1) as number);
    return [lowering.reshape(dx, outputs[0]!.shape), dgamma, dbeta];
  },
};

const rmsNorm: TraceKernel = {
  kernelName: 'FusedRMSNorm',
  infer: ({ x }) => [like(x!), { shape: [rowsOf(x!)], dtype: 'float32' }],
  nodes(lowering, { x, gamma }, { inputs, attrs, outputs }) {
    const rows = asRows(lowering, x!, inputs['x']!);
    const [y, inverse] = rmsNormNodes(lowering.graph, [rows, gamma!], attrs['epsilon'] as number);
    return [
      lowering.reshape(y, outputs[0]!.shape),
      lowering.graph.op('Reshape', [inverse, lowering.graph.ints([-1])]),
    ];
  },
};

const rmsNormGrad: TraceKernel = {
  kernelName: 'FusedRMSNormGrad',
  infer: ({ x, gamma }) => [like(x!), like(gamma!)],
  nodes(lowering, names, { inputs, outputs }) {
    const x = inputs['x']!;
    const operands = [
      asRows(lowering, names['dy']!, x),
      asRows(lowering, names['x']!, x),
      column(lowering.graph, names['inverseRms']!),
      names['gamma']!,
    ];
    const [dx, dgamma] = rmsNormGradNodes(lowering.graph, operands, x.shape.at(-1) as number);
    return [lowering.reshape(dx, outputs[0]!.shape), dgamma];
  },
};

export const norms = [layerNorm, layerNormGrad, rmsNorm, rmsNormGrad];
