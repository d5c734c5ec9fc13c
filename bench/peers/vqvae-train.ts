// One process of `bench/vqvae-train.ts`: milliseconds of a training step, peak memory, and losses.
import { AdamW, Rng, valueAndGrad } from '@crossmodal/core';
import { readSafetensorsFile } from '@crossmodal/core/node';
import * as tf from '@tensorflow/tfjs-core';
import '@crossmodal/backend-onnx';
import { measure } from '../lib/measure';
import { VQVAE } from '../models/vqvae';

const [batch = '32', weights] = process.argv.slice(2);
await tf.setBackend('onnx');
const model = new VQVAE();
const shape: [number, number, number, number] = [Number(batch), 64, 64, 3];
let pixels = tf.tensor4d(new Rng(1).normalArray(shape.reduce((a, b) => a * b)), shape);
if (weights) {
  const { pixels: image, ...state } = await (await readSafetensorsFile(weights)).stateDict();
  model.loadStateDict(state);
  pixels.dispose();
  pixels = tf.tensor4d(new Float32Array(image!.bytes.slice().buffer), shape);
}
const optimizer = new AdamW(model, { weightDecay: 0.01 });
const losses: number[] = [];
const { median, best } = measure(
  () => {
    const { value, gradients } = valueAndGrad(() => model.loss(pixels), model.trainableParameters());
    optimizer.step(gradients, { learningRate: 3e-4 });
    losses.push(value.dataSync()[0]!);
    tf.dispose([value, ...gradients.values()]);
  },
  { warmUp: 8, runs: 12, atLeast: 0 }, // as many as in vqvae_train.py
);
console.log(
  JSON.stringify({
    median,
    best,
    megabytes: process.resourceUsage().maxRSS / 1024,
    parameters: [...model.trainableParameters().values()].reduce((sum, { size }) => sum + size, 0),
    firstLoss: losses[0],
    lastLoss: losses.at(-1),
  }),
);
