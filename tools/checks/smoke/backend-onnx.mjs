import assert from 'node:assert/strict';
import '@crossmodal/backend-onnx';
import * as tf from '@tensorflow/tfjs-core';

assert.ok(await tf.setBackend('onnx'));
const product = tf.matMul(tf.ones([64, 128]), tf.fill([128, 32], 0.5));
assert.ok(product.dataSync().every((value) => value === 64));
