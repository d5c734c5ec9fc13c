import type { TensorInfo } from '@tensorflow/tfjs-core';
import type { Program } from '../program';
import type { WebgpuBackend } from '../webgpu-backend';

const THREADS = 256;
/** Bits of the key that a pass sorts by: a count for each value and thread has room in any workgroup's memory. */
const BITS = 4;
const COUNTS = THREADS << BITS;

/**
 * Radix sort, from the lowest bits up, in one workgroup: each thread counts what its stretch of the list has of each
 * digit, and from the running sums of those counts, by digit and then thread, knows where it all goes. No order is
 * left to timing. Between two halves of `keys` and `places` the list goes to and fro.
 */
const program: Program = {
  name: 'sort ids',
  inputs: { ids: 'i32' },
  outputs: { keys: 'u32', places: 'u32' },
  uniforms: { size: 'u32', limit: 'u32', ignored: 'i32', passes: 'u32' },
  code: () => `
var<workgroup> counts: array<u32, ${COUNTS}>;

fn keyAt(at: u32, digit: u32, half: u32) -> u32 {
  if (digit > 0) { return keys[half + at]; }
  let id = ids[at];
  return select(uniforms.limit, u32(id), id >= 0 && u32(id) < uniforms.limit && id != uniforms.ignored);
}
fn slotOf(key: u32, digit: u32, thread: u32) -> u32 {
  return ((key >> (digit * ${BITS})) & ${(1 << BITS) - 1}) * ${THREADS} + thread;
}
fn sumsBefore(thread: u32) { // Blelloch 1990, section 3: a tree of sums, then down again
  for (var step = 1u; step < ${COUNTS}; step *= 2) {
    workgroupBarrier();
    for (var k = thread; k < ${COUNTS / 2} / step; k += ${THREADS}) {
      counts[(2 * k + 2) * step - 1] += counts[(2 * k + 1) * step - 1];
    }
  }
  workgroupBarrier();
  if (thread == 0) { counts[${COUNTS - 1}] = 0; }
  for (var step = ${COUNTS / 2}u; step > 0; step /= 2) {
    workgroupBarrier();
    for (var k = thread; k < ${COUNTS / 2} / step; k += ${THREADS}) {
      let left = (2 * k + 1) * step - 1;
      let right = left + step;
      let sum = counts[left];
      counts[left] = counts[right];
      counts[right] += sum;
    }
  }
  workgroupBarrier();
}

@compute @workgroup_size(${THREADS})
fn main(@builtin(local_invocation_index) thread: u32) {
  let stretch = (uniforms.size + ${THREADS - 1}) / ${THREADS};
  let begin = min(thread * stretch, uniforms.size);
  let end = min(begin + stretch, uniforms.size);
  for (var digit = 0u; digit < uniforms.passes; digit++) {
    let to = digit % 2 * uniforms.size;
    let half = uniforms.size - to;
    for (var k = thread; k < ${COUNTS}; k += ${THREADS}) { counts[k] = 0; }
    for (var at = begin; at < end; at++) { counts[slotOf(keyAt(at, digit, half), digit, thread)]++; }
    sumsBefore(thread);
    for (var at = begin; at < end; at++) {
      let key = keyAt(at, digit, half);
      let slot = slotOf(key, digit, thread);
      let next = to + counts[slot];
      counts[slot]++;
      keys[next] = key;
      var place = at;
      if (digit > 0) { place = places[half + at]; }
      places[next] = place;
    }
    storageBarrier();
    workgroupBarrier();
  }
}`,
};

export interface SortedIds {
  /** uint32 [2, n]: the ids, smallest first; those that are not in [0, limit), and the ignored, as `limit`. */
  keys: TensorInfo;
  /** uint32 [2, n]: where in the list they were; of equal ones, the first comes first. */
  places: TensorInfo;
  /** Where the result begins in both: they have room for two lists. */
  offset: number;
}

/** Sorts ids, int32 [n]; the caller disposes the result. */
export function sortIds(
  backend: WebgpuBackend,
  ids: TensorInfo,
  size: number,
  limit: number,
  ignored: number,
): SortedIds {
  const passes = Math.ceil(Math.log2(limit + 1) / BITS);
  const [keys, places] = [0, 1].map(() => backend.makeTensorInfo([2, size], 'int32')) as [
    TensorInfo,
    TensorInfo,
  ];
  backend.runProgram(program, {
    buffers: { ids, keys, places },
    uniforms: { size, limit, ignored, passes },
    workgroups: 1,
  });
  return { keys, places, offset: ((passes - 1) % 2) * size };
}
