import assert from 'node:assert/strict';
import { Parameter, valueAndGrad } from '@crossmodal/core';
import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';

await tf.setBackend('cpu');
const w = new Parameter(tf.tensor1d([1, -2, 3]));
const { gradients } = valueAndGrad(() => tf.sum(tf.square(w.value)), new Map([['w', w]]));
assert.deepEqual([...gradients.get('w').dataSync()], [2, -4, 6]);
