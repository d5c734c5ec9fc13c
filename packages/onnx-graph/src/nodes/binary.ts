import type { GraphBuilder } from '../graph-builder';

type Build = (graph: GraphBuilder, a: string, b: string) => string;
export interface BinaryNodes {
  build: Build;
  /** Default: that of the inputs. */
  result?: 'bool';
  /** Default: float32. */
  takes?: ('float32' | 'int32' | 'bool')[];
}

const node =
  (opType: string): Build =>
  (graph, a, b) =>
    graph.op(opType, [a, b]);
const comparison = (opType: string): BinaryNodes => ({
  build: node(opType),
  result: 'bool',
  takes: ['float32', 'int32'],
});
const logical = (opType: string): BinaryNodes => ({ build: node(opType), result: 'bool', takes: ['bool'] });

/** tfjs's kernels of two tensors that broadcast, by name. */
export const BINARY_NODES: Record<string, BinaryNodes> = {
  Add: { build: node('Add') },
  Sub: { build: node('Sub') },
  Multiply: { build: node('Mul') },
  RealDiv: { build: node('Div') },
  Maximum: { build: node('Max') },
  Minimum: { build: node('Min') },
  Pow: { build: node('Pow') },
  SquaredDifference: {
    build(graph, a, b) {
      const difference = graph.op('Sub', [a, b]);
      return graph.op('Mul', [difference, difference]);
    },
  },
  Equal: { ...comparison('Equal'), takes: ['float32', 'int32', 'bool'] },
  NotEqual: {
    build: (graph, a, b) => graph.op('Not', [graph.op('Equal', [a, b])]),
    result: 'bool',
    takes: ['float32', 'int32', 'bool'],
  },
  Less: comparison('Less'),
  LessEqual: comparison('LessOrEqual'),
  Greater: comparison('Greater'),
  GreaterEqual: comparison('GreaterOrEqual'),
  LogicalAnd: logical('And'),
  LogicalOr: logical('Or'),
};
