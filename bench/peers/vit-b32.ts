// One process of `bench/vit-b32.ts`: milliseconds of a forward pass, peak memory, and with a file of weights, pictures
// and features, the largest difference from those, as a share of the largest feature.

import { configureOnnxBackend } from '@crossmodal/backend-onnx';
import { CLIPVisionTransformer, clipViTB32 } from '@crossmodal/clip';
import { compile } from '@crossmodal/compile';
import { Linear, Module, Rng } from '@crossmodal/core';
import { readSafetensorsFile } from '@crossmodal/core/node';
import * as tf from '@tensorflow/tfjs-core';
import { measure } from '../lib/measure';

const [batch = '8', threads = '0', weights = '', mode = 'eager'] = process.argv.slice(2);
if (Number(threads) > 0) configureOnnxBackend({ threads: Number(threads) });
await tf.setBackend('onnx');

/** Named as transformers' `CLIPVisionModelWithProjection`. */
class ImageEncoder extends Module {
  readonly visionModel = new CLIPVisionTransformer({ ...clipViTB32.config.visionConfig, rng: new Rng(0) });
  readonly visualProjection = new Linear(768, 512, { bias: false, rng: new Rng(1) });

  /** [batch, 224, 224, 3] to [batch, 512]. */
  forward(pixelValues: tf.Tensor4D): tf.Tensor {
    return tf.tidy(() =>
      this.visualProjection.forward(this.visionModel.forward({ pixelValues }).pooledOutput),
    );
  }
}

const model = new ImageEncoder();
const shape: [number, number, number, number] = [Number(batch), 224, 224, 3];
let pixels: tf.Tensor4D;
let expected: Float32Array | undefined;
if (weights) {
  const file = await readSafetensorsFile(weights);
  await model.loadTensors(file, { strict: false });
  pixels = tf.tensor4d(floats(await file.tensor('pixels')), shape);
  expected = floats(await file.tensor('features'));
} else {
  pixels = tf.tensor4d(new Rng(2).normalArray(shape.reduce((a, b) => a * b)), shape);
}

const eager = (pixels: tf.Tensor4D) => model.forward(pixels);
const forward = mode === 'compiled' ? compile(eager, { module: model }) : eager;
let features: Float32Array | undefined;
const { median, best } = measure(
  () => {
    const y = forward(pixels);
    features = y.dataSync() as Float32Array;
    y.dispose();
  },
  { warmUp: 3, runs: 20, atLeast: 0 },
);
const largest = (x: Float32Array) => x.reduce((max, value) => Math.max(max, Math.abs(value)), 0);
console.log(
  JSON.stringify({
    median,
    best,
    megabytes: process.resourceUsage().maxRSS / 1024,
    ...(expected && { difference: largest(features!.map((y, i) => y - expected[i]!)) / largest(expected) }),
  }),
);

function floats({ bytes }: { bytes: Uint8Array }): Float32Array {
  return new Float32Array(bytes.slice().buffer);
}
