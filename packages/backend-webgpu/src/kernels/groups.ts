import type { TensorInfo } from '@tensorflow/tfjs-core';
import type { Dispatch, Program } from '../program';
import type { WebgpuBackend } from '../webgpu-backend';

/** Parts of `length`, the last one maybe of less. */
export function split<T>(all: readonly T[], length: number): T[][] {
  return Array.from({ length: Math.ceil(all.length / length) }, (_, i) =>
    all.slice(i * length, (i + 1) * length),
  );
}

/** `make`, which writes each program once. */
export function writtenOnce<Variant extends readonly (number | string | boolean)[]>(
  make: (...variant: Variant) => Program,
): typeof make {
  const programs = new Map<string, Program>();
  return (...variant) => {
    const key = variant.join();
    const found = programs.get(key) ?? make(...variant);
    programs.set(key, found);
    return found;
  };
}

/** Itself, to be changed in place and returned; or a copy, where another tensor has the same data. */
export function toChange(x: TensorInfo, backend: WebgpuBackend): TensorInfo {
  if (backend.refCount(x.dataId) > 1) return backend.copyOf(x);
  backend.incRef(x.dataId);
  return { dataId: x.dataId, shape: x.shape, dtype: x.dtype };
}

/** What a program does for one of several tensors: with these workgroups, buffers and uniforms of its own. */
export interface Member {
  workgroups: number;
  buffers: Record<string, TensorInfo>;
  uniforms: Record<string, number>;
}

/** A field for each of `count` members, by its name with their numbers. */
export const fieldsOf = <T>(count: number, name: string, value: T): Record<string, T> =>
  Object.fromEntries(Array.from({ length: count }, (_, i) => [`${name}${i}`, value]));

/** WGSL in which workgroup `index` does what its member wants: `code` of the member and its first workgroup. */
export const byMember = (count: number, code: (i: number, begin: string) => string): string =>
  Array.from({ length: count }, (_, i) => {
    const begin = i === 0 ? '0' : `uniforms.end${i - 1}`;
    return `
  if (index >= ${begin} && index < uniforms.end${i}) {${code(i, begin)}
  }`;
  }).join('');

/** Runs all of them: buffers and uniforms by names with their numbers, `end` too, and `others` beside these. */
export function dispatchOf(members: readonly Member[], others: Partial<Dispatch>): Dispatch {
  const buffers: Record<string, TensorInfo> = { ...others.buffers };
  const uniforms: Record<string, number> = { ...others.uniforms };
  let end = 0;
  for (const [i, member] of members.entries()) {
    end += member.workgroups;
    for (const [name, tensor] of Object.entries(member.buffers)) buffers[`${name}${i}`] = tensor;
    for (const [name, value] of Object.entries({ ...member.uniforms, end })) uniforms[`${name}${i}`] = value;
  }
  return { buffers, uniforms, workgroups: end };
}
