import { float, type GraphBuilder } from '../graph-builder';

/** Bias at or below this hides the key, as in core's `attention`. */
export const MASKED = -1e9;

/** What [batch, heads, length, headDim] attend to, and the weights; `bias` is added to the scores. */
export function attentionNodes(
  graph: GraphBuilder,
  [q, k, v]: readonly [string, string, string],
  scale: number,
  bias: string | undefined,
): [string, string] {
  let scores = matmul(graph, q, k, { transB: 1, alpha: float(scale) });
  if (bias) scores = graph.op('Add', [scores, bias]);
  let weights = graph.op('Softmax', [scores], { axis: -1 });
  if (bias) {
    // Where every key is hidden, softmax spreads evenly over them; nothing is to be seen there.
    const hidden = graph.op('LessOrEqual', [bias, graph.scalar(MASKED)]);
    weights = graph.op('Where', [hidden, graph.scalar(0), weights]);
  }
  return [matmul(graph, weights, v), weights];
}

/** Gradients of query, key and value; `rowSum` is that of the output times its gradient, [batch, heads, length, 1]. */
export function attentionGradNodes(
  graph: GraphBuilder,
  { gradient, q, k, v, weights, rowSum }: Record<'gradient' | 'q' | 'k' | 'v' | 'weights' | 'rowSum', string>,
  scale: number,
): [string, string, string] {
  const dWeights = matmul(graph, gradient, v, { transB: 1 });
  const dScores = graph.op('Mul', [graph.op('Sub', [dWeights, rowSum]), weights]);
  const alpha = float(scale);
  return [
    matmul(graph, dScores, k, { alpha }),
    matmul(graph, dScores, q, { transA: 1, alpha }),
    matmul(graph, weights, gradient, { transA: 1 }),
  ];
}

function matmul(graph: GraphBuilder, a: string, b: string, attributes = {}): string {
  return graph.op('FusedMatMul', [a, b], attributes, 'com.microsoft');
}
