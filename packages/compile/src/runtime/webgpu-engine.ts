import * as tf from '@tensorflow/tfjs-core';
import type { OutputSpec } from './runtime';

/** What of tfjs's WebGPU backend is used. */
interface WebgpuBackend extends tf.KernelBackend {
  device: GPUDevice;
  tensorMap: { get(dataId: object): { resource?: GPUBuffer } };
  uploadToGPU(dataId: object): void;
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

  /** Whether ONNX Runtime has it as the engine has it: a bool is four bytes here and one there, and nothing has no buffer. */
  holds({ shape, dtype }: { shape: number[]; dtype: tf.DataType }): boolean {
    return dtype !== 'bool' && tf.util.sizeFromShape(shape) > 0;
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
    this.backend.submitQueue();
  }
}
