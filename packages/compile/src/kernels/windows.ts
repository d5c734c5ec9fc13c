import { backend_util } from '@tensorflow/tfjs-core';
import type { Attrs } from '../kernel';
import type { Lowering } from '../lower/lowering';

/** Windows over an image's axes, the first of them first: all that their nodes depend on besides batch and channels. */
export interface Windows {
  input: number[];
  output: number[];
  kernel: number[];
  strides: number[];
  dilations: number[];
  /** Of the first window, before the image. */
  before: number[];
  /** As far as the last window reaches beyond the image; below 0 where it does not reach its end. */
  after: number[];
  /** Whether channels come before the image's axes. */
  channelsFirst: boolean;
}

type Info = { [K in 'inShape' | 'outShape']: number[] } & { dataFormat: string } & Record<string, unknown>;

const AXES = { 2: ['Height', 'Width'], 3: ['Depth', 'Height', 'Width'] } as const;
const SIDES = { Depth: 'front', Height: 'top', Width: 'left' } as const;

function windowsOf(info: Info, rank: 2 | 3): Windows {
  const of = (prefix: string) => AXES[rank].map((axis) => info[`${prefix}${axis}`] as number);
  const [input, output, kernel] = [of('in'), of('out'), of('filter')];
  const [strides, dilations] = [of('stride'), of('dilation')];
  const padding = info['padInfo'] as Record<string, number>;
  const before = AXES[rank].map((axis) => padding[SIDES[axis]]!);
  const after = output.map(
    (count, i) => (count - 1) * strides[i]! + (kernel[i]! - 1) * dilations[i]! + 1 - input[i]! - before[i]!,
  );
  const channelsFirst = info.dataFormat === 'channelsFirst';
  return { input, output, kernel, strides, dilations, before, after, channelsFirst };
}

export interface Settled {
  windows: Windows;
  inShape: number[];
  outShape: number[];
}

/** Windows of a convolution's attributes; those of its gradients are the convolution's. */
export function convWindows(
  xShape: readonly number[],
  filterShape: readonly number[],
  attrs: Attrs,
  depthwise = false,
): Settled {
  const { strides, pad, dimRoundingMode, dataFormat, dilations } = attrs as Record<string, never>;
  if (xShape.length === 5) {
    if (dataFormat === 'NCDHW') throw new Error('Conv3D: expected NDHWC, received NCDHW.');
    const info = backend_util.computeConv3DInfo(
      xShape as never,
      filterShape as never,
      strides!,
      dilations ?? 1,
      pad!,
    );
    return { windows: windowsOf(info as never, 3), inShape: info.inShape, outShape: info.outShape };
  }
  const info = backend_util.computeConv2DInfo(
    xShape as never,
    filterShape as never,
    strides!,
    dilations ?? 1,
    pad!,
    dimRoundingMode,
    depthwise,
    dataFormat === 'NCHW' ? 'channelsFirst' : 'channelsLast',
  );
  return { windows: windowsOf(info as never, 2), inShape: info.inShape, outShape: info.outShape };
}

/** Windows of a pooling's attributes. */
export function poolWindows(xShape: readonly number[], attrs: Attrs): Settled {
  const { filterSize, strides, pad, dimRoundingMode } = attrs as Record<string, never>;
  if (xShape.length === 5) {
    const info = backend_util.computePool3DInfo(
      xShape as never,
      filterSize!,
      strides!,
      1,
      pad!,
      dimRoundingMode,
    );
    return { windows: windowsOf(info as never, 3), inShape: info.inShape, outShape: info.outShape };
  }
  const info = backend_util.computePool2DInfo(
    xShape as never,
    filterSize!,
    strides!,
    1,
    pad!,
    dimRoundingMode,
  );
  return { windows: windowsOf(info as never, 2), inShape: info.inShape, outShape: info.outShape };
}

/** Attributes of ONNX's windows. */
export const windowAttributes = ({ kernel, strides, dilations, before, after }: Windows) => ({
  kernel_shape: kernel,
  strides,
  dilations,
  pads: [...before, ...after.map((size) => Math.max(0, size))],
});

const axes = (rank: number) => Array.from({ length: rank }, (_, i) => i);

/** [batch, channels, ...image] from tfjs's order. */
export function toPlanes({ graph }: Lowering, x: string, { input, channelsFirst }: Windows): string {
  const rank = input.length;
  const perm = [0, rank + 1, ...axes(rank).map((i) => i + 1)];
  return channelsFirst ? x : graph.op('Transpose', [x], { perm });
}

/** tfjs's order from [batch, channels, ...image]. */
export function fromPlanes({ graph }: Lowering, x: string, { input, channelsFirst }: Windows): string {
  const rank = input.length;
  const perm = [0, ...axes(rank).map((i) => i + 2), 1];
  return channelsFirst ? x : graph.op('Transpose', [x], { perm });
}

/** [batch, ...image, channels] from tfjs's order. */
export function toPixels({ graph }: Lowering, x: string, { input, channelsFirst }: Windows): string {
  const rank = input.length;
  const perm = [0, ...axes(rank).map((i) => i + 2), 1];
  return channelsFirst ? graph.op('Transpose', [x], { perm }) : x;
}

/** [out, in, ...kernel] from a filter [...kernel, in, out]. */
export function filterPlanes({ graph }: Lowering, filter: string, rank: number): string {
  return graph.op('Transpose', [filter], { perm: [rank + 1, rank, ...axes(rank)] });
}
