import { BackendWasm } from '@tensorflow/tfjs-backend-wasm';
import { type TensorInfo, util } from '@tensorflow/tfjs-core';
import { WasmBackendError } from './errors';
import { emscripten, Heap } from './heap';

type DataId = TensorInfo['dataId'];
type Move = BackendWasm['move'];

/** Behind every tensor: a vector instruction may go past the last element. */
const SLACK = 16;
/** A request near 4 GiB breaks the allocator for good; below this it only fails. The rest is for tfjs's own needs. */
export const limits = { tensors: 3.75 * 2 ** 30, all: 3.875 * 2 ** 30 };

/** Tensors made by the kernel that runs, to be released if it fails. */
let made: DataId[] | undefined;

/**
 * Makes tfjs's backend say when its memory is full (at most 4 GiB: WebAssembly's addresses have 32 bits), instead
 * of writing somewhere; what is disposed then can be used again.
 */
export function reportMemory(): void {
  const prototype = BackendWasm.prototype as BackendWasm & { move: Move & { reports?: true } };
  if (prototype.move.reports) return;
  const move: Move & { reports?: true } = function (
    this: BackendWasm,
    dataId,
    values,
    shape,
    dtype,
    refCount,
  ) {
    if (dtype === 'string') {
      original.call(this, dataId, values, shape, dtype, refCount);
    } else {
      const bytes = util.sizeFromShape(shape) * util.bytesPerElement(dtype);
      const address = allocate(this, bytes + SLACK);
      if (address === 0) throw new WasmBackendError(full(this, shape, dtype, bytes));
      // tfjs's own code, given the memory that it would ask for.
      const wasm = emscripten(this);
      const malloc = wasm._malloc;
      wasm._malloc = () => address;
      try {
        original.call(this, dataId, values, shape, dtype, refCount);
      } finally {
        wasm._malloc = malloc;
      }
    }
    made?.push(dataId);
  };
  const original = prototype.move;
  move.reports = true;
  prototype.move = move;
}

/** Runs a kernel; when it fails, releases what it made and says which it was. */
export function guarded<T>(kernelName: string, backend: BackendWasm, run: () => T): T {
  const outer = made;
  const own: DataId[] = [];
  made = own;
  try {
    const result = run();
    outer?.push(...own);
    return result;
  } catch (error) {
    for (const dataId of own) backend.disposeData(dataId, true);
    if (outer !== undefined) throw error; // the kernel that called this one will name itself
    const { message } = error as Error;
    if (error instanceof WebAssembly.RuntimeError)
      throw new WasmBackendError(`wasm backend: ${kernelName}: it failed in WebAssembly: ${message}.`, {
        cause: error,
      });
    if (error instanceof WasmBackendError)
      throw new WasmBackendError(message.replace('wasm backend:', `wasm backend: ${kernelName}:`), {
        cause: error,
      });
    throw error;
  } finally {
    made = outer;
  }
}

/** The address of free bytes, or 0. */
export function allocate(backend: BackendWasm, bytes: number): number {
  if (bytes > limits.tensors) return 0; // an address has 32 bits: the allocator would see less
  limit(Heap.of(backend).memory);
  forTensor = true;
  try {
    return emscripten(backend)._malloc(bytes) >>> 0;
  } finally {
    forTensor = false;
  }
}

let forTensor = false;
const limited = new WeakSet<WebAssembly.Memory>();

/** Emscripten grows the memory by this method, and takes an exception for "no". */
function limit(memory: WebAssembly.Memory): void {
  if (limited.has(memory)) return;
  limited.add(memory);
  const grow = memory.grow.bind(memory);
  memory.grow = (pages) => {
    const bytes = memory.buffer.byteLength + pages * 65536;
    if (bytes > (forTensor ? limits.tensors : limits.all)) throw new RangeError('no more memory');
    return grow(pages);
  };
}

function full(backend: BackendWasm, shape: readonly number[], dtype: string, bytes: number): string {
  const megabytes = (n: number) => Math.ceil(n / 2 ** 20).toLocaleString('en-US');
  return (
    `wasm backend: out of memory: ${megabytes(bytes)} MiB for a ${dtype} tensor [${shape}] are not free; the memory has grown to ` +
    `${megabytes(Heap.of(backend).memory.buffer.byteLength)} MiB, and WebAssembly has 4,096 MiB at most. ` +
    'Take smaller batches (gradients can be accumulated), or dispose of tensors that are not used any more.'
  );
}
