import assert from 'node:assert/strict';
import * as tf from '@tensorflow/tfjs-core';

try {
  await import('@crossmodal/backend-tensorflow');
} catch (error) {
  // Without libtensorflow it says how to get it; in CI it is there.
  if (process.env.CI) throw error;
  assert.match(error.message, /npx crossmodal-libtensorflow builds it/);
  process.exit(0);
}
assert.ok(await tf.setBackend('tensorflow'));
const product = tf.matMul(tf.ones([64, 128]), tf.fill([128, 32], 0.5));
assert.ok(product.dataSync().every((value) => value === 64));
