import { type ResampleAxis, resampleWeights } from '../resample-weights';
import { LOW_BITS } from './resample-module';

/** Weights as the WebAssembly passes read them. */
export interface WeightTable {
  /** Entries of `1 + taps` words: first input position, then weights, in groups of lower and upper halves. */
  data: Int32Array;
  /** First input position of each entry. */
  starts: Int32Array;
  /** Input positions that an entry has weights for, a multiple of the group's size. */
  taps: number;
}

const CACHED_TABLES = 64;
const cache = new Map<string, WeightTable>();

/** The weights of an axis for a pass that takes `group` input positions at a time. */
export function weightTable(axis: ResampleAxis, group: 2 | 4): WeightTable {
  const key = [axis.inputSize, axis.outputSize, axis.first, axis.kept, axis.filter, group].join();
  let table = cache.get(key);
  if (!table) {
    table = makeTable(axis, group);
    if (cache.size >= CACHED_TABLES) cache.clear();
    cache.set(key, table);
  }
  return table;
}

function makeTable(axis: ResampleAxis, group: number): WeightTable {
  const { starts, counts, weights, stride } = resampleWeights(axis);
  const taps = group * Math.ceil(counts.reduce((most, count) => Math.max(most, count), 1) / group);
  const data = new Int32Array(axis.kept * (1 + taps));
  const halves = new Int16Array(data.buffer);
  for (let o = 0; o < axis.kept; o++) {
    // Every entry has as many taps; near the end of the input, those without weight come first.
    const start = Math.max(0, Math.min(starts[o]!, axis.inputSize - taps));
    const entry = o * (1 + taps);
    data[entry] = start;
    for (let i = 0; i < counts[o]!; i++) {
      const weight = weights[o * stride + i]!;
      const tap = starts[o]! - start + i;
      const lane = tap % group;
      const at = 2 * (entry + 1 + tap - lane) + lane;
      halves[at] = weight & ((1 << LOW_BITS) - 1);
      halves[at + group] = weight >> LOW_BITS;
    }
    starts[o] = start;
  }
  return { data, starts, taps };
}
