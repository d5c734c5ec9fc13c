import '@crossmodal/backend-onnx';
import '@tensorflow/tfjs-backend-cpu';
import { Rng } from '@crossmodal/core';
import { expectClose, expectGradient } from '@crossmodal/test-utils';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, it } from 'vitest';
import { circularConvolution } from './circular-convolution';

describe.each(['cpu', 'onnx'])('circularConvolution on %s', (engine) => {
  beforeAll(async () => {
    await tf.setBackend(engine);
  });

  it.each([1, 2, 7, 12, 30, 64])('is the sum of products whose places add up, for %i', (n) => {
    const rng = new Rng(n);
    const [a, b, c] = [0, 1, 2].map(() => Array.from({ length: 2 }, () => [...rng.normalArray(n)]));
    const convolved = (x: number[], y: number[]) =>
      x.map((_, k) => x.reduce((sum, value, i) => sum + value * y[(k - i + n) % n]!, 0));
    const pair = a!.map((x, row) => convolved(x, b![row]!));
    const three = pair.map((x, row) => convolved(x, c![row]!));
    const tolerance = { absolute: 1e-4, relative: 1e-4 };
    expectClose(circularConvolution([tf.tensor2d(a!), tf.tensor2d(b!)]), pair.flat(), tolerance);
    expectClose(circularConvolution([a!, b!, c!].map((x) => tf.tensor2d(x))), three.flat(), tolerance);
  });

  it('has the gradient of central differences', () => {
    const rng = new Rng(1);
    const inputs = [0, 1].map(() => tf.tensor2d(rng.normalArray(24), [2, 12]));
    expectGradient((...vectors) => circularConvolution(vectors as tf.Tensor2D[]), inputs);
  });
});
