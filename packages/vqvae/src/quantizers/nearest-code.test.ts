import '@crossmodal/backend-onnx';
import { Rng } from '@crossmodal/core';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { VectorQuantizer } from '../index';
import { nearestCode } from './nearest-code';

const random = (rng: Rng, n: number, dim: number) => tf.tensor2d(rng.normalArray(n * dim), [n, dim]);

/** The most bytes of tensors that there were at the end of any kernel while `f` ran, above those before. */
function peakBytes(f: () => void): number {
  const before = tf.memory().numBytes;
  let peak = before;
  const { engine } = { engine: tf.engine() };
  const run = engine.runKernel;
  engine.runKernel = function (this: typeof engine, ...args: Parameters<typeof run>) {
    const result = run.apply(this, args);
    peak = Math.max(peak, tf.memory().numBytes);
    return result;
  } as typeof run;
  try {
    f();
  } finally {
    engine.runKernel = run;
  }
  return peak - before;
}

describe.each(['cpu', 'onnx'])('nearestCode on %s', (backend) => {
  it('finds what comparing with every code finds, over several chunks', async () => {
    await tf.setBackend(backend);
    const rng = new Rng(1);
    const [rows, codes] = [random(rng, 70, 3), random(rng, 2 ** 17, 3)]; // 32 rows a chunk
    const found = nearestCode(rows, codes);
    expect(found.shape).toEqual([70]);
    const [x, c, at] = [rows.dataSync(), codes.dataSync(), found.dataSync()];
    const distance = (row: number, code: number) =>
      [0, 1, 2].reduce((sum, i) => sum + (x[row * 3 + i]! - c[code * 3 + i]!) ** 2, 0);
    for (let row = 0; row < 70; row++) {
      let nearest = 0;
      for (let code = 0; code < 2 ** 17; code++)
        if (distance(row, code) < distance(row, nearest)) nearest = code;
      expect(distance(row, at[row]!)).toBeLessThanOrEqual(distance(row, nearest) + 1e-6);
    }
  });
});

describe('memory', () => {
  it('never holds rows x codes, with or without a gradient: 65,536 rows and 8,192 codes', async () => {
    await tf.setBackend('onnx');
    const rng = new Rng(1);
    const [n, codebookSize, dim] = [65_536, 8_192, 4];
    const quantizer = new VectorQuantizer({ codebookSize, dim, rng });
    const x = random(rng, n, dim);
    const peak = peakBytes(() =>
      tf.tidy(() => void tf.grad((x) => tf.sum(quantizer.forward(x).quantized))(x)),
    );
    expect(peak).toBeGreaterThan(2 ** 24); // a chunk of distances was seen
    expect(peak).toBeLessThan((4 * n * codebookSize) / 25); // 2 GiB as one-hot
  });
});
