import { expectNoLeak } from '@crossmodal/test-utils';
import * as tf from '@tensorflow/tfjs-core';
import { expect } from 'vitest';

/** Of tensors, nor of data that a kernel made for itself. */
export function expectNoLeakOnGpu(run: () => void): void {
  expectNoLeak(run);
  const before = tf.backend().numDataIds();
  expectNoLeak(run);
  expect(tf.backend().numDataIds()).toBe(before);
}
