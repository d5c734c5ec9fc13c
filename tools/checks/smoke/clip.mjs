import assert from 'node:assert/strict';
import { BagOfTokensEncoder, CLIP, clipLoss, ResidualVisionEncoder } from '@crossmodal/clip';
import { AdamW, Rng, valueAndGrad } from '@crossmodal/core';
import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';

await tf.setBackend('cpu');
const rng = new Rng(0);
const clip = new CLIP({
  visionEncoder: new ResidualVisionEncoder({ imageSize: 8, stages: [{ channels: 4, blocks: 1 }], rng }),
  textEncoder: new BagOfTokensEncoder({ vocabSize: 16, hiddenSize: 8, contextLength: 4, rng }),
  projectionDim: 8,
  rng,
});
const batch = {
  pixelValues: tf.tensor4d(rng.normalArray(4 * 8 * 8 * 3), [4, 8, 8, 3]),
  inputIds: tf.tensor2d([1, 2, 3, 4], [4, 1], 'int32'),
};
const optimizer = new AdamW(clip);
const losses = [];
for (let step = 0; step < 10; step++) {
  const { value, gradients } = valueAndGrad(() => {
    const { imageFeatures, textFeatures, logitScale } = clip.forward(batch, { training: true, rng });
    return clipLoss(imageFeatures, textFeatures, logitScale);
  }, clip.trainableParameters());
  losses.push(value.dataSync()[0]);
  optimizer.step(gradients, { learningRate: 1e-2 });
}
assert.ok(losses.at(-1) < losses[0], String(losses));
