import { MathBackendCPU } from '@tensorflow/tfjs-backend-cpu';
import { type DataStorage, type DataType, type TensorInfo, util } from '@tensorflow/tfjs-core';
import type { Tensor } from 'onnxruntime-common';
import { BufferPool, type PooledBuffer } from './buffer-pool';
import { OnnxBackendError } from './errors';
import { GraphBuilder } from './graph-builder';
import { constantDType, type DType, type Plan, type PlanInput, sizeOf, type TypedArray } from './kernel';
import { loadNativeRuntime, type NativeRuntime } from './native-binding';
import { options } from './options';
import { SessionCache } from './session-cache';

type DataId = TensorInfo['dataId'];
type StoredData = ReturnType<MathBackendCPU['data']['get']> & { buffer?: PooledBuffer };
type BackendValues = ReturnType<MathBackendCPU['readSync']>;

/**
 * TensorFlow.js backend whose heavy kernels are ONNX Runtime sessions, run synchronously on the tensors' own
 * memory. Every other kernel is that of tfjs's `cpu` backend, which reads and writes the same typed arrays.
 */
export class OnnxBackend extends MathBackendCPU {
  readonly pool = new BufferPool(options.maxPoolBytes);
  readonly sessions: SessionCache;
  private readonly runtime: NativeRuntime;
  declare data: DataStorage<StoredData>;

  constructor() {
    super();
    this.runtime = loadNativeRuntime();
    this.sessions = new SessionCache(this.runtime, options);
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
    const buffer = this.pool.acquire(size * util.bytesPerElement(dtype));
    return this.makeTensorInfo(shape, dtype, new arrayTypes[dtype](buffer.bytes, 0, size));
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

  /** Runs a plan; the outputs are the caller's. */
  run(plan: Plan): TensorInfo[] {
    const kernel = this.sessions.get(plan.key, () => compile(plan));
    const outputs = plan.outputs.map(({ shape, dtype }) => this.allocate(shape, dtype));
    const arrays = outputs.map((output) => this.values(output));
    const shapes = plan.outputs.map(({ shape, graphShape }) => graphShape ?? shape);
    const { chunk } = plan;
    const rows = chunk ? plan.inputs[chunk.split.indexOf(true)]!.shape[0]! : 1;
    try {
      if (!chunk || rows <= chunk.rows) {
        const feeds = plan.inputs.map((input) => this.tensorOf(input));
        this.sessions.run(
          kernel,
          named(feeds),
          arrays.map((a, i) => this.tensor(plan.outputs[i]!.dtype, a, shapes[i]!)),
        );
        return outputs;
      }
      const partial = arrays.map((array, i) => (chunk.sum?.[i] ? new Float32Array(array.length) : undefined));
      for (let start = 0; start < rows; start += chunk.rows) {
        const end = Math.min(start + chunk.rows, rows);
        const cut = (dtype: DType, array: TypedArray, shape: readonly number[]) => {
          const row = array.length / shape[0]!;
          const per = shape[0]! / rows;
          return this.tensor(dtype, array.subarray(start * per * row, end * per * row), [
            (end - start) * per,
            ...shape.slice(1),
          ]);
        };
        const feeds = plan.inputs.map((input, i) =>
          chunk.split[i] && 'tensor' in input
            ? cut(input.tensor.dtype as DType, this.values(input.tensor), input.shape)
            : this.tensorOf(input),
        );
        const fetches = arrays.map((array, i) => {
          const { dtype } = plan.outputs[i]!;
          if (!partial[i]) return cut(dtype, array, shapes[i]!);
          return this.tensor(dtype, start === 0 ? array : partial[i]!, shapes[i]!);
        });
        this.sessions.run(kernel, named(feeds), fetches);
        for (const [i, part] of partial.entries()) if (part && start > 0) addTo(arrays[i]!, part);
      }
      return outputs;
    } catch (cause) {
      for (const output of outputs) this.disposeIntermediateTensorInfo(output);
      throw new OnnxBackendError(`onnx backend: ${plan.key}: ${(cause as Error).message}`, { cause });
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
    const buffer = this.data.has(dataId) ? this.data.get(dataId).buffer : undefined;
    const done = super.disposeData(dataId, force);
    if (buffer && !this.data.has(dataId)) this.pool.release(buffer);
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
    } as unknown as ReturnType<MathBackendCPU['memory']>;
  }

  override dispose(): void {
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

function compile(plan: Plan) {
  const graph = new GraphBuilder();
  const inputs = plan.inputs.map((input) =>
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

function named(tensors: Tensor[]): Record<string, Tensor> {
  const feeds: Record<string, Tensor> = {};
  for (let i = 0; i < tensors.length; i++) feeds[`i${i}`] = tensors[i]!;
  return feeds;
}

function addTo(sum: TypedArray, part: Float32Array): void {
  for (let i = 0; i < part.length; i++) sum[i]! += part[i]!;
}

const arrayTypes = { float32: Float32Array, int32: Int32Array, bool: Uint8Array };
