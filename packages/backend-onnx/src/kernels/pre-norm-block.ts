import type { NamedAttrMap } from '@tensorflow/tfjs-core';
import { float, type GraphBuilder } from '../graph-builder';
import { geluForward } from './gelu';

const LINEARS = ['q', 'k', 'v', 'out', 'fc1', 'fc2'];
const WEIGHTS = ['gamma1', 'beta1', 'gamma2', 'beta2', ...LINEARS.map((name) => `${name}Weight`)];
const BIASES = LINEARS.map((name) => `${name}Bias`);

/** Names of the block's weights, with those biases that it has. */
export const weightNames = (inputs: object): string[] => [
  ...WEIGHTS,
  ...BIASES.filter((name) => name in inputs),
];

/**
 * A pre-norm transformer block as nodes.
 *
 * @param x [rows, hiddenSize]
 * @param weight Graph inputs by {@link weightNames}.
 * @param attend Of query, key and value, each [rows, hiddenSize], what they attend to, of that shape.
 */
export function preNormBlock(
  graph: GraphBuilder,
  x: string,
  weight: Record<string, string>,
  { epsilon, activation }: NamedAttrMap,
  attend: (query: string, key: string, value: string) => string,
): string {
  const linear = (x: string, name: string) =>
    graph.op(
      'Gemm',
      [x, weight[`${name}Weight`]!, weight[`${name}Bias`]].filter((y) => y !== undefined),
    );
  const norm = (x: string, i: 1 | 2) =>
    graph.op('LayerNormalization', [x, weight[`gamma${i}`]!, weight[`beta${i}`]!], {
      axis: -1,
      epsilon: float(epsilon as number),
    });
  const normed = norm(x, 1);
  const mixed = attend(linear(normed, 'q'), linear(normed, 'k'), linear(normed, 'v'));
  const attended = graph.op('Add', [x, linear(mixed, 'out')]);
  const active = geluForward[activation as string]!(graph, linear(norm(attended, 2), 'fc1'));
  return graph.op('Add', [attended, linear(active, 'fc2')]);
}
