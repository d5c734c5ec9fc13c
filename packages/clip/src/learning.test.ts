import '@crossmodal/backend-onnx';
import { AdamW, Rng, valueAndGrad } from '@crossmodal/core';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { CONCEPTS, captions, draw, HELD_OUT, SIZE, TRAINED, VOCAB_SIZE } from '../test/coloured-shapes';
import { BagOfTokensEncoder } from './bag-of-tokens-encoder';
import { CLIP } from './clip';
import { clipLoss } from './clip-loss';
import { ResidualVisionEncoder } from './residual-vision-encoder';

beforeAll(async () => {
  await tf.setBackend('onnx');
});

const allConcepts = CONCEPTS.map((_, i) => i);

function build(rng: Rng) {
  const stages = [
    { channels: 16, blocks: 1 },
    { channels: 32, blocks: 1 },
  ];
  return new CLIP({
    visionEncoder: new ResidualVisionEncoder({ imageSize: SIZE, stages, rng }),
    textEncoder: new BagOfTokensEncoder({ vocabSize: VOCAB_SIZE, hiddenSize: 32, contextLength: 4, rng }),
    projectionDim: 32,
    rng,
  });
}

function train(clip: CLIP, steps: number, rng: Rng, { shuffled }: { shuffled: boolean }) {
  const optimizer = new AdamW(clip, { weightDecay: 0.05 });
  const losses: number[] = [];
  for (let step = 0; step < steps; step++) {
    const concepts = Array.from({ length: 40 }, () => TRAINED[rng.integer(TRAINED.length)]!);
    const named = shuffled ? Array.from(rng.permutation(concepts.length), (i) => concepts[i]!) : concepts;
    const batch = { pixelValues: draw(concepts, rng), inputIds: captions(named) };
    const { value, gradients } = valueAndGrad(() => {
      const { imageFeatures, textFeatures, logitScale } = clip.forward(batch, { training: true, rng });
      return clipLoss(imageFeatures, textFeatures, logitScale, { captionIds: named });
    }, clip.trainableParameters());
    optimizer.step(gradients, {
      learningRate: 3e-3 * Math.min(1, (step + 1) / 10, (2 * (steps - step)) / steps),
    });
    clip.clampLogitScale();
    losses.push(value.dataSync()[0]!);
    tf.dispose([value, ...gradients.values(), batch]);
  }
  optimizer.dispose();
  return losses;
}

/** Share of pictures whose own caption is nearest, among all captions. */
function recall(clip: CLIP, concepts: readonly number[], rng: Rng): number {
  const shown = Array.from({ length: 20 }, () => concepts).flat();
  const nearest = tf.tidy(() => {
    const images = clip.encodeImage({ pixelValues: draw(shown, rng) });
    const texts = clip.encodeText({ inputIds: captions(allConcepts) });
    return tf.argMax(tf.matMul(images, texts, false, true), 1);
  });
  return [...nearest.dataSync()].filter((found, i) => found === shown[i]).length / shown.length;
}

describe('CLIP, trained for 80 steps on 20 of the 25 combinations', () => {
  it('names new pictures of them, and combinations that it has not seen', () => {
    const clip = build(new Rng(1));
    const losses = train(clip, 80, new Rng(2), { shuffled: false });
    expect(losses.at(-1)).toBeLessThan(1);
    expect(recall(clip, TRAINED, new Rng(3))).toBeGreaterThan(0.7);
    expect(recall(clip, HELD_OUT, new Rng(3))).toBeGreaterThan(0.25); // chance: 0.04
  });

  it('learns nothing from shuffled pairs', () => {
    const clip = build(new Rng(1));
    train(clip, 40, new Rng(2), { shuffled: true });
    expect(recall(clip, allConcepts, new Rng(3))).toBeLessThan(0.12);
  });
});
