import { WebGPUBackend } from '@tensorflow/tfjs-backend-webgpu';
import * as tf from '@tensorflow/tfjs-core';
import { BindGroups } from './bind-groups';
import { BufferPool } from './buffer-pool';
import { type Counters, zeroCounters } from './counters';
import { type DeviceInfo, nameOf } from './device-info';
import { WebgpuBackendError } from './errors';
import { fixProgram } from './fixes/fix-program';
import { guardAllocations } from './guard-allocations';
import { sizeOf } from './kernel';
import type { OpenDevice } from './open-device';
import { type Dispatch, Pipelines, type Program, uniformBytes, workgroupsOf } from './program';
import { type TfjsUniform, tfjsUniformBytes } from './tfjs-uniforms';
import { UniformArena } from './uniform-arena';

type TfjsCall = Parameters<WebGPUBackend['runWebGPUProgram']>;

/** What tfjs's class keeps to itself, and a dispatch of ours needs. */
interface Recording {
  commandEncoder: GPUCommandEncoder | null;
  computePassEncoder: GPUComputePassEncoder | null;
  /** Data that commands not yet submitted use. */
  commandQueueOwnedIds: WeakSet<object>;
  dispatchCountInPass: number;
  bufferManager: BufferPool;
  makeUniforms(uniforms: unknown[]): GPUBufferBinding;
}

/**
 * Programs that are submitted together. tfjs's 15 make dozens of submits of a training step, each with a price of its
 * own (in a page, a message to another process); all in one would leave the GPU idle until the step is recorded.
 */
const BATCH = 64;
const TFJS_BATCH = 15;
const BATCH_FLAG = 'WEBGPU_DEFERRED_SUBMIT_BATCH_SIZE';

/** As many bytes bound are submitted at once, however few the programs: a GPU that is long at work is taken for hung. */
const BATCH_BYTES = 2 ** 30;

/**
 * TensorFlow.js's WebGPU backend on a device of ours: synchronous reads in Node, and errors instead of zeros when
 * the device is lost, memory runs out or the GPU rejects an operation.
 */
export class WebgpuBackend extends WebGPUBackend {
  readonly deviceInfo: DeviceInfo;
  /** Whether the device has float16. */
  readonly supportsF16: boolean;
  /** What products, convolutions and attention are computed in; core's `withPrecision` sets it for a while. */
  precision: 'f32' | 'f16' = 'f32';
  /** What was asked of the GPU since `resetCounters`. */
  counters: Counters = zeroCounters();
  private readonly pipelines: Pipelines;
  private readonly bindGroups: BindGroups;
  private readonly uniforms: UniformArena;
  private readonly pool: BufferPool;
  private bytesInPass = 0;
  /** How often programs of ours have written a tensor. */
  private readonly changes = new WeakMap<object, number>();
  private readonly processEvents: (() => boolean) | undefined;
  /** Why the device is lost. */
  private lost: string | undefined;
  /** The first thing that went wrong on the GPU since the last read. */
  private failure: WebgpuBackendError | undefined;

  constructor({ device, info, gpu }: OpenDevice) {
    super(device, info as unknown as GPUAdapterInfo);
    this.deviceInfo = info;
    this.supportsF16 = (device.features as ReadonlySet<string>).has('shader-f16');
    this.pipelines = new Pipelines(device);
    this.processEvents = gpu.processEvents;
    guardAllocations(device, (message) => this.fail(message));
    this.bindGroups = new BindGroups(device);
    this.uniforms = new UniformArena(device);
    this.pool = new BufferPool(device);
    this.recording.bufferManager = this.pool;
    this.recording.makeUniforms = (fields) => this.placeUniforms(tfjsUniformBytes(fields as TfjsUniform[]));
    if (tf.env().getNumber(BATCH_FLAG) === TFJS_BATCH) tf.env().set(BATCH_FLAG, BATCH);
    device.addEventListener('uncapturederror', (event) => {
      this.fail(`the GPU rejected an operation: ${(event as GPUUncapturedErrorEvent).error.message.trim()}`);
    });
    void device.lost.then(({ reason, message }) => {
      this.lost ??= [reason, message].filter(Boolean).join(': ') || 'for a reason unknown';
    });
  }

  /** Whether the device is gone; `useBackend` then starts the backend anew. */
  get isLost(): boolean {
    return this.lost !== undefined;
  }

  override runWebGPUProgram(...call: TfjsCall): tf.TensorInfo {
    this.assertDevice();
    const [program, inputs, outputDtype] = call;
    fixProgram(program, outputDtype);
    const output = super.runWebGPUProgram(...call);
    if (sizeOf(output.shape) > 0) this.count([output, ...inputs]);
    return output;
  }

  /** Adds a program of ours to the commands; outputs are tensors of `makeTensorInfo`, or ones to change in place. */
  runProgram(program: Program, dispatch: Dispatch): void {
    this.assertDevice();
    const { recording } = this;
    const outputs = Object.keys(program.outputs);
    const tensors = [...Object.keys(program.inputs), ...outputs].map((name) => dispatch.buffers[name]!);
    const bindings: GPUBufferBinding[] = tensors.map(({ dataId }) => {
      this.uploadToGPU(dataId);
      recording.commandQueueOwnedIds.add(dataId);
      return { buffer: this.tensorMap.get(dataId).resource as GPUBuffer };
    });
    for (const { dataId } of tensors.slice(-outputs.length)) this.forgetValues(dataId);
    const uniforms = uniformBytes(program, dispatch.uniforms);
    const offsets: number[] = [];
    if (uniforms.byteLength > 0) {
      const { buffer, offset, size } = this.placeUniforms(uniforms);
      bindings.push({ buffer, size });
      offsets.push(offset);
    }
    const { pipeline, layout } = this.pipelines.get(program, dispatch.constants);
    this.ensureCommandEncoderReady();
    recording.computePassEncoder ??= recording.commandEncoder!.beginComputePass();
    const pass = recording.computePassEncoder;
    pass.setPipeline(pipeline);
    pass.setBindGroup(0, this.bindGroups.get(layout, bindings), offsets);
    pass.dispatchWorkgroups(...workgroupsOf(dispatch));
    recording.dispatchCountInPass++;
    this.count(tensors);
    if (recording.dispatchCountInPass >= tf.env().getNumber(BATCH_FLAG)) this.flush();
  }

  /** A new tensor of the same content. */
  copyOf({ dataId, shape, dtype }: tf.TensorInfo): tf.TensorInfo {
    this.uploadToGPU(dataId);
    const copy = this.makeTensorInfo(shape, dtype);
    this.uploadToGPU(copy.dataId);
    this.copy(dataId, copy.dataId);
    return copy;
  }

  /** A copy of up to four float32 numbers as programs take them for an input that is `uniform`. */
  uniformOf({ dataId, shape }: tf.TensorInfo): tf.TensorInfo {
    this.uploadToGPU(dataId);
    const copy = this.makeTensorInfo(shape, 'float32');
    const usage = GPUBufferUsage.UNIFORM | GPUBufferUsage.COPY_DST;
    this.tensorMap.get(copy.dataId).resource = this.bufferManager.acquireBuffer(16, usage);
    this.copy(dataId, copy.dataId);
    return copy;
  }

  /**
   * Throws what has gone wrong, to the knowledge of the driver, in all that was asked so far: operations refused,
   * memory that ran out. It submits them, but does not wait until they are done.
   */
  async settle(): Promise<void> {
    this.assertDevice();
    this.flush();
    this.device.pushErrorScope('validation');
    await this.device.popErrorScope().catch(() => {}); // in order with what came before
    this.assertDevice();
    const failure = this.takeFailure();
    if (failure) throw failure;
  }

  resetCounters(): void {
    this.counters = zeroCounters();
  }

  override ensureCommandEncoderReady(): void {
    const { recording } = this;
    if (recording.commandEncoder) return;
    super.ensureCommandEncoderReady();
    const encoder = recording.commandEncoder!;
    const copy = encoder.copyBufferToBuffer;
    encoder.copyBufferToBuffer = ((...call: Parameters<typeof copy>) => {
      this.counters.copies++;
      copy.apply(encoder, call);
    }) as typeof copy;
  }

  override submitQueue(): void {
    this.uniforms.write();
    super.submitQueue();
    this.counters.submits++;
    this.bytesInPass = 0;
    this.pool.trim();
  }

  /**
   * A buffer may be used again at once, since commands take place in order; tfjs would wait for the submit. Not so
   * textures and buffers of others, which what waits to be submitted still needs as they are.
   */
  override disposeData(dataId: object, force = false): boolean {
    if (this.tensorMap.has(dataId)) {
      const { resource, external } = this.tensorMap.get(dataId);
      if (resource instanceof GPUBuffer && !external) this.recording.commandQueueOwnedIds.delete(dataId);
    }
    return super.disposeData(dataId, force);
  }

  override uploadToGPU(dataId: object): void {
    this.assertDevice();
    super.uploadToGPU(dataId);
  }

  override async read(dataId: object): Promise<tf.BackendValues> {
    const data = this.tensorMap.get(dataId);
    if (!this.mustFetch(dataId)) return super.read(dataId);
    this.assertDevice();
    const changes = this.changes.get(dataId);
    let values: tf.BackendValues;
    try {
      values = await super.read(dataId);
    } catch (cause) {
      // A device that goes rejects what it was asked first, then says why.
      await Promise.race([this.device.lost, new Promise((resolve) => setTimeout(resolve, 100))]);
      this.assertDevice(cause);
      throw this.takeFailure() ?? cause;
    }
    const failure = this.takeFailure();
    if (changes !== this.changes.get(dataId)) data.values = null as never; // changed in place meanwhile
    if (!failure) return values;
    data.values = null as never; // what was read is not what it should be
    throw failure;
  }

  override readSync(dataId: object): tf.BackendValues {
    const data = this.tensorMap.get(dataId);
    if (!this.mustFetch(dataId) || data.dtype === 'complex64') return super.readSync(dataId);
    this.assertDevice();
    if (!this.processEvents) return super.readSync(dataId);
    const bytes = this.readBufferSync(data.resource as GPUBuffer);
    const failure = this.takeFailure();
    if (failure) throw failure;
    const values = tf.util.convertBackendValuesAndArrayBuffer(bytes, data.dtype);
    data.values = values;
    return values;
  }

  override dispose(): void {
    this.lost ??= 'the backend was removed';
    super.dispose();
    this.uniforms.dispose();
    this.device.destroy();
  }

  private get recording(): Recording {
    return this as unknown as Recording;
  }

  private placeUniforms(bytes: ArrayBuffer): Required<GPUBufferBinding> {
    if (!this.uniforms.hasRoomFor(bytes.byteLength)) this.flush();
    return { buffer: this.uniforms.buffer, offset: this.uniforms.add(bytes), size: bytes.byteLength };
  }

  private count(tensors: readonly tf.TensorInfo[]): void {
    let bytes = 0;
    for (const { shape } of tensors) bytes += 4 * sizeOf(shape);
    this.counters.dispatches++;
    this.counters.bytesBound += bytes;
    this.bytesInPass += bytes;
    if (this.bytesInPass >= BATCH_BYTES) this.flush();
  }

  /** Submits what is recorded, if anything is. */
  private flush(): void {
    if (!this.recording.commandEncoder) return;
    this.endComputePassEncoder();
    this.submitQueue();
  }

  private copy(source: object, target: object): void {
    const bufferOf = (dataId: object) => this.tensorMap.get(dataId).resource as GPUBuffer;
    this.ensureCommandEncoderReady();
    this.endComputePassEncoder();
    const { size } = bufferOf(source);
    this.recording.commandEncoder!.copyBufferToBuffer(bufferOf(source), 0, bufferOf(target), 0, size);
    for (const dataId of [source, target]) this.recording.commandQueueOwnedIds.add(dataId);
  }

  /** What was read of a tensor that is being changed in place holds no more. */
  private forgetValues(dataId: object): void {
    this.tensorMap.get(dataId).values = null as never;
    this.changes.set(dataId, (this.changes.get(dataId) ?? 0) + 1);
  }

  private mustFetch(dataId: object): boolean {
    return this.tensorMap.has(dataId) && this.tensorMap.get(dataId).values == null;
  }

  /** Waits for a copy of the buffer without giving way to the event loop. */
  private readBufferSync(buffer: GPUBuffer): ArrayBuffer {
    const { size } = buffer;
    const staging = this.bufferManager.acquireBuffer(size, GPUBufferUsage.COPY_DST | GPUBufferUsage.MAP_READ);
    this.ensureCommandEncoderReady();
    this.endComputePassEncoder();
    this.recording.commandEncoder!.copyBufferToBuffer(buffer, 0, staging, 0, size);
    this.submitQueue();
    const pause = new Int32Array(new SharedArrayBuffer(4)); // something to wait on that never comes
    staging.mapAsync(GPUMapMode.READ).catch(() => {}); // its state says so too
    while (staging.mapState === 'pending') {
      if (!this.processEvents!()) {
        throw new WebgpuBackendError('cannot wait here: read with `await tensor.data()`, not `dataSync()`.');
      }
      Atomics.wait(pause, 0, 0, 0.05);
    }
    if (staging.mapState !== 'mapped') {
      this.lost ??= 'while it was read';
      this.assertDevice();
    }
    const bytes = staging.getMappedRange().slice(0);
    staging.unmap();
    this.bufferManager.releaseBuffer(staging);
    return bytes;
  }

  private fail(message: string): void {
    this.failure ??= new WebgpuBackendError(message);
  }

  private takeFailure(): WebgpuBackendError | undefined {
    const { failure } = this;
    this.failure = undefined;
    return failure;
  }

  private assertDevice(cause?: unknown): void {
    if (this.lost === undefined) return;
    throw new WebgpuBackendError(
      `the device was lost (${nameOf(this.deviceInfo)}: ${this.lost}), and the tensors on it with it. ` +
        "useBackend('webgpu') opens a new one.",
      { cause },
    );
  }
}
