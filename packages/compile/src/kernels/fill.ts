import { OnnxType } from '@crossmodal/onnx-graph';
import { util } from '@tensorflow/tfjs-core';
import { TraceError } from '../errors';
import type { TraceKernel } from '../kernel';
import type { Lowering } from '../lower/lowering';
import { type Dim, isSymbolic } from '../trace/dim';
import type { DType } from '../trace/trace-graph';

const fill: TraceKernel = {
  kernelName: 'Fill',
  infer: (_, { shape, dtype, value }) => ({
    shape: shape as number[],
    dtype: (dtype ?? util.inferDtype(value as number)) as DType,
  }),
  nodes: (lowering, _, { attrs, outputs: [output] }) =>
    lowering.graph.op('Expand', [
      lowering.scalar(Number(attrs['value']), output!.dtype),
      lowering.shape(output!.shape),
    ]),
};

const filledLike = (kernelName: string, value: number): TraceKernel => ({
  kernelName,
  infer: ({ x }) => ({ shape: x!.shape, dtype: x!.dtype }),
  nodes: (lowering, _, { outputs: [output] }) =>
    lowering.graph.op('Expand', [lowering.scalar(value, output!.dtype), lowering.shape(output!.shape)]),
});

/** As tfjs counts: downwards too by the step 1, and by rounded additions. */
const range: TraceKernel = {
  kernelName: 'Range',
  infer(_, attrs) {
    const { start, stop, step } = attrs as Record<string, number>;
    const none = start === stop || (start! < stop! && step! < 0) || (stop! < start! && step! > 1);
    const size = none ? 0 : Math.abs(Math.ceil((stop! - start!) / step!));
    return { shape: [size], dtype: (attrs['dtype'] as DType) ?? 'float32' };
  },
  nodes(lowering, _, { attrs, outputs: [output] }) {
    const { graph } = lowering;
    const { shape, dtype } = output!;
    const { start, stop, step } = attrs as Record<string, Dim>;
    if (![start, stop, step, shape[0]].some(isSymbolic)) {
      const by = stop! < start! && step === 1 ? -1 : (step as number);
      return graph.constant(
        dtype,
        shape as number[],
        counted(shape[0] as number, start as number, by, dtype),
      );
    }
    if (![start, stop, step].every((n) => isSymbolic(n) || Number.isInteger(n)))
      throw new TraceError('compile: range: expected whole numbers where sizes are open.');
    const int = (dim: Dim) => graph.op('Squeeze', [lowering.dim(dim)]);
    return graph.op('Cast', [graph.op('Range', [int(start!), int(stop!), int(step!)])], {
      to: OnnxType[dtype],
    });
  },
};

const ARRAYS = { float32: Float32Array, int32: Int32Array, bool: Uint8Array };

/** Each value is the one before it, as its type holds that, plus a step. */
function counted(size: number, start: number, step: number, dtype: DType) {
  const values = new ARRAYS[dtype](size);
  if (size > 0) values[0] = start;
  for (let i = 1; i < size; i++) values[i] = values[i - 1]! + step;
  return values;
}

const linSpace: TraceKernel = {
  kernelName: 'LinSpace',
  infer: (_, { num }) => ({ shape: [num as number], dtype: 'float32' }),
  nodes({ graph }, _, { attrs }) {
    const { start, stop, num } = attrs as Record<string, Dim>;
    if (isSymbolic(start) || isSymbolic(stop) || isSymbolic(num))
      throw new TraceError('compile: linspace: expected numbers, received some that follow from open sizes.');
    return graph.constant('float32', [num!], counted(num!, start!, (stop! - start!) / (num! - 1), 'float32'));
  },
};

/** The integers from 0, int32 [size]. */
export function indices(lowering: Lowering, size: Dim): string {
  const { graph } = lowering;
  if (!isSymbolic(size)) return graph.int32s(Array.from({ length: size }, (_, i) => i));
  const int = (dim: Dim) => graph.op('Squeeze', [lowering.dim(dim)]);
  return graph.op('Cast', [graph.op('Range', [int(0), int(size), int(1)])], { to: OnnxType.int32 });
}

const oneHot: TraceKernel = {
  kernelName: 'OneHot',
  infer: ({ indices }, { depth, dtype }) => ({
    shape: [...indices!.shape, depth as number],
    dtype: (dtype as DType) ?? 'int32',
  }),
  nodes(lowering, { indices: places }, { attrs, outputs: [output] }) {
    // By comparison: an index outside gives a row of `offValue`, where ONNX's OneHot counts from the end.
    const { graph } = lowering;
    const classes = indices(lowering, attrs['depth'] as Dim);
    const column = graph.op('Unsqueeze', [places!, graph.ints([-1])]);
    const isOne = graph.op('Equal', [column, classes]);
    const { dtype } = output!;
    const of = dtype === 'bool' ? 'int32' : dtype;
    const value = (name: string) => lowering.scalar(attrs[name] as number, of);
    const y = graph.op('Where', [isOne, value('onValue'), value('offValue')]);
    return of === dtype ? y : graph.op('Cast', [y], { to: OnnxType[dtype] });
  },
};

/** The values on the diagonal of a square over their shape. */
const diag: TraceKernel = {
  kernelName: 'Diag',
  infer: ({ x }) => ({ shape: [...x!.shape, ...x!.shape], dtype: x!.dtype }),
  nodes(lowering, { x }, { outputs: [output] }) {
    const { graph } = lowering;
    const flat = graph.op('Reshape', [x!, graph.ints([-1])]);
    const size = graph.op('Shape', [flat]);
    const along = graph.op('Range', [graph.ints([0], []), graph.op('Squeeze', [size]), graph.ints([1], [])]);
    const onDiagonal = graph.op('Equal', [graph.op('Unsqueeze', [along, graph.ints([1])]), along]);
    const { dtype } = output!;
    const y = graph.op('Where', [onDiagonal, flat, lowering.scalar(0, dtype)]);
    return lowering.reshape(y, output!.shape);
  },
};

export const fills = [
  fill,
  filledLike('ZerosLike', 0),
  filledLike('OnesLike', 1),
  range,
  linSpace,
  oneHot,
  diag,
];
