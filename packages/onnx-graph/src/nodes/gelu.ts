import { float, type GraphBuilder } from '../graph-builder';

export const geluForward: Record<string, (graph: GraphBuilder, x: string) => string> = {
  erf: (graph, x) => graph.op('Gelu', [x], {}, 'com.microsoft'),
  tanh: (graph, x) => graph.op('FastGelu', [x], {}, 'com.microsoft'),
  quick: (graph, x) => graph.op('QuickGelu', [x], { alpha: float(1.702) }, 'com.microsoft'),
};

/** The derivatives, as few passes as their nodes allow. */
export const geluDerivative: Record<string, (graph: GraphBuilder, x: string) => string> = {
  /** (1 + erf(t)) / 2 + x exp(-t^2) / sqrt(2 pi) with t = x / sqrt(2) */
  erf(graph, x) {
    const t = graph.op('Mul', [x, graph.scalar(Math.SQRT1_2)]);
    // HardSigmoid is a x + b between 0 and 1: one pass for two.
    const cdf = graph.op('HardSigmoid', [graph.op('Erf', [t])], { alpha: float(0.5), beta: float(0.5) });
    const exponent = graph.op('Sub', [graph.scalar(-Math.log(2 * Math.PI) / 2), graph.op('Mul', [t, t])]);
    const slope = graph.op('Mul', [x, graph.op('Exp', [exponent])]);
    return graph.op('Add', [cdf, slope]);
  },
  /** s + x s (1 - s) u' with s = sigmoid(u), u = 2 sqrt(2 / pi) (x + 0.044715 x^3) */
  tanh(graph, x) {
    const c = 2 * Math.sqrt(2 / Math.PI);
    const square = graph.op('Mul', [x, x]);
    const scaled = (a: number) =>
      graph.op('Add', [graph.op('Mul', [square, graph.scalar(a * c)]), graph.scalar(c)]);
    const s = graph.op('Sigmoid', [graph.op('Mul', [x, scaled(0.044715)])]);
    const rest = graph.op('Sub', [graph.scalar(1), s]);
    const slope = graph.op('Mul', [graph.op('Mul', [x, rest]), scaled(3 * 0.044715)]);
    return graph.op('Mul', [s, graph.op('Add', [slope, graph.scalar(1)])]);
  },
  /** s (1 + 1.702 x (1 - s)) with s = sigmoid(1.702 x) */
  quick(graph, x) {
    const scaled = graph.op('Mul', [x, graph.scalar(1.702)]);
    const s = graph.op('Sigmoid', [scaled]);
    const slope = graph.op('Mul', [scaled, graph.op('Sub', [graph.scalar(1), s])]);
    return graph.op('Mul', [s, graph.op('Add', [slope, graph.scalar(1)])]);
  },
};
