import type { Attributes, GraphBuilder } from '@crossmodal/onnx-graph';

type Pair = readonly [height: number, width: number];

/** A convolution of NHWC images with an HWIO filter: all that its nodes depend on besides the batch. */
export interface ConvSpec {
  input: Pair;
  output: Pair;
  inChannels: number;
  outChannels: number;
  kernel: Pair;
  strides: Pair;
  dilations: Pair;
  /** top, left, bottom, right */
  pads: readonly number[];
}

export const NCHWC = 'com.microsoft.nchwc';
export const convAttributes = ({ kernel, strides, dilations, pads }: ConvSpec) => ({
  kernel_shape: [...kernel],
  strides: [...strides],
  dilations: [...dilations],
  pads: [...pads],
});

const ceilTo = (n: number, multiple: number) => Math.ceil(n / multiple) * multiple;

/**
 * Nodes of `conv(x, w) + bias`, NHWC in and out. With blocks of channels (`block` > 0) it is ONNX Runtime's direct
 * convolution, which its optimizer otherwise keeps for constant weights; the reordering of the weights, a small
 * tensor, is part of the graph. It reads pixels with fewer channels than a block as planes.
 */
export function convNodes(
  graph: GraphBuilder,
  x: string,
  w: string,
  spec: ConvSpec,
  block: number,
  bias?: string,
): string {
  const { inChannels, outChannels } = spec;
  const attributes = convAttributes(spec);
  const fewChannels = inChannels < block;
  if (block === 0 || (!fewChannels && inChannels % block !== 0)) {
    return planesConvNodes(graph, x, w, attributes, bias);
  }
  const filter = blockedFilterNodes(graph, w, spec, block);
  const image = fewChannels
    ? graph.op('Transpose', [x], { perm: [0, 3, 1, 2] })
    : graph.op('ReorderInput', [x], { channels_last: 1 }, NCHWC);
  const padded = ceilTo(outChannels, block);
  const biases =
    bias && padded > outChannels
      ? graph.op('Pad', [bias, graph.ints([0, padded - outChannels]), graph.scalar(0)])
      : bias;
  const y = graph.op('Conv', [image, filter, biases], attributes, NCHWC);
  return graph.op('ReorderOutput', [y], { channels: outChannels, channels_last: 1 }, NCHWC);
}

/** Nodes of ONNX's own convolution, of planes, with an HWIO filter. */
function planesConvNodes(
  graph: GraphBuilder,
  x: string,
  w: string,
  attributes: Attributes,
  bias: string | undefined,
): string {
  const planes = graph.op('Transpose', [x], { perm: [0, 3, 1, 2] });
  const filter = graph.op('Transpose', [w], { perm: [3, 2, 0, 1] });
  const y = graph.op('Conv', [planes, filter, bias], attributes);
  return graph.op('Transpose', [y], { perm: [0, 2, 3, 1] });
}

/** Nodes that put an HWIO filter in the order of the direct convolution, with zeros for channels that fill up a block. */
export function blockedFilterNodes(graph: GraphBuilder, w: string, spec: ConvSpec, block: number): string {
  const { inChannels, outChannels, kernel } = spec;
  const fewChannels = inChannels < block;
  const padded = ceilTo(outChannels, block);
  const whole =
    padded === outChannels
      ? w
      : graph.op('Pad', [w, graph.ints([0, 0, 0, 0, 0, 0, 0, padded - outChannels]), graph.scalar(0)]);
  const split = fewChannels
    ? [...kernel, inChannels, padded / block, block]
    : [...kernel, inChannels / block, block, padded / block, block];
  const blocks = graph.op('Reshape', [whole, graph.ints(split)]);
  const ordered = graph.op('Transpose', [blocks], {
    perm: fewChannels ? [3, 2, 0, 1, 4] : [4, 2, 0, 1, 3, 5],
  });
  return graph.op('Reshape', [ordered, graph.ints([padded, inChannels, ...kernel])]);
}

/** Nodes of one filter for each channel, and a bias: `w` is [height, width, channels, multiplier]. */
export function depthwiseNodes(
  graph: GraphBuilder,
  x: string,
  w: string,
  spec: ConvSpec,
  block: number,
  bias?: string,
): string {
  const { inChannels: channels, outChannels, kernel, strides, dilations, pads } = spec;
  const attributes = {
    kernel_shape: [...kernel],
    strides: [...strides],
    dilations: [...dilations],
    pads: [...pads],
    group: channels,
  };
  if (block > 0 && channels === outChannels && channels % block === 0) {
    const blocks = graph.op('Reshape', [w, graph.ints([...kernel, channels / block, block])]);
    const ordered = graph.op('Transpose', [blocks], { perm: [2, 0, 1, 3] });
    const filter = graph.op('Reshape', [ordered, graph.ints([channels, 1, ...kernel])]);
    const y = graph.op(
      'Conv',
      [graph.op('ReorderInput', [x], { channels_last: 1 }, NCHWC), filter, bias],
      attributes,
      NCHWC,
    );
    return graph.op('ReorderOutput', [y], { channels, channels_last: 1 }, NCHWC);
  }
  const flat = graph.op('Reshape', [w, graph.ints([...kernel, 1, outChannels])]);
  return planesConvNodes(graph, x, flat, attributes, bias);
}

const LAST = -(2 ** 31);

/** `w` with its first two axes reversed. */
export function flipNodes(graph: GraphBuilder, w: string): string {
  const both = (value: number) => graph.ints([value, value]);
  return graph.op('Slice', [w, both(-1), both(LAST), graph.ints([0, 1]), both(-1)]);
}

/**
 * Nodes of the gradient of {@link convNodes} for its input, plus a bias: `dy` convolved with the turned filter. With
 * a stride, the pixels of each phase see their own taps of the filter: a convolution of its own for each, put beside
 * each other afterwards. Where all phases have as many taps, one convolution gives them all, as channels.
 */
export function convInputGradientNodes(
  graph: GraphBuilder,
  dy: string,
  w: string,
  spec: ConvSpec,
  block: number,
  bias?: string,
): string {
  const { input, output, inChannels, outChannels, kernel, strides, dilations, pads } = spec;
  const [top, left] = pads as [number, number, number, number];
  /** `dy` with a turned filter, [taps, outChannels, channels], to an image of `size`. */
  const turned = (
    filter: string,
    taps: Pair,
    size: Pair,
    by: Pair,
    before: number[],
    channels = inChannels,
    shift = bias,
  ) => {
    const after = taps.map((k, i) => size[i]! - output[i]! - before[i]! + (k - 1) * by[i]!);
    const spec = {
      input: output,
      output: size,
      inChannels: outChannels,
      outChannels: channels,
      kernel: taps,
      strides: [1, 1],
      dilations: by,
      pads: [...before, ...after],
    } as const;
    return convNodes(graph, dy, filter, spec, block, shift);
  };
  const turn = (filter: string) => graph.op('Transpose', [flipNodes(graph, filter)], { perm: [0, 1, 3, 2] });
  if (strides[0] === 1 && strides[1] === 1) {
    const reach = kernel.map((k, i) => (k - 1) * dilations[i]!);
    return turned(turn(w), kernel, input, dilations, [reach[0]! - top, reach[1]! - left]);
  }
  const [sy, sx] = strides;
  const phases = sy * sx;
  const steps = [
    Math.floor((input[0] - 1 + top) / sy) + 1,
    Math.floor((input[1] - 1 + left) / sx) + 1,
  ] as const;
  let channels: string; // [batch, ...steps, phases * inChannels]
  if (kernel[0] % sy === 0 && kernel[1] % sx === 0) {
    const taps = [kernel[0] / sy, kernel[1] / sx] as const;
    const apart = graph.op('Reshape', [w, graph.ints([taps[0], sy, taps[1], sx, inChannels, outChannels])]);
    const tapsFirst = graph.op('Transpose', [apart], { perm: [0, 2, 5, 1, 3, 4] });
    const filter = flipNodes(
      graph,
      graph.op('Reshape', [tapsFirst, graph.ints([...taps, outChannels, phases * inChannels])]),
    );
    const shift = bias && graph.op('Tile', [bias, graph.ints([phases])]);
    const before = [taps[0] - 1, taps[1] - 1];
    channels = turned(filter, taps, steps, [1, 1], before, phases * inChannels, shift);
  } else {
    const parts: string[] = [];
    for (let ry = 0; ry < sy; ry++) {
      for (let rx = 0; rx < sx; rx++) {
        // A phase beyond the filter has no taps; one tap of zeros stands for them.
        const taps = [Math.ceil((kernel[0] - ry) / sy) || 1, Math.ceil((kernel[1] - rx) / sx) || 1] as const;
        const whole = graph.op('Pad', [
          w,
          graph.ints([0, 0, 0, 0, Math.max(0, ry + 1 - kernel[0]), Math.max(0, rx + 1 - kernel[1]), 0, 0]),
          graph.scalar(0),
        ]);
        const from = graph.ints([ry, rx]);
        const to = graph.ints([ry + taps[0] * sy, rx + taps[1] * sx]);
        const filter = graph.op('Slice', [whole, from, to, graph.ints([0, 1]), graph.ints([sy, sx])]);
        parts.push(turned(turn(filter), taps, steps, [1, 1], [taps[0] - 1, taps[1] - 1]));
      }
    }
    channels = graph.op('Concat', parts, { axis: 3 });
  }
  const apart = graph.op('Reshape', [channels, graph.ints([-1, ...steps, sy, sx, inChannels])]);
  const together = graph.op('Transpose', [apart], { perm: [0, 1, 3, 2, 4, 5] });
  const image = graph.op('Reshape', [together, graph.ints([-1, steps[0] * sy, steps[1] * sx, inChannels])]);
  return graph.op('Slice', [
    image,
    graph.ints([top, left]),
    graph.ints([top + input[0], left + input[1]]),
    graph.ints([1, 2]),
  ]);
}

/**
 * Nodes of the gradient of {@link convNodes} for its filter, [outChannels, height * width * inChannels]: the
 * patches under each tap, gathered from the padded image, times `dy`.
 */
export function convFilterGradientNodes(graph: GraphBuilder, x: string, dy: string, spec: ConvSpec): string {
  const { input, output, inChannels, outChannels, kernel, strides, dilations, pads } = spec;
  const [top, left, bottom, right] = pads as [number, number, number, number];
  // Pixels side by side that every window sees together are gathered as one.
  const together = dilations[1] === 1 && kernel[1] % strides[1] === 0 ? strides[1] : 1;
  const width = Math.ceil((input[1] + left + right) / together);
  const end = width * together - input[1] - left;
  const padded = [top, left, bottom, end].some((size) => size > 0)
    ? graph.op('Pad', [x, graph.ints([0, top, left, 0, 0, bottom, end, 0]), graph.scalar(0)])
    : x;
  const pixels = graph.op('Reshape', [
    padded,
    graph.ints([-1, (input[0] + top + bottom) * width, together * inChannels]),
  ]);
  const at: number[] = [];
  const step = strides[1] / together;
  for (let row = 0; row < output[0]; row++) {
    for (let column = 0; column < output[1]; column++) {
      for (let ky = 0; ky < kernel[0]; ky++) {
        for (let kx = 0; kx < kernel[1] / together; kx++) {
          at.push((row * strides[0] + ky * dilations[0]) * width + column * step + kx * dilations[1]);
        }
      }
    }
  }
  const patches = graph.op('Gather', [pixels, graph.int32s(at)], { axis: 1 });
  const rows = graph.op('Reshape', [patches, graph.ints([-1, kernel[0] * kernel[1] * inChannels])]);
  const gradients = graph.op('Reshape', [dy, graph.ints([-1, outChannels])]);
  return graph.op('Gemm', [gradients, rows], { transA: 1 });
}

/**
 * Nodes of the gradient of {@link convNodes} for its filter, [height, width, inChannels, outChannels], at stride 1 and
 * for a number of images that fills blocks: a convolution over the images instead of the channels, of the padded
 * image's channels (its "images") with `dy` (its filter, as large as the result).
 */
export function convFilterGradientInBlocks(
  graph: GraphBuilder,
  x: string,
  dy: string,
  { input, output, inChannels, outChannels, pads }: ConvSpec,
  block: number,
): string {
  const [top, left, bottom, right] = pads as [number, number, number, number];
  const padded = graph.op('Pad', [x, graph.ints([0, top, left, 0, 0, bottom, right, 0]), graph.scalar(0)]);
  const [height, width] = [input[0] + top + bottom, input[1] + left + right];
  const planes = graph.op('Transpose', [graph.op('Reshape', [padded, graph.ints([-1, inChannels])])], {
    perm: [1, 0],
  });
  const image = graph.op(
    'ReorderInput',
    [graph.op('Reshape', [planes, graph.ints([inChannels, -1, height, width])])],
    {},
    NCHWC,
  );
  const split = graph.op('Reshape', [
    dy,
    graph.ints([-1, block, output[0] * output[1], outChannels / block, block]),
  ]);
  const ordered = graph.op('Transpose', [split], { perm: [3, 0, 2, 1, 4] });
  const filter = graph.op('Reshape', [ordered, graph.ints([outChannels, -1, ...output])]);
  const attributes = { kernel_shape: [...output], strides: [1, 1], dilations: [1, 1], pads: [0, 0, 0, 0] };
  const y = graph.op('Conv', [image, filter], attributes, NCHWC);
  const rows = graph.op('ReorderOutput', [y], { channels: outChannels, channels_last: 1 }, NCHWC);
  return graph.op('Transpose', [rows], { perm: [1, 2, 0, 3] });
}

/**
 * Nodes of what the filter's gradient multiplies when the vertical stride is 1: [padded height, images, output
 * width, kernel width * inChannels], the pixels under each row of the filter. The rows that one row of taps sees
 * lie side by side in it, so it is copied once for each column of the filter, not for each tap.
 */
export function convWindowNodes(graph: GraphBuilder, x: string, spec: ConvSpec): string {
  const { output, kernel, strides, dilations, pads } = spec;
  const [top, left, bottom, right] = pads as [number, number, number, number];
  const padded = graph.op('Pad', [x, graph.ints([0, top, left, 0, 0, bottom, right, 0]), graph.scalar(0)]);
  const rowsFirst = graph.op('Transpose', [padded], { perm: [1, 0, 2, 3] });
  const at: number[] = [];
  for (let column = 0; column < output[1]; column++) {
    for (let kx = 0; kx < kernel[1]; kx++) at.push(column * strides[1] + kx * dilations[1]);
  }
  return graph.op('Gather', [rowsFirst, graph.int32s(at)], { axis: 2 });
}
