import { GraphBuilder } from '@crossmodal/onnx-graph';
import { MathBackendCPU } from '@tensorflow/tfjs-backend-cpu';
import { type DataStorage, type DataType, type TensorInfo, util } from '@tensorflow/tfjs-core';
import type { Tensor } from 'onnxruntime-common';
import type { Blocks } from './blocked-layout';
import { BufferPool, type PooledBuffer } from './buffer-pool';
import { OnnxBackendError } from './errors';
import { constantDType, type DType, type Plan, type PlanInput, sizeOf, type TypedArray } from './kernel';
import { loadNativeRuntime, type NativeRuntime } from './native-binding';
import { options } from './options';
import { PackedKernels } from './packed-kernels';
import { type BuiltGraph, type CompiledKernel, SessionCache } from './session-cache';
import { ElementwiseKernel, f32x4 } from './simd/elementwise';

type DataId = TensorInfo['dataId'];
type StoredData = ReturnType<MathBackendCPU['data']['get']> & {
  buffer?: PooledBuffer | undefined;
  /** Images that are not in `values`' order yet: see blocked-layout.ts. */
  blocks?: Blocks;
  /** What a kernel made of this tensor to use again; released with it. */
  prepared?: Prepared;
};
interface Prepared {
  /** What it was made for, and of. */
  key: string;
  from: DataId[];
  tensors: TensorInfo[];
}
type BackendValues = ReturnType<MathBackendCPU['readSync']>;

/**
 * TensorFlow.js backend whose heavy kernels are ONNX Runtime sessions, run synchronously on the tensors' own
 * memory. Every other kernel is that of tfjs's `cpu` backend, which reads and writes the same typed arrays.
 */
export class OnnxBackend extends MathBackendCPU {
  readonly pool = new BufferPool(options.maxPoolBytes);
  readonly sessions: SessionCache;
  private readonly packed: PackedKernels;
  private readonly runtime: NativeRuntime;
  declare data: DataStorage<StoredData>;

  constructor() {
    super();
    this.runtime = loadNativeRuntime();
    this.sessions = new SessionCache(this.runtime, options);
    this.packed = new PackedKernels((plan) => this.sessions.compile(this.withWeights(plan)));
    // The CPU backend greets its first user in Node with advice to install another one.
    (this as unknown as { firstUse: boolean }).firstUse = false;
  }

  /**
   * The tensor's memory. Inherited kernels sometimes keep a tensor in an array of another type (what `cast` made
   * of a bool); that comes as a converted copy.
   */
  values(tensor: TensorInfo): TypedArray {
    const values = this.data.get(tensor.dataId).values as TypedArray;
    const type = arrayTypes[tensor.dtype as DType];
    return values instanceof type ? values : (type as typeof Float32Array).from(values);
  }
  floats(tensor: TensorInfo): Float32Array {
    return this.values(tensor) as Float32Array;
  }

  /** A tensor of our own, with whatever the memory held before. */
  allocate(shape: number[], dtype: DType): TensorInfo {
    const size = sizeOf(shape);
    const bytes = size * util.bytesPerElement(dtype);
    let buffer: PooledBuffer | undefined;
    let values: TypedArray;
    try {
      buffer = this.pool.acquire(bytes);
      values = new arrayTypes[dtype](buffer.bytes, 0, size);
    } catch (cause) {
      if (buffer) this.pool.release(buffer);
      const gibibytes = (bytes / 2 ** 30).toFixed(1);
      throw new RangeError(
        `out of memory: ${gibibytes} GiB for a ${dtype} tensor [${shape.join(', ')}] are not free.`,
        { cause },
      );
    }
    return this.makeTensorInfo(shape, dtype, values);
  }

  /** An alias of `tensor` under another shape. */
  reshape(tensor: TensorInfo, shape: number[]): TensorInfo {
    this.incRef(tensor.dataId);
    return { dataId: tensor.dataId, shape, dtype: tensor.dtype };
  }

  /** A tensor on a part of another's memory, which stays as long as either does. */
  view(tensor: TensorInfo, offset: number, shape: number[]): TensorInfo {
    const values = this.values(tensor).subarray(offset, offset + sizeOf(shape));
    return this.makeTensorInfo(shape, tensor.dtype, values);
  }

  /**
   * What `prepare` makes of tensors that change rarely (weights in another order): kept until the first of them is
   * disposed, made anew when any of them is another than last time or `key` is. Whoever writes into a tensor's
   * memory calls {@link forget}.
   */
  prepared(key: string, from: readonly TensorInfo[], prepare: () => TensorInfo[]): TensorInfo[] {
    const data = this.data.get(from[0]!.dataId);
    const ids = from.map(({ dataId }) => dataId);
    if (data.prepared?.key !== key || data.prepared.from.some((id, i) => id !== ids[i])) {
      this.forget(from[0]!);
      data.prepared = { key, from: ids, tensors: prepare() };
    }
    return data.prepared!.tensors;
  }

  /** Releases what was {@link prepared} of this tensor. */
  forget(tensor: TensorInfo): void {
    const data = this.data.get(tensor.dataId);
    for (const prepared of data.prepared?.tensors ?? []) this.disposeIntermediateTensorInfo(prepared);
    delete data.prepared;
  }

  /** Runs a plan; the outputs, but for those written into other tensors, are the caller's. */
  run(plan: Plan): TensorInfo[] {
    const made: TensorInfo[] = [];
    const make = (shape: number[], dtype: DType) => {
      made.push(this.allocate(shape, dtype));
      return made.at(-1)!;
    };
    try {
      const outputs = plan.outputs.map(({ shape, dtype, into }) => into ?? make(shape, dtype));
      const packed = this.packed.get(plan);
      if (packed) {
        this.runAtOnce(packed, { ...plan, inputs: plan.inputs.slice(0, plan.weightsFrom) }, outputs);
        return made;
      }
      const kernel = this.sessions.get(plan.key, () => compile(plan));
      const { chunk } = plan;
      const rows = chunk ? plan.inputs[chunk.split.indexOf(true)]!.shape[0]! : 0;
      if (chunk && rows > chunk.rows) this.runInPieces(kernel, plan, outputs, rows);
      else this.runAtOnce(kernel, plan, outputs);
      return made;
    } catch (cause) {
      for (const output of made) this.disposeIntermediateTensorInfo(output);
      if (cause instanceof RangeError) throw cause;
      throw new OnnxBackendError(`onnx backend: ${plan.key}: ${(cause as Error).message}`, { cause });
    }
  }

  /**
   * Compiles a whole graph, whose inputs are named `i0`, `i1`, ... It is the caller's, to be run by {@link runGraph};
   * `session.dispose()` releases it.
   */
  compileGraph(graph: GraphBuilder, outputNames: string[]): CompiledKernel {
    return this.sessions.compile({ graph, outputNames });
  }

  /** The memory of a tensor, not a copy of it; not for writing, nor for keeping. */
  held(dataId: DataId): TypedArray {
    return this.data.get(dataId).values as TypedArray;
  }

  /**
   * Runs a graph on tensors' memory.
   *
   * @returns Those outputs that are not written `into` another tensor; they are the caller's.
   */
  runGraph(
    graph: CompiledKernel,
    inputs: readonly TensorInfo[],
    outputs: readonly { shape: number[]; dtype: DType; into?: TensorInfo | undefined }[],
  ): TensorInfo[] {
    const made: TensorInfo[] = [];
    try {
      const fetches = outputs.map(({ shape, dtype, into }) => {
        if (!into) made.push(this.allocate(shape, dtype));
        return this.tensor(dtype, this.values(into ?? made.at(-1)!), shape);
      });
      const feeds = inputs.map((input) => this.tensorOf({ tensor: input, shape: input.shape }));
      this.sessions.run(graph, feeds, fetches);
      return made;
    } catch (cause) {
      for (const output of made) this.disposeIntermediateTensorInfo(output);
      throw cause;
    }
  }

  /** The plan's graph with its weights built in. */
  private withWeights(plan: Plan): BuiltGraph {
    return compile(plan, (graph, input, i) => {
      if (i < plan.weightsFrom! || !('tensor' in input)) return undefined;
      return graph.weights(this.floats(input.tensor), input.shape);
    });
  }

  private runAtOnce(kernel: CompiledKernel, plan: Plan, outputs: TensorInfo[]): void {
    const feeds = plan.inputs.map((input) => this.tensorOf(input));
    const fetches = outputs.map((output, i) => {
      const { dtype, shape, graphShape = shape } = plan.outputs[i]!;
      return this.tensor(dtype, this.values(output), graphShape);
    });
    this.sessions.run(kernel, feeds, fetches);
  }

  /** As {@link Plan.chunk} says. */
  private runInPieces(kernel: CompiledKernel, plan: Plan, outputs: TensorInfo[], rows: number): void {
    const { rows: most, split, sum } = plan.chunk!;
    const step = Math.ceil(rows / Math.ceil(rows / most)); // pieces of one size
    const inputs = plan.inputs.map((input, i) => (split[i] ? undefined : this.tensorOf(input)));
    const arrays = outputs.map((output) => this.values(output));
    const partial = arrays.map((array, i) => (sum?.[i] ? new Float32Array(array.length) : undefined));
    for (let start = 0; start < rows; start += step) {
      const end = Math.min(start + step, rows);
      const cut = (dtype: DType, array: TypedArray, [first, ...rest]: readonly number[]) => {
        const row = array.length / rows;
        const piece = array.subarray(start * row, end * row);
        return this.tensor(dtype, piece, [((end - start) * first!) / rows, ...rest]);
      };
      const feeds = plan.inputs.map((input, i) => {
        if (inputs[i] || !('tensor' in input)) return inputs[i]!;
        return cut(input.tensor.dtype as DType, this.values(input.tensor), input.shape);
      });
      const fetches = arrays.map((array, i) => {
        const { dtype, shape, graphShape = shape } = plan.outputs[i]!;
        if (!partial[i]) return cut(dtype, array, graphShape);
        return this.tensor(dtype, start === 0 ? array : partial[i], graphShape);
      });
      this.sessions.run(kernel, feeds, fetches);
      if (start === 0) continue;
      for (const [i, part] of partial.entries()) {
        const total = arrays[i] as Float32Array;
        if (part) addition.run([total, part], [total]);
      }
    }
  }

  /**
   * Every tensor passes here, also those that inherited kernels make of another's memory (`Slice`, `Complex`):
   * memory of the pool is counted, memory from elsewhere is left to the garbage collector.
   */
  override write(values: BackendValues, shape: number[], dtype: DataType): DataId {
    const dataId = super.write(values, shape, dtype);
    const buffer = ArrayBuffer.isView(values) ? this.pool.ownerOf(values) : undefined;
    if (buffer) {
      buffer.references++;
      this.data.get(dataId).buffer = buffer;
    }
    return dataId;
  }

  override disposeData(dataId: DataId, force = false): boolean {
    const data = this.data.has(dataId) ? this.data.get(dataId) : undefined;
    const done = super.disposeData(dataId, force);
    if (data && !this.data.has(dataId)) {
      if (data.buffer) this.pool.release(data.buffer);
      for (const prepared of data.prepared?.tensors ?? []) this.disposeIntermediateTensorInfo(prepared);
      this.packed.release(dataId);
    }
    return done;
  }

  /** Pooled memory is used again after its tensor is disposed, so what leaves here is a copy of it. */
  override readSync(dataId: DataId): BackendValues {
    const values = super.readSync(dataId);
    return this.data.get(dataId).buffer ? (values as TypedArray).slice() : values;
  }

  override memory() {
    return {
      unreliable: false,
      pooledBytesInUse: this.pool.usedBytes,
      pooledBytesFree: this.pool.freeBytes,
      compiledKernels: this.sessions.size,
      packedBytes: this.packed.bytes,
    } as unknown as ReturnType<MathBackendCPU['memory']>;
  }

  override dispose(): void {
    this.packed.clear();
    this.sessions.clear();
    this.pool.clear();
  }

  private tensorOf(input: PlanInput): Tensor {
    if ('tensor' in input)
      return this.tensor(input.tensor.dtype as DType, this.values(input.tensor), input.shape);
    return new this.runtime.Tensor(
      constantDType(input.constant) as 'int64',
      input.constant as never,
      input.shape,
    );
  }

  private tensor(dtype: DType, values: TypedArray, shape: readonly number[]): Tensor {
    return new this.runtime.Tensor(dtype as 'float32', values as never, shape);
  }
}

/** `builtIn` may give the value of an input that is none then. */
function compile(
  plan: Plan,
  builtIn?: (graph: GraphBuilder, input: PlanInput, i: number) => string | undefined,
): BuiltGraph {
  const graph = new GraphBuilder();
  const inputs = plan.inputs.map(
    (input, i) =>
      builtIn?.(graph, input, i) ??
      graph.input(
        'tensor' in input ? (input.tensor.dtype as DType) : constantDType(input.constant),
        input.shape.length,
      ),
  );
  const results = plan.build(graph, inputs);
  const outputNames = plan.outputs.map(({ dtype, shape, graphShape }, i) =>
    graph.output(results[i]!, dtype, (graphShape ?? shape).length),
  );
  return { graph, outputNames };
}

const addition = new ElementwiseKernel({ inputs: 2, outputs: 1 }, ([a, b]) => [f32x4.add(a!, b!)]);

const arrayTypes = { float32: Float32Array, int32: Int32Array, bool: Uint8Array };
