import { OnnxType } from '@crossmodal/onnx-graph';
import { broadcast_util } from '@tensorflow/tfjs-core';
import { like, listOf, sizes, type TraceKernel } from '../kernel';
import type { DType } from '../trace/trace-graph';
import { binary } from './binary';
import { cast, widest } from './types';
import { clip, step, tests, unary } from './unary';

const logicalNot: TraceKernel = {
  kernelName: 'LogicalNot',
  infer: ({ x }) => like(x!),
  nodes: ({ graph }, { x }) => graph.op('Not', [x!]),
};

const castKernel: TraceKernel = {
  kernelName: 'Cast',
  infer: ({ x }, { dtype }) => ({ shape: x!.shape, dtype: dtype as DType }),
  nodes: (lowering, { x }, { inputs, attrs }) =>
    cast(lowering, x!, inputs['x']!.dtype, attrs['dtype'] as DType),
};

const select: TraceKernel = {
  kernelName: 'Select',
  infer: ({ condition, t, e }) => ({
    shape: broadcast_util.assertAndGetBroadcastShape(
      broadcast_util.assertAndGetBroadcastShape(sizes(condition!), sizes(t!)),
      sizes(e!),
    ),
    dtype: widest(t!.dtype, e!.dtype),
  }),
  nodes(lowering, { condition, t, e }, { inputs, outputs }) {
    const { dtype } = outputs[0]!;
    const of = dtype === 'bool' ? 'int32' : dtype;
    const either = [cast(lowering, t!, inputs['t']!.dtype, of), cast(lowering, e!, inputs['e']!.dtype, of)];
    return cast(lowering, lowering.graph.op('Where', [condition!, ...either]), of, dtype);
  },
};

const addN: TraceKernel = {
  kernelName: 'AddN',
  infer: (inputs) => like(listOf(inputs)[0]!),
  nodes({ graph }, inputs, { outputs }) {
    const values = listOf(inputs);
    if (outputs[0]!.dtype === 'float32') return graph.op('Sum', values);
    return values.reduce((a, b) => graph.op('Add', [a, b]));
  },
};

/** Float32 whatever it is of. */
const prelu: TraceKernel = {
  kernelName: 'Prelu',
  infer: ({ x, alpha }) => ({
    shape: broadcast_util.assertAndGetBroadcastShape(sizes(x!), sizes(alpha!)),
    dtype: 'float32',
  }),
  nodes(lowering, names, { inputs }) {
    const { graph } = lowering;
    const [x, alpha] = ['x', 'alpha'].map((name) =>
      cast(lowering, names[name]!, inputs[name]!.dtype, 'float32'),
    );
    return graph.op('Where', [graph.op('Less', [x!, graph.scalar(0)]), graph.op('Mul', [x!, alpha!]), x!]);
  },
};

/** dy where y is 0 or above, else dy (y + 1). */
const eluGrad: TraceKernel = {
  kernelName: 'EluGrad',
  infer: ({ y }) => like(y!),
  nodes({ graph }, { dy, y }) {
    const below = graph.op('Mul', [dy!, graph.op('Add', [y!, graph.scalar(1)])]);
    return graph.op('Where', [graph.op('GreaterOrEqual', [y!, graph.scalar(0)]), dy!, below]);
  },
};

const reluGrad: TraceKernel = {
  kernelName: 'ReluGrad',
  infer: ({ dy }) => like(dy!),
  nodes({ graph }, { dy, y }) {
    const positive = graph.op('Cast', [graph.op('Greater', [y!, graph.scalar(0)])], { to: OnnxType.float32 });
    return graph.op('Mul', [dy!, positive]);
  },
};

export const elementwise = [
  ...unary,
  ...binary,
  logicalNot,
  castKernel,
  select,
  clip,
  step,
  addN,
  prelu,
  eluGrad,
  reluGrad,
  ...tests,
];
