import { availableParallelism, totalmem } from 'node:os';
import { OnnxBackendError } from './errors';

export interface OnnxBackendOptions {
  /** Threads of one operation. Default: what the machine (or its container) offers. */
  threads: number;
  /** Compiled kernels kept, the least recently used leaving first. Default 384. */
  maxSessions: number;
  /** Memory kept for reuse beyond what live tensors hold, in bytes. Default: a quarter of the machine's memory. */
  maxPoolBytes: number;
  /**
   * Memory for weights that are laid out a second time, for inference on few rows (one picture, one short text), in
   * bytes. Default: a quarter of the machine's memory; 0: none.
   */
  maxPackedBytes: number;
}

export const options: OnnxBackendOptions = {
  threads: availableParallelism(),
  maxSessions: 384,
  maxPoolBytes: Math.floor(totalmem() / 4),
  maxPackedBytes: Math.floor(totalmem() / 4),
};

/**
 * Sets options of the backend; those left out stay. Threads and sessions take effect for kernels compiled later,
 * so call it before the first operation.
 *
 * @example
 * configureOnnxBackend({ threads: 4 });
 */
export function configureOnnxBackend(changes: Partial<OnnxBackendOptions>): void {
  for (const [name, value] of Object.entries(changes) as [keyof OnnxBackendOptions, number][]) {
    if (!(name in options)) {
      throw new OnnxBackendError(
        `configureOnnxBackend: ${name}: expected one of ${Object.keys(options).join(', ')}.`,
      );
    }
    const least = name.endsWith('Bytes') ? 0 : 1;
    if (!Number.isInteger(value) || value < least) {
      throw new OnnxBackendError(
        `configureOnnxBackend: ${name}: expected an integer of at least ${least}, received ${value}.`,
      );
    }
    options[name] = value;
  }
}
