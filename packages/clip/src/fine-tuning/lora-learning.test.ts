import '@crossmodal/backend-onnx';
import { AdamW, addLoRA, type OptimizerTarget, Rng, setAdapter, valueAndGrad } from '@crossmodal/core';
import { CLIPVisionTransformer } from '@crossmodal/encoders';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { captions, draw, SIZE, TRAINED, VOCAB_SIZE } from '../../test/coloured-shapes';
import { BagOfTokensEncoder } from '../bag-of-tokens-encoder';
import { CLIP } from '../clip';
import { clipLoss } from '../clip-loss';

/** Pictures as they are, or as a negative of the film shows them. */
type Look = 'plain' | 'negative';

function pictures(concepts: readonly number[], rng: Rng, look: Look): tf.Tensor4D {
  return tf.tidy(() => (look === 'plain' ? draw(concepts, rng) : tf.neg(draw(concepts, rng))));
}

function build(): CLIP {
  const rng = new Rng(1);
  const layers = { hiddenSize: 32, intermediateSize: 64, numHiddenLayers: 1, numAttentionHeads: 2 };
  const image = { imageSize: SIZE, patchSize: 4, numChannels: 3 };
  return new CLIP({
    visionEncoder: new CLIPVisionTransformer({
      ...layers,
      ...image,
      hiddenAct: 'quick_gelu',
      layerNormEps: 1e-5,
      rng,
    }),
    textEncoder: new BagOfTokensEncoder({ vocabSize: VOCAB_SIZE, hiddenSize: 32, contextLength: 4, rng }),
    projectionDim: 32,
    rng,
  });
}

function train(clip: CLIP, target: OptimizerTarget, look: Look, steps: number, learningRate: number): void {
  const rng = new Rng(2);
  const optimizer = new AdamW(target);
  for (let step = 0; step < steps; step++) {
    const concepts = Array.from({ length: 40 }, () => TRAINED[rng.integer(TRAINED.length)]!);
    const batch = { pixelValues: pictures(concepts, rng, look), inputIds: captions(concepts) };
    const { value, gradients } = valueAndGrad(() => {
      const { imageFeatures, textFeatures, logitScale } = clip.forward(batch, { training: true, rng });
      return clipLoss(imageFeatures, textFeatures, logitScale, { captionIds: concepts });
    }, clip.trainableParameters());
    const warmup = Math.min(1, (step + 1) / 10, (2 * (steps - step)) / steps);
    optimizer.step(gradients, { learningRate: learningRate * warmup });
    clip.clampLogitScale();
    tf.dispose([value, ...gradients.values(), batch]);
  }
  optimizer.dispose();
}

/** Share of new pictures whose own caption is nearest. */
function recall(clip: CLIP, look: Look): number {
  const shown = Array.from({ length: 10 }, () => TRAINED).flat();
  const nearest = tf.tidy(() => {
    const images = clip.encodeImage({ pixelValues: pictures(shown, new Rng(3), look) });
    const texts = clip.encodeText({ inputIds: captions(TRAINED) });
    return tf.argMax(tf.matMul(images, texts, false, true), 1);
  });
  return [...nearest.dataSync()].filter((found, i) => TRAINED[found] === shown[i]).length / shown.length;
}

describe('adapters alone', () => {
  beforeAll(async () => {
    await tf.setBackend('onnx');
  });

  it('teach a model that knows pictures to read negatives, and leave its weights as they were', async () => {
    const clip = build();
    train(clip, clip, 'plain', 120, 3e-3);
    expect(recall(clip, 'plain')).toBeGreaterThan(0.5);
    const known = recall(clip, 'plain');
    expect(recall(clip, 'negative')).toBeLessThan(0.15); // chance: 0.05
    const base = await clip.stateDict();

    addLoRA(clip, { pattern: /^vision_model.*(proj|fc[12])$/, rank: 4, alpha: 8, rng: new Rng(4) });
    const { trainable, total } = clip.parameterCount();
    expect(trainable / total).toBeLessThan(0.2);
    train(clip, clip.trainableParameters(), 'negative', 160, 1e-2);
    expect(recall(clip, 'negative')).toBeGreaterThan(0.4);
    expect(await clip.stateDict()).toEqual(base);
    setAdapter(clip, undefined);
    expect(recall(clip, 'plain')).toBe(known);
  });
});
