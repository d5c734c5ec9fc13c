// Writes CLIP's ViT-B/32 image encoder with weights of a type: compile-int8.ts <dtype> <file>. Seconds, size, and what
// the weights change of the features of noise.
import '@crossmodal/backend-onnx';
import { CLIPVisionTransformer, clipViTB32 } from '@crossmodal/clip';
import { exportONNX, type ONNXDType } from '@crossmodal/compile';
import { Linear, Module, Rng } from '@crossmodal/core';
import * as tf from '@tensorflow/tfjs-core';

const [dtype = 'int8', file = ''] = process.argv.slice(2);
await tf.setBackend('onnx');

class ImageEncoder extends Module {
  readonly visionModel = new CLIPVisionTransformer({ ...clipViTB32.config.visionConfig, rng: new Rng(0) });
  readonly visualProjection = new Linear(768, 512, { bias: false, rng: new Rng(1) });

  forward({ pixelValues }: { pixelValues: tf.Tensor4D }): { imageEmbeds: tf.Tensor } {
    return tf.tidy(() => ({
      imageEmbeds: this.visualProjection.forward(this.visionModel.forward({ pixelValues }).pooledOutput),
    }));
  }
}

const model = new ImageEncoder();
const pixelValues = tf.tensor4d(new Rng(2).normalArray(2 * 224 * 224 * 3), [2, 224, 224, 3]);
const start = performance.now();
const { bytes, difference } = await exportONNX(model, { pixelValues }, file, {
  dynamicAxes: { pixelValues: { 0: 'batch' } },
  channelsFirst: ['pixelValues'],
  dtype: dtype as ONNXDType,
});
const seconds = (performance.now() - start) / 1000;
console.log(
  JSON.stringify({ bytes, seconds, ...difference, megabytes: process.resourceUsage().maxRSS / 1024 }),
);
