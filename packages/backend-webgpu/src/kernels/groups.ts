import type { TensorInfo } from '@tensorflow/tfjs-core';
import type { Program } from '../program';
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
