import { TraceError } from '../errors';
import type { TraceKernel } from '../kernel';
import { isSymbolic } from '../trace/dim';
import type { DType } from '../trace/trace-graph';
import { cast } from './types';

const intAtLeast = (dtype: DType): DType => (dtype === 'bool' ? 'int32' : dtype);
const axisIn = (rank: number, axis: number) => (axis < 0 ? axis + rank : axis);

const cumsum: TraceKernel = {
  kernelName: 'Cumsum',
  infer: ({ x }) => ({ shape: x!.shape, dtype: intAtLeast(x!.dtype) }),
  nodes(lowering, { x }, { inputs, attrs, outputs }) {
    const { graph } = lowering;
    const axis = axisIn(inputs['x']!.shape.length, attrs['axis'] as number);
    const of = cast(lowering, x!, inputs['x']!.dtype, outputs[0]!.dtype);
    return graph.op('CumSum', [of, graph.ints([axis], [])], {
      exclusive: attrs['exclusive'] ? 1 : 0,
      reverse: attrs['reverse'] ? 1 : 0,
    });
  },
};

/** Each value times that so many places before it, at twice the distance every time. */
const cumprod: TraceKernel = {
  kernelName: 'Cumprod',
  infer: ({ x }) => ({ shape: x!.shape, dtype: intAtLeast(x!.dtype) }),
  nodes(lowering, { x }, { inputs, attrs, outputs }) {
    const { graph } = lowering;
    const { shape, dtype } = inputs['x']!;
    const axis = axisIn(shape.length, attrs['axis'] as number);
    const length = shape[axis]!;
    if (isSymbolic(length))
      throw new TraceError(
        'compile: cumprod: expected an axis of known size, received one whose size is open.',
      );
    const to = outputs[0]!.dtype;
    /** Moved along the axis, ones coming in. */
    const shifted = (y: string, by: number) => {
      const pads = [0, 1].map((end) =>
        shape.map((_, i) => (i === axis && end === Number(Boolean(attrs['reverse'])) ? by : 0)),
      );
      const padded = graph.op('Pad', [y, graph.ints(pads.flat()), lowering.scalar(1, to)]);
      const from = attrs['reverse'] ? by : 0;
      return graph.op('Slice', [padded, graph.ints([from]), graph.ints([from + length]), graph.ints([axis])]);
    };
    let y = cast(lowering, x!, dtype, to);
    if (attrs['exclusive']) y = shifted(y, 1);
    for (let by = 1; by < length; by *= 2) y = graph.op('Mul', [y, shifted(y, by)]);
    return y;
  },
};

export const scans = [cumsum, cumprod];
