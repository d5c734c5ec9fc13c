import { WEIGHT_BITS } from '../resample-weights';
import { assemble, type Code, constant, i32, local, loop, set, v128 } from './assemble';

/** Bits of a weight's lower part; the upper part has the sign. */
export const LOW_BITS = 15;

/**
 * The two passes of resampling in WebAssembly's SIMD, exact: a 23-bit weight is two 16-bit ones,
 * `high * 2^15 + low`, so a sum over two taps is one instruction for each, and all 32 bits of a sum are kept.
 *
 * - `across(source, target, table, rows, sourceStride, targetStride, width, groups)`: each output pixel is a sum of
 *   `4 * groups` pixels of its row. The table holds, for each, the first one's position and the weights,
 *   a group being low 0 1, low 2 3, high 0 1, high 2 3.
 * - `down(source, target, table, rows, sourceStride, targetStride, steps, pairs)`: each of `16 * steps` output bytes is
 *   a sum over `2 * pairs` rows. The table holds, for each output row, the first one's position and the weights,
 *   a pair being low 0 1, high 0 1.
 */
export function resampleModule(channels: number): Uint8Array<ArrayBuffer> {
  return assemble([across(channels), down()]);
}

const ROUND = 1 << (WEIGHT_BITS - 1);

/** `(high * 2^15 + low + rounding) >> 22` */
function total(low: number, high: number): Code {
  const sum = v128.add(v128.shiftLeft(local(high), LOW_BITS), local(low));
  return v128.shiftRight(v128.add(sum, v128.splat(constant(ROUND))), WEIGHT_BITS);
}

const accumulate = (sum: number, values: Code, weights: Code) =>
  set(sum, v128.add(local(sum), v128.dot(values, weights)));
const advance = (pointer: number, by: Code) => set(pointer, i32.add(local(pointer), by));
const zero = v128.constant(Array(16).fill(0));

function across(channels: number) {
  const [source, target, table, rows, sourceStride, targetStride, width, groups] = [
    0, 1, 2, 3, 4, 5, 6, 7,
  ] as const;
  // Two rows at a time, so that weights are loaded once for both; the last of an odd number is done twice.
  const [source2, target2, entry, left, from, from2, to, to2, group, x] = [
    8, 9, 10, 11, 12, 13, 14, 15, 16, 17,
  ] as const;
  const [low, high, low2, high2, values, weights, pixels, pixels2] = [
    18, 19, 20, 21, 22, 23, 24, 25,
  ] as const;

  /** From 16 bytes on, two neighbouring pixels' channels side by side, as 16 bits each. */
  const pair = (first: number) =>
    v128.constant(
      [0, 1, 2, 3].flatMap((channel) =>
        channel < channels
          ? [first * channels + channel, 128, (first + 1) * channels + channel, 128]
          : [128, 128, 128, 128],
      ),
    );
  const taps = (first: number, lowAt: number, highAt: number) => [
    ...set(weights, v128.loadSplat(local(entry), lowAt)),
    ...set(values, v128.swizzle(local(pixels), pair(first))),
    ...accumulate(low, local(values), local(weights)),
    ...accumulate(high, local(values), v128.loadSplat(local(entry), highAt)),
    ...set(values, v128.swizzle(local(pixels2), pair(first))),
    ...accumulate(low2, local(values), local(weights)),
    ...accumulate(high2, local(values), v128.loadSplat(local(entry), highAt)),
  ];
  const byte4 = (low: number, high: number) => {
    const narrow = v128.narrow16(total(low, high), zero);
    return v128.firstLane(v128.narrow8(narrow, zero));
  };
  const pixel = [
    ...set(x, i32.mul(i32.load(local(entry)), constant(channels))),
    ...set(from, i32.add(local(source), local(x))),
    ...set(from2, i32.add(local(source2), local(x))),
    ...advance(entry, constant(4)),
    ...[low, high, low2, high2].flatMap((sum) => set(sum, zero)),
    ...set(group, local(groups)),
    ...loop(
      [
        ...set(pixels, v128.load(local(from))),
        ...set(pixels2, v128.load(local(from2))),
        ...taps(0, 0, 8),
        ...taps(2, 4, 12),
        ...advance(from, constant(4 * channels)),
        ...advance(from2, constant(4 * channels)),
        ...advance(entry, constant(16)),
        ...advance(group, constant(-1)),
      ],
      local(group),
    ),
    // Four bytes even where a pixel has fewer: the next one overwrites them, or the row's padding takes them.
    ...i32.store(local(to), byte4(low, high)),
    ...i32.store(local(to2), byte4(low2, high2)),
    ...advance(to, constant(channels)),
    ...advance(to2, constant(channels)),
    ...advance(left, constant(-1)),
  ];
  const isPair = i32.greater(local(rows), constant(1));
  const other = (pointer: number, stride: number) =>
    i32.select(isPair, i32.add(local(pointer), local(stride)), local(pointer));
  const body = loop(
    [
      ...set(source2, other(source, sourceStride)),
      ...set(target2, other(target, targetStride)),
      ...set(entry, local(table)),
      ...set(to, local(target)),
      ...set(to2, local(target2)),
      ...set(left, local(width)),
      ...loop(pixel, local(left)),
      ...set(source, i32.add(local(source2), local(sourceStride))),
      ...set(target, i32.add(local(target2), local(targetStride))),
      ...advance(rows, constant(-2)),
    ],
    i32.greater(local(rows), constant(0)),
  );
  return { name: 'across', parameters: 8, integers: 10, vectors: 8, body };
}

function down() {
  const [source, target, table, rows, sourceStride, targetStride, steps, pairs] = [
    0, 1, 2, 3, 4, 5, 6, 7,
  ] as const;
  const [x, from, entry, pair, step] = [8, 9, 10, 11, 12] as const;
  const [first, second, lowWeights, highWeights, mixed, values, sums] = [13, 14, 15, 16, 17, 18, 19] as const;

  const lowSum = (quarter: number) => sums + 2 * quarter;
  const highSum = (quarter: number) => sums + 2 * quarter + 1;
  const four = (quarter: number, bytes: Code) => [
    ...set(values, bytes),
    ...accumulate(lowSum(quarter), local(values), local(lowWeights)),
    ...accumulate(highSum(quarter), local(values), local(highWeights)),
  ];
  /** Eight bytes of both rows, from `start` on, taking turns. */
  const interleave = (start: number) =>
    set(
      mixed,
      v128.shuffle(
        local(first),
        local(second),
        [0, 1, 2, 3, 4, 5, 6, 7].flatMap((i) => [start + i, 16 + start + i]),
      ),
    );
  const sixteen = [
    ...set(
      from,
      i32.add(i32.mul(i32.load(local(table)), local(sourceStride)), i32.add(local(source), local(x))),
    ),
    ...set(entry, i32.add(local(table), constant(4))),
    ...[0, 1, 2, 3, 4, 5, 6, 7].flatMap((i) => set(sums + i, zero)),
    ...set(pair, local(pairs)),
    ...loop(
      [
        ...set(first, v128.load(local(from))),
        ...set(second, v128.load(i32.add(local(from), local(sourceStride)))),
        ...set(lowWeights, v128.loadSplat(local(entry), 0)),
        ...set(highWeights, v128.loadSplat(local(entry), 4)),
        ...interleave(0),
        ...four(0, v128.extendLow(local(mixed))),
        ...four(1, v128.extendHigh(local(mixed))),
        ...interleave(8),
        ...four(2, v128.extendLow(local(mixed))),
        ...four(3, v128.extendHigh(local(mixed))),
        ...advance(from, i32.mul(local(sourceStride), constant(2))),
        ...advance(entry, constant(8)),
        ...advance(pair, constant(-1)),
      ],
      local(pair),
    ),
    ...v128.store(
      i32.add(local(target), local(x)),
      v128.narrow8(
        v128.narrow16(total(lowSum(0), highSum(0)), total(lowSum(1), highSum(1))),
        v128.narrow16(total(lowSum(2), highSum(2)), total(lowSum(3), highSum(3))),
      ),
    ),
    ...advance(x, constant(16)),
    ...advance(step, constant(-1)),
  ];
  const body = loop(
    [
      ...set(x, constant(0)),
      ...set(step, local(steps)),
      ...loop(sixteen, local(step)),
      ...advance(table, i32.add(i32.mul(local(pairs), constant(8)), constant(4))),
      ...advance(target, local(targetStride)),
      ...advance(rows, constant(-1)),
    ],
    local(rows),
  );
  return { name: 'down', parameters: 8, integers: 5, vectors: 14, body };
}
