import { sizeOf } from '../kernel';
import type { Lowering } from '../lower/lowering';
import type { TraceNode } from '../trace/trace-graph';
import { filterPlanes, fromPlanes, toPixels, toPlanes, type Windows } from './windows';

/**
 * The gradient of a convolution for its input, which is the transposed convolution, plus a bias. At stride 1 it is the
 * convolution with the turned filter, which runtimes compute faster.
 */
export function convInputGradient(
  lowering: Lowering,
  dy: string,
  filter: string,
  bias: string | undefined,
  node: TraceNode,
  windows: Windows,
  depthwise: boolean,
): string {
  const { graph } = lowering;
  const { input, kernel, strides, dilations, before, after } = windows;
  const rank = input.length;
  const [inChannels, last] = node.inputs['filter']!.shape.slice(-2) as [number, number];
  const flat = depthwise
    ? graph.op('Reshape', [filter, graph.ints([...kernel, 1, inChannels * last])])
    : filter;
  const group = depthwise ? inChannels : 1;
  const planes = toPlanes(lowering, dy, windows);
  const reach = kernel.map((k, i) => (k - 1) * dilations[i]!);
  const sides = [before, after].map((side) => side.map((size, i) => reach[i]! - size));
  const isPlain = strides.every((step) => step === 1) && sides.flat().every((size) => size >= 0);
  if (isPlain && (!depthwise || last === 1)) {
    const axes = kernel.map((_, i) => i);
    const all = (value: number) => graph.ints(kernel.map(() => value));
    const turned = graph.op('Slice', [flat, all(-1), all(-(2 ** 31)), graph.ints(axes), all(-1)]);
    // [in, out, ...kernel]; of one filter for each channel [channels, 1, ...kernel].
    const w = depthwise
      ? filterPlanes(lowering, turned, rank)
      : graph.op('Transpose', [turned], { perm: [rank, rank + 1, ...axes] });
    const attributes = { kernel_shape: kernel, strides, dilations, pads: sides.flat(), group };
    return fromPlanes(lowering, graph.op('Conv', [planes, w, bias], attributes), windows);
  }
  const w = filterPlanes(lowering, flat, rank);
  const attributes = { kernel_shape: kernel, strides, dilations, group };
  const whole = graph.op('ConvTranspose', [planes, w, bias], attributes);
  // What the windows cover, cut to the image; what no window reaches is 0, or the bias.
  const pads = [0, 0, ...before.map((size) => -size + 0), 0, 0, ...after.map((size) => -size + 0)];
  if (pads.every((size) => size === 0)) return fromPlanes(lowering, whole, windows);
  const isCut = pads.every((size) => size <= 0);
  if (isCut || bias === undefined)
    return fromPlanes(lowering, graph.op('Pad', [whole, graph.ints(pads), graph.scalar(0)]), windows);
  const unbiased = graph.op('ConvTranspose', [planes, w], attributes);
  const image = fromPlanes(lowering, graph.op('Pad', [unbiased, graph.ints(pads), graph.scalar(0)]), windows);
  return graph.op('Add', [image, bias]);
}

/** The image with what the windows reach beyond it, [batch, ...image, channels]; never less than that. */
function paddedPixels(lowering: Lowering, x: string, windows: Windows): string {
  const { graph } = lowering;
  const pixels = toPixels(lowering, x, windows);
  const pads = [windows.before, windows.after].flatMap((side) => [
    0,
    ...side.map((size) => Math.max(0, size)),
    0,
  ]);
  return pads.every((size) => size === 0)
    ? pixels
    : graph.op('Pad', [pixels, graph.ints(pads), graph.scalar(0)]);
}

/** Every place of the filter, as an index for each of its axes. */
const taps = (kernel: readonly number[]): number[][] =>
  kernel.reduce<number[][]>(
    (list, size) => list.flatMap((tap) => Array.from({ length: size }, (_, i) => [...tap, i])),
    [[]],
  );

/** The pixels under one place of the filter, [batch, ...output, channels]. */
function under({ graph }: Lowering, padded: string, tap: readonly number[], windows: Windows): string {
  const { output, strides, dilations } = windows;
  const from = tap.map((at, i) => at * dilations[i]!);
  const to = from.map((at, i) => at + (output[i]! - 1) * strides[i]! + 1);
  const axes = tap.map((_, i) => i + 1);
  return graph.op('Slice', [padded, graph.ints(from), graph.ints(to), graph.ints(axes), graph.ints(strides)]);
}

/** So many places of the filter have a product of their own each. */
const MANY_TAPS = 49;

/** The gradient of a convolution for its filter, [...kernel, in, out]. */
export function filterGradient(
  lowering: Lowering,
  x: string,
  dy: string,
  node: TraceNode,
  windows: Windows,
): string {
  const { graph } = lowering;
  const { input, output, kernel, strides, dilations, before, after } = windows;
  const shape = node.outputs[0]!.shape as number[];
  const [inChannels, outChannels] = shape.slice(-2) as [number, number];
  const rows = (values: string, width: number) => graph.op('Reshape', [values, graph.ints([-1, width])]);
  const gradients = rows(toPixels(lowering, dy, windows), outChannels);
  const isPatches =
    kernel.every((size, i) => size === strides[i] && dilations[i] === 1 && input[i] === output[i]! * size) &&
    before.every((size) => size === 0);
  if (isPatches) {
    // Windows side by side: [batch, ...output, ...kernel * in]
    const rank = input.length;
    const split = [-1, ...output.flatMap((count, i) => [count, kernel[i]!]), inChannels];
    const apart = graph.op('Reshape', [toPixels(lowering, x, windows), graph.ints(split)]);
    const outer = output.map((_, i) => 1 + 2 * i);
    const patches = graph.op('Transpose', [apart], {
      perm: [0, ...outer, ...outer.map((i) => i + 1), 2 * rank + 1],
    });
    const product = graph.op('Gemm', [rows(patches, sizeOf(kernel) * inChannels), gradients], { transA: 1 });
    return graph.op('Reshape', [product, graph.ints(shape)]);
  }
  if (sizeOf(kernel) <= MANY_TAPS) {
    const padded = paddedPixels(lowering, x, windows);
    const products = taps(kernel).map((tap) =>
      graph.op('Gemm', [rows(under(lowering, padded, tap, windows), inChannels), gradients], { transA: 1 }),
    );
    const stacked = products.length === 1 ? products[0]! : graph.op('Concat', products, { axis: 0 });
    return graph.op('Reshape', [stacked, graph.ints(shape)]);
  }
  // A convolution over the images in the place of channels, of each channel with dy as its filter.
  const rank = input.length;
  const spatial = input.map((_, i) => i);
  const images = graph.op('Transpose', [toPixels(lowering, x, windows)], {
    perm: [rank + 1, 0, ...spatial.map((i) => i + 1)],
  });
  const asFilter = graph.op('Transpose', [toPixels(lowering, dy, windows)], {
    perm: [rank + 1, 0, ...spatial.map((i) => i + 1)],
  });
  const attributes = {
    kernel_shape: output,
    strides: dilations,
    dilations: strides,
    pads: [...before, ...after.map((size) => Math.max(0, size))],
  };
  const y = graph.op('Conv', [images, asFilter], attributes); // [in, out, ...kernel and what is over]
  const cut = graph.op('Slice', [
    y,
    graph.ints(kernel.map(() => 0)),
    graph.ints(kernel),
    graph.ints(spatial.map((i) => i + 2)),
  ]);
  return graph.op('Transpose', [cut], { perm: [...spatial.map((i) => i + 2), 0, 1] });
}

/** For each place of the filter: the pixels under it times dy, over images and positions. */
export function depthwiseFilterGradient(
  lowering: Lowering,
  x: string,
  dy: string,
  node: TraceNode,
  windows: Windows,
): string {
  const { graph } = lowering;
  const shape = node.outputs[0]!.shape as number[];
  const [channels, multiplier] = shape.slice(-2) as [number, number];
  const padded = paddedPixels(lowering, x, windows);
  const gradients = graph.op('Reshape', [
    toPixels(lowering, dy, windows),
    graph.ints([-1, ...windows.output, channels, multiplier]),
  ]);
  const sums = taps(windows.kernel).map((tap) => {
    const pixels = graph.op('Unsqueeze', [under(lowering, padded, tap, windows), graph.ints([4])]);
    return graph.op('ReduceSum', [graph.op('Mul', [pixels, gradients]), graph.ints([0, 1, 2])], {
      keepdims: 0,
    });
  });
  const stacked = sums.length === 1 ? sums[0]! : graph.op('Concat', sums, { axis: 0 });
  return graph.op('Reshape', [stacked, graph.ints(shape)]);
}
