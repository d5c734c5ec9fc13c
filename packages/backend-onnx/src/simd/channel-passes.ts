import { ElementwiseKernel, type Expr, f32x4, workspace } from './elementwise';

// Passes over rows of channels, [rows, channels], with a few numbers for each channel. What belongs to channels is
// laid out once for a tile of several rows, so that each pass is an elementwise kernel on tile after tile.

type Floats = Float32Array;
/** A number for each channel. */
export type PerChannel = Float64Array;

const { add, sub, mul, max, and, gt } = f32x4;
/** Floats of a tile, at least: calls cost little beside it. */
const TILE = 512;
/** Floats of an array that are in the workspace at a time, about. */
const CHUNK = 16_384;

const zero = (x: Expr): Expr => sub(x, x);
const moments = new ElementwiseKernel({ inputs: 4, outputs: 2 }, ([x, origin, sums, squares], _, name) => {
  const value = name(sub(x!, origin!));
  return [add(sums!, value), add(squares!, mul(value, value))];
});
const normalised = (relu: boolean) =>
  new ElementwiseKernel({ inputs: 4, outputs: 1 }, ([x, mean, scale, shift]) => {
    const y = add(mul(sub(x!, mean!), scale!), shift!);
    return [relu ? max(y, zero(scale!)) : y];
  });
const normalise = normalised(false);
const normaliseAndRectify = normalised(true);
const gradientSums = new ElementwiseKernel({ inputs: 5, outputs: 2 }, ([dy, x, mean, total, along]) => [
  add(total!, dy!),
  add(along!, mul(dy!, sub(x!, mean!))),
]);
const rectifiedGradientSums = new ElementwiseKernel(
  { inputs: 6, outputs: 2 },
  ([dy, x, y, mean, total, along], _, name) => {
    const flowing = name(and(dy!, gt(y!, zero(mean!))));
    return [add(total!, flowing), add(along!, mul(flowing, sub(x!, mean!)))];
  },
);
const combination = new ElementwiseKernel({ inputs: 6, outputs: 1 }, ([dy, x, mean, ofDy, ofX, shift]) => [
  add(add(mul(dy!, ofDy!), mul(sub(x!, mean!), ofX!)), shift!),
]);
const rectifiedCombination = new ElementwiseKernel(
  { inputs: 7, outputs: 1 },
  ([dy, x, y, mean, ofDy, ofX, shift]) => [
    add(add(mul(and(dy!, gt(y!, zero(mean!))), ofDy!), mul(sub(x!, mean!), ofX!)), shift!),
  ],
);

/** sums += x - origin and squares += (x - origin)^2, over the rows from `start` to `end`. */
export function addMoments(
  x: Floats,
  start: number,
  end: number,
  origin: PerChannel,
  sums: PerChannel,
  squares: PerChannel,
): void {
  pass(moments, { reads: [x], constants: [origin], adds: [sums, squares], start, end, neutral: origin });
}

/** y = (x - mean) scale + shift, and with `relu` the greater of that and 0. */
export function scaleAndShift(
  x: Floats,
  y: Floats,
  start: number,
  end: number,
  [mean, scale, shift]: readonly [PerChannel, PerChannel, PerChannel],
  relu: boolean,
): void {
  const kernel = relu ? normaliseAndRectify : normalise;
  pass(kernel, { reads: [x], constants: [mean, scale, shift], writes: y, start, end });
}

/** total += dy and along += dy (x - mean), with dy only where y (a ReLU's result, if given) is above 0. */
export function addGradientSums(
  dy: Floats,
  x: Floats,
  y: Floats | undefined,
  start: number,
  end: number,
  mean: PerChannel,
  total: PerChannel,
  along: PerChannel,
): void {
  const adds = [total, along];
  if (y) pass(rectifiedGradientSums, { reads: [dy, x, y], constants: [mean], adds, start, end });
  else pass(gradientSums, { reads: [dy, x], constants: [mean], adds, start, end });
}

/** dx = dy ofDy + (x - mean) ofX + shift, with dy only where y (if given) is above 0. */
export function combineGradients(
  dy: Floats,
  x: Floats,
  y: Floats | undefined,
  dx: Floats,
  start: number,
  end: number,
  constants: readonly [mean: PerChannel, ofDy: PerChannel, ofX: PerChannel, shift: PerChannel],
): void {
  if (y) pass(rectifiedCombination, { reads: [dy, x, y], constants, writes: dx, start, end });
  else pass(combination, { reads: [dy, x], constants, writes: dx, start, end });
}

interface Pass {
  reads: readonly Floats[];
  constants: readonly PerChannel[];
  /** What the kernel's outputs are added up in; or, instead, */
  adds?: readonly PerChannel[];
  /** where its one output goes. */
  writes?: Floats;
  start: number;
  end: number;
  /** A row of the first array that adds nothing. Default zeros. */
  neutral?: PerChannel;
}

function pass(
  kernel: ElementwiseKernel,
  { reads, constants, adds = [], writes, start, end, neutral }: Pass,
): void {
  const channels = constants[0]!.length;
  // A multiple of 4 rows is a multiple of 4 floats.
  const tile = channels * 4 * Math.ceil(TILE / (4 * channels));
  const chunk = tile * Math.max(1, Math.floor(CHUNK / tile));
  const regions = [...constants.map(() => tile), ...adds.map(() => tile), ...reads.map(() => chunk)];
  const offsets: number[] = [];
  let used = 0;
  for (const size of regions) {
    offsets.push(used);
    used += size;
  }
  if (used + chunk > workspace.length)
    throw new Error(`onnx backend: norm of ${channels} channels: too many.`);
  const constantsAt = offsets.slice(0, constants.length);
  const addsAt = offsets.slice(constants.length, constants.length + adds.length);
  const readsAt = offsets.slice(constants.length + adds.length);
  for (const [i, values] of constants.entries()) {
    for (let j = 0; j < tile; j += channels) workspace.set(values, constantsAt[i]! + j);
  }
  for (let at = start; at < end; at += chunk) {
    const count = Math.min(chunk, end - at);
    for (const [i, values] of reads.entries()) {
      workspace.set(values.subarray(at, at + count), readsAt[i]!);
      // The kernel goes on to a multiple of 4.
      for (let j = count; j % 4 !== 0; j++)
        workspace[readsAt[i]! + j] = i === 0 && neutral ? neutral[j % channels]! : 0;
    }
    for (const place of addsAt) workspace.fill(0, place, place + tile);
    for (let from = 0; from < count; from += tile) {
      const inputs = [...readsAt.map((place) => place + from), ...constantsAt, ...addsAt];
      const outputs = writes ? [used + from] : addsAt;
      kernel.inWorkspace([...inputs, ...outputs], Math.min(tile, count - from));
    }
    writes?.set(workspace.subarray(used, used + count), at);
    for (const [i, sums] of adds.entries()) {
      for (let j = 0; j < tile; j++) sums[j % channels]! += workspace[addsAt[i]! + j]!;
    }
  }
}
