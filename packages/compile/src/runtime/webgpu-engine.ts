import * as tf from '@tensorflow/tfjs-core';
import type { OutputSpec } from './runtime';

/** What of tfjs's WebGPU backend is used. */
interface WebgpuBackend extends tf.KernelBackend {
  device: GPUDevice;
  tensorMap: { get(dataId: object): { resource?: GPUBuffer } };
  uploadToGPU(dataId: object): void;
  ensureCommandEncoderReady(): void;
  endComputePassEncoder(): void;
  submitQueue(): void;
  makeTensorInfo(shape: number[], dtype: tf.DataType): tf.TensorInfo;
}

/** Memory for a result. */
export interface GpuAllocation {
  buffer: GPUBuffer;
  /** The tensor that has it from then on. */
  tensor(): tf.Tensor;
  release(): void;
}

/** The tensors of tfjs's WebGPU engine as buffers on its device. */
export class WebgpuEngine {
  private constructor(private readonly backend: WebgpuBackend) {}

  /** Nothing where another engine is the active one. */
  static active(): WebgpuEngine | undefined {
    const backend = tf.backend() as WebgpuBackend;
    if (typeof GPUDevice === 'undefined' || !(backend.device instanceof GPUDevice)) return undefined;
    return new WebgpuEngine(backend);
  }

  get device(): GPUDevice {
    return this.backend.device;
  }

  /**
   * Whether ONNX Runtime can have its buffer: it keeps a bool in one byte and the engine in four, and it reads and writes
   * 16 bytes at a time, past the end of buffers that are no multiple of it.
   */
  holds({ shape, dtype }: { shape: number[]; dtype: tf.DataType }): boolean {
    const size = tf.util.sizeFromShape(shape);
    return dtype !== 'bool' && size > 0 && size % 4 === 0;
  }

  bufferOf({ dataId }: tf.Tensor): GPUBuffer {
    this.backend.uploadToGPU(dataId);
    return this.backend.tensorMap.get(dataId).resource!;
  }

  allocate({ shape, dtype }: OutputSpec): GpuAllocation {
    const { backend } = this;
    const info = backend.makeTensorInfo(shape, dtype);
    backend.uploadToGPU(info.dataId);
    return {
      buffer: backend.tensorMap.get(info.dataId).resource!,
      tensor: () => tf.engine().makeTensorFromTensorInfo(info, backend),
      release: () => void backend.disposeData(info.dataId),
    };
  }

  /** Sends off what the engine has put down to be done, before others use its buffers. */
  submit(): void {
    this.backend.ensureCommandEncoderReady();
    this.backend.endComputePassEncoder();
    this.backend.submitQueue();
  }
}
