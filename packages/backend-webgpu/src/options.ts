import { WebgpuBackendError } from './errors';

export interface WebgpuBackendOptions {
  /** Which of several GPUs. Default `high-performance`. */
  powerPreference: 'high-performance' | 'low-power';
  /** Whether an adapter that computes on the CPU (SwiftShader, llvmpipe) will do. Default false: it is very slow. */
  allowSoftwareAdapter: boolean;
}

export const options: WebgpuBackendOptions = {
  powerPreference: 'high-performance',
  allowSoftwareAdapter: false,
};

const accepted: { [name in keyof WebgpuBackendOptions]: readonly WebgpuBackendOptions[name][] } = {
  powerPreference: ['high-performance', 'low-power'],
  allowSoftwareAdapter: [true, false],
};

/**
 * Sets options of the backend; those left out stay. They count when the device is opened: call it before the first
 * `useBackend('webgpu')`, or after `tf.removeBackend('webgpu')` and `registerWebgpuBackend()`.
 *
 * @throws WebgpuBackendError when an option or its value is not known.
 * @example
 * configureWebgpuBackend({ allowSoftwareAdapter: true }); // for tests
 */
export function configureWebgpuBackend(changes: Partial<WebgpuBackendOptions>): void {
  for (const [name, value] of Object.entries(changes)) {
    const known: readonly unknown[] | undefined = Object.hasOwn(accepted, name)
      ? accepted[name as keyof WebgpuBackendOptions]
      : undefined;
    if (!known) {
      throw new WebgpuBackendError(
        `configureWebgpuBackend: ${name}: expected one of ${Object.keys(accepted).join(', ')}.`,
      );
    }
    if (!known.includes(value)) {
      throw new WebgpuBackendError(
        `configureWebgpuBackend: ${name}: expected ${known.map((v) => JSON.stringify(v)).join(' or ')}, ` +
          `received ${JSON.stringify(value)}.`,
      );
    }
  }
  Object.assign(options, changes);
}
