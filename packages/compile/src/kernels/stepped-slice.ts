import { slice_util } from '@tensorflow/tfjs-core';
import { like, sizes, type TraceKernel } from '../kernel';
import type { Lowering } from '../lower/lowering';
import type { Dim } from '../trace/dim';

/** Before the first index, for steps backwards. */
const BEFORE_FIRST = -(2 ** 31);

/** The values along these axes from the last to the first. */
export function reverseNodes({ graph }: Lowering, x: string, axes: readonly number[]): string {
  if (axes.length === 0) return x;
  const all = (value: number) => graph.ints(axes.map(() => value));
  return graph.op('Slice', [x, all(-1), all(BEFORE_FIRST), graph.ints([...axes]), all(-1)]);
}

const reverse: TraceKernel = {
  kernelName: 'Reverse',
  infer: ({ x }) => like(x!),
  nodes(lowering, { x }, { inputs, attrs }) {
    const rank = inputs['x']!.shape.length;
    const dims = (attrs['dims'] as number | number[] | undefined) ?? inputs['x']!.shape.map((_, i) => i);
    return reverseNodes(
      lowering,
      x!,
      [dims].flat().map((axis) => (axis < 0 ? axis + rank : axis)),
    );
  },
};

const flipLeftRight: TraceKernel = {
  kernelName: 'FlipLeftRight',
  infer: ({ image }) => like(image!),
  nodes: (lowering, { image }) => reverseNodes(lowering, image!, [2]),
};

/** Settled: `from`, `to` and `by` of every axis of x; `shape` is what comes out. */
const stridedSlice: TraceKernel = {
  kernelName: 'StridedSlice',
  settle({ x }, attrs) {
    const { begin, end, strides, ...masks } = attrs as Record<string, number[]>;
    const { beginMask, endMask, ellipsisMask, newAxisMask, shrinkAxisMask } = masks as never as Record<
      string,
      number
    >;
    const info = slice_util.sliceInfo(
      sizes(x!),
      begin!,
      end!,
      strides!,
      beginMask!,
      endMask!,
      ellipsisMask!,
      newAxisMask!,
      shrinkAxisMask!,
    );
    return { from: info.begin, to: info.end, by: info.strides, shape: info.finalShape };
  },
  infer: ({ x }, { shape }) => ({ shape: shape as number[], dtype: x!.dtype }),
  nodes(lowering, { x }, { attrs, outputs }) {
    const { graph } = lowering;
    const { from, to, by } = attrs as Record<string, Dim[]>;
    const ends = to!.map((at, axis) => ((by![axis] as number) < 0 && at === -1 ? BEFORE_FIRST : at));
    const axes = graph.ints(from!.map((_, axis) => axis));
    const y = graph.op('Slice', [x!, lowering.shape(from!), lowering.shape(ends), axes, lowering.shape(by!)]);
    return lowering.reshape(y, outputs[0]!.shape);
  },
};

export const steppedSlices = [reverse, flipLeftRight, stridedSlice];
