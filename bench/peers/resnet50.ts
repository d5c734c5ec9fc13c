// One process of `bench/resnet50.ts`: milliseconds of a forward pass, peak memory, and with a file of weights,
// pictures and logits, the largest difference from those, as a share of the largest logit.
import { Rng } from '@crossmodal/core';
import { readSafetensorsFile } from '@crossmodal/core/node';
import { ResNetForImageClassification, resNet50 } from '@crossmodal/encoders';
import * as tf from '@tensorflow/tfjs-core';
import '@crossmodal/backend-onnx';
import { measure } from '../lib/measure';

const [batch = '8', weights] = process.argv.slice(2);
await tf.setBackend('onnx');
const model = new ResNetForImageClassification({ ...resNet50.config, rng: new Rng(0) });
const shape: [number, number, number, number] = [Number(batch), 224, 224, 3];
let pixels: tf.Tensor4D;
let expected: Float32Array | undefined;
if (weights) {
  const { pixels: image, logits, ...state } = await (await readSafetensorsFile(weights)).stateDict();
  model.loadStateDict(state);
  pixels = tf.tensor4d(floats(image!), shape);
  expected = floats(logits!).slice();
} else {
  pixels = tf.tensor4d(new Rng(1).normalArray(shape.reduce((a, b) => a * b)), shape);
}

let logits: Float32Array | undefined;
const { median, best } = measure(
  () => {
    const output = model.forward({ pixelValues: pixels });
    logits = output.logits.dataSync() as Float32Array;
    tf.dispose({ ...output });
  },
  { atLeast: 0 },
);
const largest = (x: Float32Array) => x.reduce((max, value) => Math.max(max, Math.abs(value)), 0);
console.log(
  JSON.stringify({
    median,
    best,
    megabytes: process.resourceUsage().maxRSS / 1024,
    ...(expected && { difference: largest(logits!.map((y, i) => y - expected[i]!)) / largest(expected) }),
  }),
);

function floats({ bytes }: { bytes: Uint8Array }): Float32Array {
  return new Float32Array(bytes.slice().buffer);
}
