import * as tf from '@tensorflow/tfjs-core';
import { type KernelCall, sizeOf, type WebgpuKernel } from '../kernel';
import type { Element, Program } from '../program';
import type { WebgpuBackend } from '../webgpu-backend';
import { sortIds } from './sort-ids';

const THREADS = 64;
/** Most threads to a row of the result. */
const MOST_THREADS = 32;

const inputs = { keys: 'u32', places: 'u32' } as const;
const uniforms = { size: 'u32', offset: 'u32', chunk: 'u32', elements: 'u32' } as const;

/** Sums of those chunks of the sorted list that have one id only. */
const chunkSums = (element: Element): Program => ({
  name: `segment sums of chunks ${element}`,
  inputs: { ...inputs, rows: element },
  outputs: { sums: element },
  uniforms,
  code: () => `
@compute @workgroup_size(${THREADS})
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) count: vec3<u32>,
        @builtin(local_invocation_index) thread: u32) {
  let index = groupIndex(group, count) * ${THREADS} + thread;
  let first = index / uniforms.elements * uniforms.chunk;
  if (first + uniforms.chunk > uniforms.size) { return; }
  let begin = uniforms.offset + first;
  let end = begin + uniforms.chunk;
  if (keys[begin] != keys[end - 1]) { return; }
  let element = index % uniforms.elements;
  var sum = ${element}(0);
  for (var i = begin; i < end; i++) { sum += rows[places[i] * uniforms.elements + element]; }
  sums[index] = sum;
}`,
});

/** Each row of the result: its id is looked for in the sorted list, then added up, a chunk at once where it can be. */
const rowSums = (element: Element, team: number): Program => ({
  name: `segment sums ${element} ${team}`,
  inputs: { ...inputs, rows: element, sums: element },
  outputs: { result: element },
  uniforms: { ...uniforms, segments: 'u32' },
  code: () => `
@compute @workgroup_size(${THREADS})
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) count: vec3<u32>,
        @builtin(local_invocation_index) thread: u32) {
  let id = groupIndex(group, count) * ${THREADS / team} + thread / ${team};
  if (id >= uniforms.segments) { return; }
  let ids = uniforms.offset;
  var first = 0u;
  for (var behind = uniforms.size; first < behind;) {
    let middle = (first + behind) / 2;
    if (keys[ids + middle] < id) { first = middle + 1; } else { behind = middle; }
  }
  for (var element = thread % ${team}; element < uniforms.elements; element += ${team}) {
    var sum = ${element}(0);
    for (var i = first; i < uniforms.size;) {
      if (keys[ids + i] != id) { break; }
      let last = i + uniforms.chunk - 1;
      if (i % uniforms.chunk == 0 && last < uniforms.size && keys[ids + min(last, uniforms.size - 1)] == id) {
        sum += sums[i / uniforms.chunk * uniforms.elements + element];
        i += uniforms.chunk;
      } else {
        sum += rows[places[ids + i] * uniforms.elements + element];
        i++;
      }
    }
    result[id * uniforms.elements + element] = sum;
  }
}`,
});

/**
 * Sums rows [n, dim], float32 or int32, by id. The ids are sorted first, so that each sum has its rows side by side:
 * the work grows with what is read and written, and each sum is in the order of its rows. Adding to the result as rows
 * come would do it in any order, with many waiting for the same place where one id is frequent.
 */
function segmentSums(
  backend: WebgpuBackend,
  rows: tf.TensorInfo,
  ids: tf.TensorInfo,
  [numSegments, dim]: readonly [number, number],
  ignored: number,
): tf.TensorInfo {
  const size = sizeOf(ids.shape);
  const length = numSegments * dim;
  const dtype = rows.dtype as 'float32' | 'int32';
  if (size === 0 || length === 0) {
    return backend.makeTensorInfo([length], dtype, tf.util.makeZerosTypedArray(length, dtype));
  }
  const result = backend.makeTensorInfo([length], dtype);
  const sorted = sortIds(backend, ids, size, numSegments, ignored);
  const width = dim % 4 === 0 && dtype === 'float32' ? 4 : 1;
  const element = width === 4 ? 'vec4<f32>' : dtype === 'float32' ? 'f32' : 'i32';
  const elements = dim / width;
  const chunk = Math.max(16, 2 ** Math.round(Math.log2(size) / 2)); // rows of a chunk as many as chunks
  const chunks = Math.max(1, Math.floor(size / chunk));
  const sums = backend.makeTensorInfo([chunks, dim], dtype);
  const buffers = { keys: sorted.keys, places: sorted.places, rows, sums };
  const uniforms = { size, offset: sorted.offset, chunk, elements };
  backend.runProgram(chunkSums(element), {
    buffers,
    uniforms,
    workgroups: Math.ceil((chunks * elements) / THREADS),
  });
  const team = Math.min(MOST_THREADS, 2 ** Math.ceil(Math.log2(elements)));
  backend.runProgram(rowSums(element, team), {
    buffers: { ...buffers, result },
    uniforms: { ...uniforms, segments: numSegments },
    workgroups: Math.ceil((numSegments * team) / THREADS),
  });
  for (const { dataId } of [sorted.keys, sorted.places, sums]) backend.disposeData(dataId);
  return result;
}

function embeddingGradient({ inputs: { dy, ids }, attrs, backend }: KernelCall): tf.TensorInfo {
  const { numEmbeddings, paddingIndex } = attrs as { numEmbeddings: number; paddingIndex: number };
  const shape = [numEmbeddings, dy!.shape.at(-1)!] as const;
  return { ...segmentSums(backend, dy!, ids!, shape, paddingIndex), shape: [...shape] };
}

function unsortedSegmentSum({
  inputs: { x, segmentIds },
  attrs,
  backend,
}: KernelCall): tf.TensorInfo | undefined {
  if (x!.dtype !== 'float32' && x!.dtype !== 'int32') return undefined;
  const numSegments = attrs['numSegments'] as number;
  const row = x!.shape.slice(1);
  const sums = segmentSums(backend, x!, segmentIds!, [numSegments, sizeOf(row)], -1);
  return { ...sums, shape: [numSegments, ...row] };
}

export const segmentSumKernels: WebgpuKernel[] = [
  { kernelName: 'EmbeddingGrad', compute: embeddingGradient },
  { kernelName: 'UnsortedSegmentSum', compute: unsortedSegmentSum },
];
