import '@crossmodal/backend-onnx';
import '@tensorflow/tfjs-backend-cpu';
import { Rng } from '@crossmodal/core';
import { expectClose, expectGradient, expectNoLeak } from '@crossmodal/test-utils';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { CountSketch } from './count-sketch';

describe.each(['cpu', 'onnx'])('CountSketch on %s', (engine) => {
  beforeAll(async () => {
    await tf.setBackend(engine);
  });

  it('adds each value with its sign to its place', () => {
    const sketch = new CountSketch(4, 3, new Rng(1));
    sketch.places.assign(tf.tensor1d([2, 0, 2, 2], 'int32'));
    sketch.signs.assign(tf.tensor1d([1, -1, -1, 1]));
    expectClose(sketch.forward(tf.tensor2d([[1, 2, 3, 5]])), [-2, 0, 3]);
    expectGradient((x) => sketch.forward(x as tf.Tensor2D), [tf.tensor2d([[1, 2, 3, 5]])]);
    const x = tf.ones([2, 4]) as tf.Tensor2D;
    expectNoLeak(() => sketch.forward(x).dispose());
  });

  it('keeps inner products on average', () => {
    const rng = new Rng(2);
    const [a, b] = [tf.tensor2d(rng.normalArray(6), [1, 6]), tf.tensor2d(rng.normalArray(6), [1, 6])];
    const right = tf.sum(tf.mul(a, b)).dataSync()[0]!;
    const draws = Array.from({ length: 600 }, (_, seed) => {
      const sketch = new CountSketch(6, 8, new Rng(seed));
      return tf.sum(tf.mul(sketch.forward(a), sketch.forward(b))).dataSync()[0]!;
    });
    const mean = draws.reduce((sum, x) => sum + x, 0) / draws.length;
    const deviation = Math.sqrt(draws.reduce((sum, x) => sum + (x - mean) ** 2, 0) / draws.length);
    expect(Math.abs(mean - right)).toBeLessThan((4 * deviation) / Math.sqrt(draws.length));
  });
});
