import type { BackendWasm } from '@tensorflow/tfjs-backend-wasm';
import { getKernel, type NamedAttrMap, type TensorInfo } from '@tensorflow/tfjs-core';
import { WasmBackendError } from './errors';
import { assemble, type FunctionBuilder } from './simd/assembler';

export type DType = 'float32' | 'int32' | 'bool';
export type TypedArray = Float32Array | Int32Array | Uint8Array;
type Exports = Record<string, (...args: number[]) => void>;

/** The memory of tfjs's module: tensors by address, and our own functions that work on it. */
export class Heap {
  readonly memory: WebAssembly.Memory;
  private readonly modules = new Map<string, Exports>();
  private readonly areas = new Map<string, { address: number; bytes: number }>();

  private constructor(private readonly backend: BackendWasm) {
    this.memory = memoryOf(emscripten(backend));
  }

  /** That of a backend; one each. */
  static of(backend: BackendWasm): Heap {
    const heap = heaps.get(backend) ?? new Heap(backend);
    heaps.set(backend, heap);
    return heap;
  }

  /** A tensor of our own, with whatever the memory held before. */
  allocate(shape: number[], dtype: DType = 'float32'): TensorInfo {
    return this.backend.makeOutput(shape, dtype);
  }
  /** An alias of `tensor` under another shape. */
  reshape(tensor: TensorInfo, shape: number[]): TensorInfo {
    this.backend.incRef(tensor.dataId);
    return { dataId: tensor.dataId, shape, dtype: tensor.dtype };
  }
  free(...tensors: TensorInfo[]): void {
    for (const { dataId } of tensors) this.backend.disposeData(dataId);
  }

  /** The tensor's elements; good until the next allocation, which may move the memory. */
  values(tensor: TensorInfo): TypedArray {
    return this.backend.typedArrayFromHeap(tensor) as TypedArray;
  }
  floats(tensor: TensorInfo): Float32Array {
    return this.values(tensor) as Float32Array;
  }

  /** Runs another kernel of the backend; the outputs are the caller's. */
  run(kernelName: string, inputs: Record<string, TensorInfo>, attrs: object = {}): TensorInfo {
    const { kernelFunc } = getKernel(kernelName, 'wasm')!;
    const call = { inputs, attrs: attrs as NamedAttrMap, backend: this.backend };
    return kernelFunc(call) as TensorInfo;
  }

  /** Bytes from the start of the memory. 16 bytes behind a tensor may be read and written. */
  address(tensor: TensorInfo): number {
    return this.backend.dataIdMap.get(tensor.dataId).memoryOffset;
  }

  /** The functions of a module, assembled at the first call. */
  module(name: string, build: () => FunctionBuilder[]): Exports {
    let exports = this.modules.get(name);
    if (!exports) {
      const shared = !(this.memory.buffer instanceof ArrayBuffer);
      const module = new WebAssembly.Module(assemble(build(), shared));
      const instance = new WebAssembly.Instance(module, { env: { memory: this.memory } });
      exports = instance.exports as Exports;
      this.modules.set(name, exports);
    }
    return exports;
  }

  /** The address of so many bytes, for the caller's use until its next call; an area never shrinks. */
  workspace(area: string, bytes: number): number {
    const before = this.areas.get(area);
    if (before && before.bytes >= bytes) return before.address;
    const wasm = emscripten(this.backend);
    if (before) wasm._free(before.address);
    this.areas.delete(area);
    const address = wasm._malloc(bytes) >>> 0;
    if (address === 0)
      throw new WasmBackendError(
        `wasm backend: out of memory: ${bytes} bytes of working memory are not free.`,
      );
    this.areas.set(area, { address, bytes });
    return address;
  }
}

/** What is used of Emscripten's module. */
interface Emscripten {
  _malloc(bytes: number): number;
  _free(address: number): void;
  asm?: Record<string, unknown>;
  wasmMemory?: unknown;
}
export const emscripten = (backend: BackendWasm): Emscripten => backend.wasm as unknown as Emscripten;

const heaps = new WeakMap<BackendWasm, Heap>();

/** Emscripten's module has its memory among its exports or, with threads, among its own properties. */
function memoryOf({ asm, wasmMemory }: Emscripten): WebAssembly.Memory {
  for (const value of [wasmMemory, ...Object.values(asm ?? {})]) {
    if (value instanceof WebAssembly.Memory) return value;
  }
  throw new WasmBackendError('wasm backend: this version of @tensorflow/tfjs-backend-wasm hides its memory.');
}
