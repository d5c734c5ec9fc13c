import * as tf from '@tensorflow/tfjs-core';

/** Fails unless `f` leaves exactly `kept` more tensors behind than there were (default 0), on a second run. */
export function expectNoLeak(f: () => void, kept = 0): void {
  f();
  const before = tf.memory().numTensors;
  f();
  const left = tf.memory().numTensors - before;
  if (left !== kept) throw new Error(`expectNoLeak: ${left} tensors left behind, expected ${kept}.`);
}
