import { OnnxType, UNARY_NODES, type UnaryNodes } from '@crossmodal/onnx-graph';
import { like, type TraceKernel } from '../kernel';
import type { DType } from '../trace/trace-graph';
import { cast, finiteOrZero } from './types';

/** Those that the engine `onnx` leaves to tfjs. */
const FURTHER_NODES: Record<string, UnaryNodes> = {
  Acosh: (graph, x) => graph.op('Acosh', [x]),
  Asinh: (graph, x) => graph.op('Asinh', [x]),
  Atanh: (graph, x) => graph.op('Atanh', [x]),
  /** exp(x) - 1 = tanh(x / 2) (exp(x) + 1), which is exact near 0. */
  Expm1(graph, x) {
    const half = graph.op('Tanh', [graph.op('Mul', [x, graph.scalar(0.5)])]);
    return graph.op('Mul', [half, graph.op('Add', [graph.op('Exp', [x]), graph.scalar(1)])]);
  },
  /** log(1 + x) = 2 atanh(x / (2 + x)), which is exact near 0. */
  Log1p(graph, x) {
    const far = graph.op('Log', [graph.op('Add', [x, graph.scalar(1)])]);
    const ratio = graph.op('Div', [x, graph.op('Add', [x, graph.scalar(2)])]);
    const near = graph.op('Mul', [graph.op('Atanh', [ratio]), graph.scalar(2)]);
    const isNear = graph.op('Less', [graph.op('Abs', [x]), graph.scalar(0.5)]);
    return graph.op('Where', [isNear, near, far]);
  },
  /** Of not-a-number it is 0. */
  Sign(graph, x) {
    const is = (comparison: string) =>
      graph.op('Cast', [graph.op(comparison, [x, graph.scalar(0)])], { to: OnnxType.float32 });
    return graph.op('Sub', [is('Greater'), is('Less')]);
  },
};

/** What needs no floating point. */
const OF_INTEGERS: Record<string, UnaryNodes> = {
  Abs: UNARY_NODES['Abs']!,
  Neg: UNARY_NODES['Neg']!,
  Square: UNARY_NODES['Square']!,
  Sign: (graph, x) => graph.op('Sign', [x]),
  Round: (_, x) => x,
  Floor: (_, x) => x,
  Ceil: (_, x) => x,
  Relu: (graph, x) => graph.op('Max', [x, graph.int32s([0], [])]),
  Relu6: (graph, x) => graph.op('Min', [graph.op('Max', [x, graph.int32s([0], [])]), graph.int32s([6], [])]),
};

/** Float32 whatever they are of; the others give the type that they take, cut to integers. */
const ALWAYS_FLOAT = new Set(['Exp', 'LeakyRelu']);

export const unary = Object.entries({ ...UNARY_NODES, ...FURTHER_NODES }).map(
  ([kernelName, build]): TraceKernel => ({
    kernelName,
    infer: ({ x }) => ({ shape: x!.shape, dtype: ALWAYS_FLOAT.has(kernelName) ? 'float32' : x!.dtype }),
    nodes(lowering, { x }, { inputs, attrs, outputs }) {
      const { graph } = lowering;
      const from = inputs['x']!.dtype;
      if (from === 'float32') return build(graph, x!, attrs);
      const to = outputs[0]!.dtype;
      const native = OF_INTEGERS[kernelName];
      if (native) return cast(lowering, native(graph, cast(lowering, x!, from, 'int32'), attrs), 'int32', to);
      const y = build(graph, cast(lowering, x!, from, 'float32'), attrs);
      if (to === 'float32') return y;
      return graph.op('Cast', [finiteOrZero(graph, y)], { to: OnnxType[to] });
    },
  }),
);

const test = (kernelName: string, build: UnaryNodes): TraceKernel => ({
  kernelName,
  infer: ({ x }) => ({ shape: x!.shape, dtype: 'bool' }),
  nodes: (lowering, { x }, { inputs, attrs }) =>
    build(lowering.graph, cast(lowering, x!, inputs['x']!.dtype, 'float32'), attrs),
});

export const tests = [
  test('IsNan', (graph, x) => graph.op('IsNaN', [x])),
  test('IsInf', (graph, x) => graph.op('IsInf', [x])),
  test('IsFinite', (graph, x) => graph.op('Less', [graph.op('Abs', [x]), graph.scalar(Infinity)])),
];

const bound = (value: number, dtype: DType) =>
  dtype === 'float32' ? value : Math.trunc(Math.max(-(2 ** 31), Math.min(2 ** 31 - 1, value)));

/** By comparisons, which leave what is not a number. */
export const clip: TraceKernel = {
  kernelName: 'ClipByValue',
  infer: ({ x }) => like(x!),
  nodes(lowering, { x }, { inputs, attrs }) {
    const { dtype } = inputs['x']!;
    const limits = ['clipValueMin', 'clipValueMax'].map((name) =>
      lowering.scalar(bound(attrs[name] as number, dtype), dtype),
    );
    return lowering.graph.op('Clip', [x!, ...limits]);
  },
};

/** 1 where x is positive, `alpha` where not; not-a-number stays. */
export const step: TraceKernel = {
  kernelName: 'Step',
  infer: ({ x }) => like(x!),
  nodes(lowering, { x }, { inputs, attrs }) {
    const { graph } = lowering;
    const { dtype } = inputs['x']!;
    const constant = (value: number) =>
      lowering.scalar(dtype === 'float32' ? value : Math.trunc(value), dtype);
    const positive = graph.op('Greater', [x!, constant(0)]);
    const value = graph.op('Where', [positive, constant(1), constant((attrs['alpha'] as number) ?? 0)]);
    return dtype === 'float32' ? graph.op('Where', [graph.op('IsNaN', [x!]), x!, value]) : value;
  },
};
