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
 * @param withStatistics Whether the norms give their means and inverse deviations too; else these are undefined.
 * @returns The result, `y`, and what lies on the way to it, each [rows, ...].
 */
export function preNormBlock(
  graph: GraphBuilder,
  x: string,
  weight: Record<string, string>,
  { epsilon, activation }: Readonly<Record<string, unknown>>,
  attend: (query: string, key: string, value: string) => string,
  withStatistics = false,
) {
  const linear = (x: string, name: string) =>
    graph.op('Gemm', [x, weight[`${name}Weight`]!, weight[`${name}Bias`]]);
  const norm = (x: string, i: 1 | 2) => {
    const operands = [x, weight[`gamma${i}`]!, weight[`beta${i}`]!];
    const attributes = { axis: -1, epsilon: float(epsilon as number) };
    return graph.node('LayerNormalization', operands, attributes, { outputs: withStatistics ? 3 : 1 });
  };
  const [normed1, mean1, inverseStd1] = norm(x, 1);
  const mixed = attend(linear(normed1!, 'q'), linear(normed1!, 'k'), linear(normed1!, 'v'));
  const attended = graph.op('Add', [x, linear(mixed, 'out')]);
  const [normed2, mean2, inverseStd2] = norm(attended, 2);
  const inner = linear(normed2!, 'fc1');
  const active = geluForward[activation as string]!(graph, inner);
  const y = graph.op('Add', [attended, linear(active, 'fc2')]);
  return {
    ...{ normed1, mean1, inverseStd1, mixed, attended },
    ...{ normed2, mean2, inverseStd2, inner, active, y },
  };
}
