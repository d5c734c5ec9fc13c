import * as tf from '@tensorflow/tfjs-core';
import { WebgpuBackendError } from './errors';

/** Below this, buffers are not watched: a scope for each would cost more than it tells. */
const WATCHED_BYTES = 1 << 20;

/**
 * Makes the device say what could not be allocated: a buffer over its limits throws at once; memory that runs out
 * is reported to `fail` when the GPU says so. Both name the operation of tfjs that asked, and the size.
 */
export function guardAllocations(device: GPUDevice, fail: (message: string) => void): void {
  const create = device.createBuffer.bind(device);
  device.createBuffer = (descriptor) => {
    const { size, usage } = descriptor;
    const asked = `${operation()} needs a buffer of ${inUnits(size)}`;
    const { maxBufferSize, maxStorageBufferBindingSize } = device.limits;
    const most =
      usage & GPUBufferUsage.STORAGE ? Math.min(maxBufferSize, maxStorageBufferBindingSize) : maxBufferSize;
    if (size > most) {
      throw new WebgpuBackendError(
        `${asked}; this GPU allows ${inUnits(most)} for one tensor. Use smaller batches, or split the tensor.`,
      );
    }
    if (size < WATCHED_BYTES) return create(descriptor);
    const outOfMemory = (cause?: unknown) =>
      new WebgpuBackendError(
        `out of memory: ${asked}, and the GPU has no more (${inUnits(allocated())} in use). ` +
          'Use smaller batches, or dispose tensors earlier.',
        { cause },
      );
    device.pushErrorScope('out-of-memory');
    try {
      return create(descriptor);
    } catch (cause) {
      throw outOfMemory(cause); // a buffer that is mapped from the start fails at once
    } finally {
      device.popErrorScope().then(
        (error) => error && fail(outOfMemory().message),
        () => {}, // the device is lost, which is told elsewhere
      );
    }
  };
}

function allocated(): number {
  return (tf.memory() as { numBytesInGPU?: number }).numBytesInGPU ?? 0;
}

/** The operation that tfjs is in. */
function operation(): string {
  const scope = (tf.engine() as unknown as { state: { activeScope?: { name?: string } } }).state.activeScope;
  const name = scope?.name?.replace(/__op$/, '');
  return name && name !== 'unnamed scope' ? name : 'an operation';
}

function inUnits(bytes: number): string {
  const [unit, size] =
    bytes >= 2 ** 30 ? ['GiB', 2 ** 30] : bytes >= 2 ** 20 ? ['MiB', 2 ** 20] : ['KiB', 1024];
  return `${Number((bytes / (size as number)).toFixed(2))} ${unit}`;
}
