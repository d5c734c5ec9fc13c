import { OnnxType } from '@crossmodal/onnx-graph';
import type { TraceKernel } from '../kernel';
import type { Dim } from '../trace/dim';
import type { DType } from '../trace/trace-graph';

const fill: TraceKernel = {
  kernelName: 'Fill',
  infer: (_, { shape, dtype }) => ({ shape: shape as number[], dtype: (dtype as DType) ?? 'float32' }),
  nodes: (lowering, _, { attrs, outputs: [output] }) =>
    lowering.graph.op('Expand', [
      lowering.scalar(attrs['value'] as number, output!.dtype),
      lowering.shape(output!.shape),
    ]),
};

const filledLike = (kernelName: string, value: number): TraceKernel => ({
  kernelName,
  infer: ({ x }) => ({ shape: x!.shape, dtype: x!.dtype }),
  nodes: (lowering, _, { outputs: [output] }) =>
    lowering.graph.op('Expand', [lowering.scalar(value, output!.dtype), lowering.shape(output!.shape)]),
});

const range: TraceKernel = {
  kernelName: 'Range',
  infer(_, { start, stop, step, dtype }) {
    const size = Math.max(0, Math.ceil(((stop as number) - (start as number)) / (step as number)));
    return { shape: [size], dtype: (dtype as DType) ?? 'float32' };
  },
  nodes(lowering, _, { attrs, outputs: [output] }) {
    const { graph } = lowering;
    const int = (name: string) => graph.op('Squeeze', [lowering.dim(attrs[name] as Dim)]);
    const integers = graph.op('Range', [int('start'), int('stop'), int('step')]);
    return graph.op('Cast', [integers], { to: OnnxType[output!.dtype] });
  },
};

const oneHot: TraceKernel = {
  kernelName: 'OneHot',
  infer: ({ indices }, { depth, dtype }) => ({
    shape: [...indices!.shape, depth as number],
    dtype: (dtype as DType) ?? 'int32',
  }),
  nodes(lowering, { indices }, { attrs, outputs: [output] }) {
    // By comparison: an index outside gives a row of `offValue`, where ONNX's OneHot counts from the end.
    const { graph } = lowering;
    const depth = attrs['depth'] as number;
    const classes = graph.int32s(Array.from({ length: depth }, (_, i) => i));
    const column = graph.op('Unsqueeze', [indices!, graph.ints([-1])]);
    const value = (name: string) => lowering.scalar(attrs[name] as number, output!.dtype);
    return graph.op('Where', [graph.op('Equal', [column, classes]), value('onValue'), value('offValue')]);
  },
};

export const fills = [fill, filledLike('ZerosLike', 0), filledLike('OnesLike', 1), range, oneHot];
