// One process of `bench/wasm.ts`: milliseconds of operations on tfjs's wasm as it is, or with this repository's kernels.
import { AdamW, gelu, Parameter, Rng } from '@crossmodal/core';
import * as tf from '@tensorflow/tfjs-core';
import { measure } from '../lib/measure';

const [engine] = process.argv.slice(2);
await import(engine === 'ours' ? '@crossmodal/backend-wasm' : '@tensorflow/tfjs-backend-wasm');
await tf.setBackend('wasm');

const rng = new Rng(0);
const random = (...shape: number[]) => tf.tensor(rng.normalArray(shape.reduce((a, b) => a * b, 1)), shape);
const figures: Record<string, number> = {};
function time(name: string, f: () => tf.Tensor | tf.Tensor[]): void {
  try {
    figures[name] = measure(() => tf.dispose(f()), { warmUp: 1, runs: 3, atLeast: 100 }).best;
  } catch {
    // The engine has no such operation.
  }
}

const [square, other] = [random(768, 768), random(768, 768)];
time('matMul 768', () => tf.matMul(square, other));
time('matMul 768, second transposed', () => tf.matMul(square, other, false, true));
time('matMul 768, first transposed', () => tf.matMul(square, other, true));
const [queries, keys] = [random(16, 4, 65, 64), random(16, 4, 65, 64)];
time('matMul [16,4,65,64], second transposed', () => tf.matMul(queries, keys, false, true));
const rows = random(8, 65, 256);
const weight = random(256, 256);
time('matMul [8,65,256] [256,256]', () => tf.matMul(rows, weight));
const five = tf.reshape(queries, [16, 4, 65, 8, 8]);
time('transpose of rank 5, 270,000 elements', () => tf.transpose(five, [4, 2, 0, 3, 1]));
const [image, filter] = [random(8, 32, 32, 32) as tf.Tensor4D, random(3, 3, 32, 64) as tf.Tensor4D];
const dy = random(8, 32, 32, 64);
const attrs = { strides: [1, 1], pad: 'same', dataFormat: 'NHWC', dimRoundingMode: undefined };
time('conv2d [8,32,32,32] 3 x 3 to 64: gradient of the input', () =>
  tf
    .engine()
    .runKernel('Conv2DBackpropInput', { dy, filter }, { ...attrs, inputShape: image.shape } as never),
);
time('conv2d [8,32,32,32] 3 x 3 to 64: gradient of the filter', () =>
  tf
    .engine()
    .runKernel('Conv2DBackpropFilter', { x: image, dy }, { ...attrs, filterShape: filter.shape } as never),
);
const random1M = random(1024, 1024);
time('core gelu, 1 M elements', () => gelu(random1M));
const parameter = new Parameter(random(1024, 1024));
const optimizer = new AdamW(new Map([['w', parameter]]));
const gradients = new Map([['w', random1M]]);
time('core AdamW, 1 M elements', () => {
  optimizer.step(gradients, { learningRate: 1e-3 });
  return [];
});
console.log(JSON.stringify({ ...figures, megabytes: process.resourceUsage().maxRSS / 1024 }));
