import { float, type GraphBuilder } from '../graph-builder';

/** tfjs's fused activations as nodes; `alpha` is the input with PReLU's weights. */
export function activate(
  graph: GraphBuilder,
  x: string,
  attrs: Readonly<Record<string, unknown>>,
  alpha?: string,
): string {
  switch (attrs['activation'] ?? 'linear') {
    case 'linear':
      return x;
    case 'relu':
      return graph.op('Relu', [x]);
    case 'relu6':
      return graph.op('Clip', [x, graph.scalar(0), graph.scalar(6)]);
    case 'elu':
      return graph.op('Elu', [x]);
    case 'sigmoid':
      return graph.op('Sigmoid', [x]);
    case 'leakyrelu':
      return graph.op('LeakyRelu', [x], { alpha: float((attrs['leakyreluAlpha'] as number) ?? 0.2) });
    case 'prelu':
      return graph.op('PRelu', [x, alpha!]);
    default:
      throw new Error(`onnx backend: unknown activation ${attrs['activation']}.`);
  }
}
