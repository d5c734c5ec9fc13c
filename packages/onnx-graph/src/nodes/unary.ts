import { type Attributes, float, type GraphBuilder } from '../graph-builder';

export type UnaryNodes = (graph: GraphBuilder, x: string, attrs: Readonly<Record<string, unknown>>) => string;

const node =
  (opType: string, attributes?: Attributes): UnaryNodes =>
  (graph, x) =>
    graph.op(opType, [x], attributes);

/** tfjs's elementwise kernels of float32, by name. */
export const UNARY_NODES: Record<string, UnaryNodes> = {
  Abs: node('Abs'),
  Acos: node('Acos'),
  Asin: node('Asin'),
  Atan: node('Atan'),
  Ceil: node('Ceil'),
  Cos: node('Cos'),
  Cosh: node('Cosh'),
  Elu: node('Elu'),
  Erf: node('Erf'),
  Exp: node('Exp'),
  Floor: node('Floor'),
  LeakyRelu: (graph, x, { alpha }) => graph.op('LeakyRelu', [x], { alpha: float(alpha as number) }),
  Log: node('Log'),
  Neg: node('Neg'),
  Reciprocal: node('Reciprocal'),
  Relu: node('Relu'),
  Relu6: (graph, x) => graph.op('Clip', [x, graph.scalar(0), graph.scalar(6)]),
  Round: node('Round'),
  Rsqrt: (graph, x) => graph.op('Reciprocal', [graph.op('Sqrt', [x])]),
  Selu: node('Selu', { alpha: float(1.6732632423543772), gamma: float(1.0507009873554805) }),
  Sigmoid: node('Sigmoid'),
  Sign: node('Sign'),
  Sin: node('Sin'),
  Sinh: node('Sinh'),
  Softplus: node('Softplus'),
  Sqrt: node('Sqrt'),
  Square: (graph, x) => graph.op('Mul', [x, x]),
  Tan: node('Tan'),
  Tanh: node('Tanh'),
};
