import { useBackend } from '@crossmodal/core';
import { useSoftwareGpu } from '@crossmodal/test-utils';
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { configureWebgpuBackend } from '../src/index';

/** Tests on the GPU in software, everything on it, and without tensors left behind; said where there is none. */
export function describeKernels(name: string, tests: () => void, { f16 = false } = {}): void {
  const missing = useSoftwareGpu({ f16 });
  if (missing && f16) console.warn(`${name}: skipped: ${missing}`);
  else if (missing && process.env['CI']) it('has a GPU to test with', () => expect.fail(missing));
  describe.skipIf(missing)(name, () => {
    beforeAll(async () => {
      configureWebgpuBackend({ allowSoftwareAdapter: true });
      tf.env().set('WEBGPU_CPU_FORWARD', false); // small tensors too go to the GPU
      await useBackend('webgpu');
      tf.engine().startScope();
    });
    afterAll(() => {
      tf.engine().endScope();
      tf.removeBackend('webgpu');
    });
    tests();
  });
}
