import { WebGPUBackend } from '@tensorflow/tfjs-backend-webgpu';
import * as tf from '@tensorflow/tfjs-core';
import { type DeviceInfo, nameOf } from './device-info';
import { WebgpuBackendError } from './errors';
import { fixProgram } from './fixes/fix-program';
import { guardAllocations } from './guard-allocations';
import type { OpenDevice } from './open-device';
import { type Dispatch, Pipelines, type Program, uniformBytes, workgroupsOf } from './program';

type TfjsCall = Parameters<WebGPUBackend['runWebGPUProgram']>;

/** What tfjs's class keeps to itself, and a dispatch of ours needs. */
interface Recording {
  commandEncoder: GPUCommandEncoder | null;
  computePassEncoder: GPUComputePassEncoder | null;
  /** Data that commands not yet submitted use. */
  commandQueueOwnedIds: WeakSet<object>;
  dispatchCountInPass: number;
  /** Buffers to give back once the commands are submitted. */
  uniformPendingDisposal: GPUBuffer[];
}

/**
 * TensorFlow.js's WebGPU backend on a device of ours: synchronous reads in Node, and errors instead of zeros when
 * the device is lost, memory runs out or the GPU rejects an operation.
 */
export class WebgpuBackend extends WebGPUBackend {
  readonly deviceInfo: DeviceInfo;
  private readonly pipelines: Pipelines;
  private readonly processEvents: (() => boolean) | undefined;
  /** Why the device is lost. */
  private lost: string | undefined;
  /** The first thing that went wrong on the GPU since the last read. */
  private failure: WebgpuBackendError | undefined;

  constructor({ device, info, gpu }: OpenDevice) {
    super(device, info as unknown as GPUAdapterInfo);
    this.deviceInfo = info;
    this.pipelines = new Pipelines(device);
    this.processEvents = gpu.processEvents;
    guardAllocations(device, (message) => this.fail(message));
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
    const [program, , outputDtype] = call;
    fixProgram(program, outputDtype);
    return super.runWebGPUProgram(...call);
  }

  /** Adds a program of ours to the commands; outputs are tensors of `makeTensorInfo`, or ones to change in place. */
  runProgram(program: Program, dispatch: Dispatch): void {
    this.assertDevice();
    const recording = this as unknown as Recording;
    const names = [...Object.keys(program.inputs), ...Object.keys(program.outputs)];
    const resources: GPUBindingResource[] = names.map((name) => {
      const { dataId } = dispatch.buffers[name]!;
      this.uploadToGPU(dataId);
      recording.commandQueueOwnedIds.add(dataId);
      return { buffer: this.tensorMap.get(dataId).resource as GPUBuffer };
    });
    const uniforms = uniformBytes(program, dispatch.uniforms);
    if (uniforms.byteLength > 0) {
      const usage = GPUBufferUsage.COPY_DST | GPUBufferUsage.UNIFORM;
      const buffer = this.bufferManager.acquireBuffer(uniforms.byteLength, usage);
      this.queue.writeBuffer(buffer, 0, uniforms);
      recording.uniformPendingDisposal.push(buffer);
      resources.push({ buffer });
    }
    const { pipeline, layout } = this.pipelines.get(program, dispatch.constants);
    const entries = resources.map((resource, binding) => ({ binding, resource }));
    this.ensureCommandEncoderReady();
    recording.computePassEncoder ??= recording.commandEncoder!.beginComputePass();
    const pass = recording.computePassEncoder;
    pass.setPipeline(pipeline);
    pass.setBindGroup(0, this.device.createBindGroup({ layout, entries }));
    pass.dispatchWorkgroups(...workgroupsOf(dispatch));
    recording.dispatchCountInPass++;
    if (recording.dispatchCountInPass >= tf.env().getNumber('WEBGPU_DEFERRED_SUBMIT_BATCH_SIZE')) {
      this.endComputePassEncoder();
      this.submitQueue();
    }
  }

  override uploadToGPU(dataId: object): void {
    this.assertDevice();
    super.uploadToGPU(dataId);
  }

  override async read(dataId: object): Promise<tf.BackendValues> {
    const data = this.tensorMap.get(dataId);
    if (!this.mustFetch(dataId)) return super.read(dataId);
    this.assertDevice();
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
    this.device.destroy();
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
    (this as unknown as { commandEncoder: GPUCommandEncoder }).commandEncoder.copyBufferToBuffer(
      buffer,
      0,
      staging,
      0,
      size,
    );
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
