import '@crossmodal/backend-onnx';
import { AdamW, Rng, valueAndGrad } from '@crossmodal/core';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { VQVAE } from './vqvae';

const SIDE = 16;
const STEPS = 200;
const BATCH = 32;
/** In dB. What tells nothing of the picture, the mean of all, reaches 12 to 13. */
const BAR = 18;
const MOST_WITHOUT_LEARNING = 14;
const COLOURS = [
  [0.9, -0.8, -0.8],
  [-0.8, 0.8, -0.7],
  [-0.7, -0.6, 0.9],
  [0.9, 0.8, -0.8],
];

/** A disc or a square of one of four colours, anywhere on black. */
function shapes(count: number, rng: Rng): tf.Tensor4D {
  const values = new Float32Array(count * SIDE * SIDE * 3).fill(-1);
  for (let image = 0; image < count; image++) {
    const [y, x] = [rng.uniform(4, 12), rng.uniform(4, 12)];
    const radius = rng.uniform(2, 5);
    const round = rng.uniform(0, 1) < 0.5;
    const colour = COLOURS[Math.floor(rng.uniform(0, COLOURS.length))]!;
    for (let row = 0; row < SIDE; row++) {
      for (let column = 0; column < SIDE; column++) {
        const [dy, dx] = [Math.abs(row - y), Math.abs(column - x)];
        const distance = round ? Math.hypot(dy, dx) : Math.max(dy, dx);
        const at = ((image * SIDE + row) * SIDE + column) * 3;
        if (distance <= radius) values.set(colour, at);
      }
    }
  }
  return tf.tensor4d(values, [count, SIDE, SIDE, 3]);
}

/** Trains on pictures, and returns the peak signal-to-noise ratio of new ones, in dB. */
function train(shuffled: boolean): number {
  const rng = new Rng(3);
  const coder = { type: 'patch', hidden_size: 32, num_residual_blocks: 1 };
  const quantizer = { type: 'ema', codebook_size: 256, dim: 4, decay: 0.9, restart_threshold: 0.1 };
  const vqvae = VQVAE.fromConfig({ encoder: coder, quantizer, decoder: coder }, { rng });
  const optimizer = new AdamW(vqvae);
  for (let step = 0; step < STEPS; step++) {
    tf.tidy(() => {
      const pixels = shapes(BATCH, rng);
      const targets = shuffled ? tf.reverse(pixels, 0) : pixels;
      const { gradients } = valueAndGrad(() => {
        const { reconstruction, loss, reconstructionLoss } = vqvae.forward(pixels, { training: true, rng });
        const ofTargets = tf.mean(tf.squaredDifference(reconstruction, targets));
        return tf.add(ofTargets, tf.sub(loss, reconstructionLoss)) as tf.Scalar;
      }, vqvae.namedParameters());
      optimizer.step(gradients, { learningRate: step < 0.6 * STEPS ? 6e-3 : 1.2e-3 });
    });
  }
  const pixels = shapes(64, new Rng(4));
  const error = tf.tidy(() => vqvae.forward(pixels).reconstructionLoss.dataSync()[0]!);
  return 10 * Math.log10(2 ** 2 / error);
}

describe('VQVAE', () => {
  beforeAll(async () => {
    await tf.setBackend('onnx');
  });

  it('learns to show shapes by 16 codes of 256, and learns nothing from the wrong pictures', () => {
    const ratios = { right: train(false), wrong: train(true) };
    expect(ratios.right).toBeGreaterThan(BAR);
    expect(ratios.wrong).toBeLessThan(MOST_WITHOUT_LEARNING);
  }, 60_000);
});
