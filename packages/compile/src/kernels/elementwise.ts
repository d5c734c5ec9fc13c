import { BINARY_NODES, OnnxType, UNARY_NODES } from '@crossmodal/onnx-graph';
import { broadcast_util } from '@tensorflow/tfjs-core';
import { like, sizes, type TraceKernel } from '../kernel';
import type { DType } from '../trace/trace-graph';

const unary = Object.entries(UNARY_NODES).map(
  ([kernelName, build]): TraceKernel => ({
    kernelName,
    infer: ({ x }) => like(x!),
    nodes: ({ graph }, { x }, { attrs }) => build(graph, x!, attrs),
  }),
);

const binary = Object.entries(BINARY_NODES).map(
  ([kernelName, { build, result }]): TraceKernel => ({
    kernelName,
    infer: ({ a, b }) => ({
      shape: broadcast_util.assertAndGetBroadcastShape(sizes(a!), sizes(b!)),
      dtype: result ?? a!.dtype,
    }),
    nodes: ({ graph }, { a, b }) => build(graph, a!, b!),
  }),
);

const logicalNot: TraceKernel = {
  kernelName: 'LogicalNot',
  infer: ({ x }) => like(x!),
  nodes: ({ graph }, { x }) => graph.op('Not', [x!]),
};

const cast: TraceKernel = {
  kernelName: 'Cast',
  infer: ({ x }, { dtype }) => ({ shape: x!.shape, dtype: dtype as DType }),
  nodes({ graph }, { x }, { inputs, attrs }) {
    const dtype = attrs['dtype'] as DType;
    return inputs['x']!.dtype === dtype ? x! : graph.op('Cast', [x!], { to: OnnxType[dtype] });
  },
};

/** A condition of rank 1 chooses whole rows. */
const select: TraceKernel = {
  kernelName: 'Select',
  infer: ({ condition, t, e }) => ({
    shape:
      condition!.shape.length === 1
        ? t!.shape
        : broadcast_util.assertAndGetBroadcastShape(
            broadcast_util.assertAndGetBroadcastShape(sizes(condition!), sizes(t!)),
            sizes(e!),
          ),
    dtype: t!.dtype,
  }),
  nodes(lowering, { condition, t, e }, { inputs }) {
    const rank = inputs['t']!.shape.length;
    const ofRows = inputs['condition']!.shape.length === 1 && rank > 1;
    const chosen = ofRows
      ? lowering.reshape(condition!, [inputs['condition']!.shape[0]!, ...Array(rank - 1).fill(1)])
      : condition!;
    return lowering.graph.op('Where', [chosen, t!, e!]);
  },
};

const clip: TraceKernel = {
  kernelName: 'ClipByValue',
  infer: ({ x }) => like(x!),
  nodes: (lowering, { x }, { inputs, attrs }) => {
    const bound = (name: string) => lowering.scalar(attrs[name] as number, inputs['x']!.dtype);
    return lowering.graph.op('Clip', [x!, bound('clipValueMin'), bound('clipValueMax')]);
  },
};

/** 1 where x is positive, `alpha` where not; not-a-number stays. */
const step: TraceKernel = {
  kernelName: 'Step',
  infer: ({ x }) => like(x!),
  nodes({ graph }, { x }, { attrs }) {
    const positive = graph.op('Greater', [x!, graph.scalar(0)]);
    const value = graph.op('Where', [positive, graph.scalar(1), graph.scalar(attrs['alpha'] as number)]);
    return graph.op('Where', [graph.op('IsNaN', [x!]), x!, value]);
  },
};

const addN: TraceKernel = {
  kernelName: 'AddN',
  infer: (inputs) => like(Object.values(inputs)[0]!),
  nodes: ({ graph }, inputs) => graph.op('Sum', Object.values(inputs)),
};

const prelu: TraceKernel = {
  kernelName: 'Prelu',
  infer: ({ x }) => like(x!),
  nodes: ({ graph }, { x, alpha }) => graph.op('PRelu', [x!, alpha!]),
};

/** dy where x is above 0, else dy (y + 1). */
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

const test = (kernelName: string, opType: string): TraceKernel => ({
  kernelName,
  infer: ({ x }) => ({ shape: x!.shape, dtype: 'bool' }),
  nodes: ({ graph }, { x }) => graph.op(opType, [x!]),
});

const finite: TraceKernel = {
  kernelName: 'IsFinite',
  infer: ({ x }) => ({ shape: x!.shape, dtype: 'bool' }),
  nodes({ graph }, { x }) {
    const bad = graph.op('Or', [graph.op('IsNaN', [x!]), graph.op('IsInf', [x!])]);
    return graph.op('Not', [bad]);
  },
};

export const elementwise = [
  ...unary,
  ...binary,
  logicalNot,
  cast,
  select,
  clip,
  step,
  addN,
  prelu,
  eluGrad,
  reluGrad,
  test('IsNan', 'IsNaN'),
  test('IsInf', 'IsInf'),
  finite,
];
