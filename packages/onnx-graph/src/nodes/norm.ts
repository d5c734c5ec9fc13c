import type { GraphBuilder } from '../graph-builder';
import { columnSums } from './column-sums';

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

/** x / sqrt(mean(x^2) + epsilon) * gamma of x [rows, width], and the inverse root [rows, 1]. */
export function rmsNormNodes(
  graph: GraphBuilder,
  [input, weight]: readonly string[],
  epsilon: number,
): [string, string] {
  const square = graph.op('Mul', [input!, input!]);
  const mean = graph.op('ReduceMean', [square, graph.ints([1])], { keepdims: 1 });
  const shifted = graph.op('Add', [mean, graph.scalar(epsilon)]);
  const inverse = graph.op('Reciprocal', [graph.op('Sqrt', [shifted])]);
  return [graph.op('Mul', [graph.op('Mul', [input!, inverse]), weight!]), inverse];
}

/**
 * dx = s * (g - xhat * mean(g * xhat)) with g = dy * gamma, xhat = x * s.
 *
 * @returns dx and dgamma
 */
export function rmsNormGradNodes(
  graph: GraphBuilder,
  [gradient, input, scale, weight]: readonly string[],
  width: number,
): [string, string] {
  const xhat = graph.op('Mul', [input!, scale!]);
  const along = graph.op('Mul', [gradient!, xhat]);
  const share = graph.op('Reshape', [
    graph.op('Mul', [weight!, graph.scalar(1 / width)]),
    graph.ints([-1, 1]),
  ]);
  const mean = graph.op('MatMul', [along, share]);
  const rest = graph.op('Sub', [graph.op('Mul', [gradient!, weight!]), graph.op('Mul', [xhat, mean])]);
  return [graph.op('Mul', [rest, scale!]), columnSums(graph, along)];
}
