import { BINARY_NODES, type GraphBuilder, OnnxType } from '@crossmodal/onnx-graph';
import { broadcast_util } from '@tensorflow/tfjs-core';
import { sizes, type TraceKernel } from '../kernel';
import type { DType } from '../trace/trace-graph';
import { cast, DOUBLE } from './types';

const broadcast: (...[inputs]: Parameters<TraceKernel['infer']>) => number[] = ({ a, b }) =>
  broadcast_util.assertAndGetBroadcastShape(sizes(a!), sizes(b!));

const LOGICAL = new Set(['LogicalAnd', 'LogicalOr']);

/** Of operands that have one type, as tf's operations make it; kernels that gradients call may have two. */
const simple = Object.entries(BINARY_NODES).map(
  ([kernelName, { build, result, takes }]): TraceKernel => ({
    kernelName,
    infer: (inputs) => ({ shape: broadcast(inputs, {}), dtype: result ?? inputs['a']!.dtype }),
    nodes(lowering, { a, b }, { inputs, outputs }) {
      const types = [inputs['a']!.dtype, inputs['b']!.dtype] as const;
      // Bools count as 0 and 1 where ONNX has no such operator of them.
      let of: DType = types.includes('float32') ? 'float32' : types.includes('int32') ? 'int32' : 'bool';
      if (LOGICAL.has(kernelName)) of = 'bool';
      else if (of === 'bool' && !takes?.includes('bool')) of = 'int32';
      const y = build(lowering.graph, cast(lowering, a!, types[0], of), cast(lowering, b!, types[1], of));
      return result ? y : cast(lowering, y, of, outputs[0]!.dtype);
    },
  }),
);

/** Computed in float64, as JavaScript does; what has no integer becomes 0. */
const inDouble = (
  kernelName: string,
  dtype: (a: DType) => DType,
  build: (graph: GraphBuilder, a: string, b: string) => string,
): TraceKernel => ({
  kernelName,
  infer: (inputs) => ({ shape: broadcast(inputs, {}), dtype: dtype(inputs['a']!.dtype) }),
  nodes({ graph }, { a, b }, { outputs: [output] }) {
    const [x, y] = [a!, b!].map((name) => graph.op('Cast', [name], { to: DOUBLE }));
    const value = build(graph, x!, y!);
    if (output!.dtype === 'float32') return graph.op('Cast', [value], { to: OnnxType.float32 });
    const infinity = graph.op('Cast', [graph.scalar(Infinity)], { to: DOUBLE });
    const hasValue = graph.op('Less', [graph.op('Abs', [value]), infinity]);
    const zero = graph.op('Cast', [graph.scalar(0)], { to: DOUBLE });
    return graph.op('Cast', [graph.op('Where', [hasValue, value, zero])], { to: OnnxType[output!.dtype] });
  },
});

const floorDiv = inDouble(
  'FloorDiv',
  () => 'int32',
  (graph, a, b) => graph.op('Floor', [graph.op('Div', [a, b])]),
);

/** The remainder with the divisor's sign: that of a / b where the signs are one, else that of (a % b + b) / b. */
const mod = inDouble(
  'Mod',
  (dtype) => dtype,
  (graph, a, b) => {
    const zero = graph.op('Cast', [graph.scalar(0)], { to: DOUBLE });
    const negative = (x: string) => graph.op('Less', [x, zero]);
    const remainder = graph.op('Mod', [a, b], { fmod: 1 });
    const turned = graph.op('Mod', [graph.op('Add', [remainder, b]), b], { fmod: 1 });
    const signsDiffer = graph.op('Xor', [negative(a), negative(b)]);
    return graph.op('Where', [signsDiffer, turned, remainder]);
  },
);

/** The angle of (b, a), from atan(a / b). */
const atan2: TraceKernel = {
  kernelName: 'Atan2',
  infer: (inputs) => ({ shape: broadcast(inputs, {}), dtype: inputs['a']!.dtype }),
  nodes(lowering, names, { inputs, outputs }) {
    const { graph } = lowering;
    const [y, x] = ['a', 'b'].map((name) => cast(lowering, names[name]!, inputs[name]!.dtype, 'float32'));
    const isZero = (value: string) => graph.op('Equal', [value, graph.scalar(0)]);
    // Zeros have a sign too, which their reciprocals show.
    const isNegative = (value: string) =>
      graph.op('Less', [
        graph.op('Where', [isZero(value), graph.op('Reciprocal', [value]), value]),
        graph.scalar(0),
      ]);
    const signed = (value: number) =>
      graph.op('Where', [isNegative(y!), graph.scalar(-value), graph.scalar(value)]);
    const ofZeros = graph.op('Mul', [y!, graph.scalar(0)]);
    const slope = graph.op('Where', [
      graph.op('And', [isZero(y!), isZero(x!)]),
      ofZeros,
      graph.op('Atan', [graph.op('Div', [y!, x!])]),
    ]);
    // Right of the axis, on the axis, left of it.
    const left = graph.op('Where', [isNegative(x!), signed(Math.PI), graph.scalar(0)]);
    const angle = graph.op('Where', [
      graph.op('And', [isZero(x!), graph.op('Not', [isZero(y!)])]),
      signed(Math.PI / 2),
      graph.op('Add', [slope, left]),
    ]);
    return cast(lowering, angle, 'float32', outputs[0]!.dtype);
  },
};

const bitwiseAnd: TraceKernel = {
  kernelName: 'BitwiseAnd',
  infer: (inputs) => ({ shape: broadcast(inputs, {}), dtype: inputs['a']!.dtype }),
  nodes: ({ graph }, { a, b }) => graph.op('BitwiseAnd', [a!, b!]),
};

export const binary = [...simple, floorDiv, mod, atan2, bitwiseAnd];
