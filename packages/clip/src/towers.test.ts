import '@tensorflow/tfjs-backend-cpu';
import { AdamW, Rng, valueAndGrad } from '@crossmodal/core';
import type { TextEncoder, VisionEncoder } from '@crossmodal/encoders';
import { CLIPTextTransformer, CLIPVisionTransformer } from '@crossmodal/encoders';
import { expectClose, expectNoLeak } from '@crossmodal/test-utils';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { BagOfTokensEncoder } from './bag-of-tokens-encoder';
import { CLIP } from './clip';
import { clipLoss } from './clip-loss';
import { clipViTB32 } from './presets';
import { ResidualVisionEncoder } from './residual-vision-encoder';
import { sigLIPLoss } from './siglip-loss';

const rng = new Rng(1);
const small = { hiddenSize: 8, intermediateSize: 16, numHiddenLayers: 1, numAttentionHeads: 2 };
const stages = [
  { channels: 4, blocks: 1 },
  { channels: 6, blocks: 1 },
];
const visionEncoders: Record<string, () => VisionEncoder> = {
  CLIPVisionTransformer: () =>
    new CLIPVisionTransformer({
      ...clipViTB32.config.visionConfig,
      ...small,
      imageSize: 8,
      patchSize: 4,
      rng,
    }),
  'ResidualVisionEncoder, flattened': () => new ResidualVisionEncoder({ imageSize: 8, stages, rng }),
  'ResidualVisionEncoder, mean': () =>
    new ResidualVisionEncoder({ imageSize: 8, stages, pooling: 'mean', rng }),
};
const textEncoders: Record<string, () => TextEncoder> = {
  CLIPTextTransformer: () =>
    new CLIPTextTransformer({
      ...clipViTB32.config.textConfig,
      ...small,
      vocabSize: 6,
      maxPositionEmbeddings: 4,
      eosTokenId: 5,
      rng,
    }),
  BagOfTokensEncoder: () => new BagOfTokensEncoder({ vocabSize: 6, hiddenSize: 8, contextLength: 4, rng }),
};
const build = (vision: string, text: string) =>
  new CLIP({
    visionEncoder: visionEncoders[vision]!(),
    textEncoder: textEncoders[text]!(),
    projectionDim: 5,
    logitBias: -1,
    rng,
  });
const batch = () => ({
  pixelValues: tf.tensor4d(new Rng(2).normalArray(4 * 8 * 8 * 3), [4, 8, 8, 3]),
  inputIds: tf.tensor2d([0, 1, 5, 5, 2, 3, 4, 5, 4, 5, 0, 1, 3, 2, 5, 0], [4, 4], 'int32'),
  attentionMask: tf.tensor2d([1, 1, 1, 0, 1, 1, 1, 1, 1, 1, 0, 0, 1, 1, 1, 0], [4, 4], 'int32'),
});

beforeAll(async () => {
  await tf.setBackend('cpu');
});

const pairs = Object.keys(visionEncoders).flatMap((vision) =>
  Object.keys(textEncoders).map((text) => [vision, text] as const),
);

describe.each(pairs)('%s with %s', (vision, text) => {
  it('gives unit features, repeats itself, and leaks nothing', () => {
    const clip = build(vision, text);
    const given = batch();
    const { imageFeatures, textFeatures } = clip.forward(given);
    expect(imageFeatures.shape).toEqual([4, 5]);
    expect(textFeatures.shape).toEqual([4, 5]);
    expectClose(tf.norm(imageFeatures, 2, 1), [1, 1, 1, 1]);
    expectClose(tf.norm(textFeatures, 2, 1), [1, 1, 1, 1]);
    expectClose(clip.forward(given).imageFeatures, imageFeatures);
    expectNoLeak(() => tf.dispose({ ...clip.forward(given, { training: true, rng }) }));
  });

  it('gives every parameter a gradient, and a step takes the loss down', () => {
    const clip = build(vision, text);
    // Away from where training starts: a scale of 0 there keeps the gradient from what is before it.
    for (const [key, parameter] of clip.namedParameters())
      if (key.endsWith('bn2.weight')) parameter.assign(tf.fill(parameter.shape, 0.5));
    const given = batch();
    const loss = () => {
      const { imageFeatures, textFeatures, logitScale, logitBias } = clip.forward(given, {
        training: true,
        rng,
      });
      const sigmoid = sigLIPLoss(imageFeatures, textFeatures, logitScale, logitBias!);
      return tf.add(clipLoss(imageFeatures, textFeatures, logitScale), sigmoid) as tf.Scalar;
    };
    const { value, gradients } = valueAndGrad(loss, clip.trainableParameters());
    const without = [...clip.trainableParameters().keys()].filter((key) => {
      const gradient = gradients.get(key);
      return !gradient || tf.max(tf.abs(gradient)).dataSync()[0]! < 1e-9;
    });
    // The softmax of attention does not see what adds the same to every score: keys' bias.
    expect(without.filter((key) => !key.endsWith('k_proj.bias'))).toEqual([]);
    new AdamW(clip).step(gradients, { learningRate: 1e-3 });
    expect(loss().dataSync()[0]!).toBeLessThan(value.dataSync()[0]!);
  });
});

describe('ResidualVisionEncoder', () => {
  it('says its size, and halves at each stage', () => {
    const encoder = new ResidualVisionEncoder({ imageSize: 8, stages, rng });
    const { featureMap, pooledOutput } = encoder.forward(batch());
    expect(featureMap.shape).toEqual([4, 2, 2, 6]);
    expect(pooledOutput.shape).toEqual([4, encoder.hiddenSize]);
    expect(encoder.hiddenSize).toBe(24);
    expect(visionEncoders['ResidualVisionEncoder, mean']!().hiddenSize).toBe(6);
  });

  it('drops of the pooled output in training only', () => {
    const encoder = new ResidualVisionEncoder({ imageSize: 8, stages, dropout: 0.9, rng });
    const zeros = (x: tf.Tensor) => x.dataSync().filter((value) => value === 0).length;
    const { pooledOutput } = encoder.forward(batch(), { training: true, rng: new Rng(3) });
    expect(zeros(pooledOutput)).toBeGreaterThan(0.7 * pooledOutput.size);
    expect(() => encoder.forward(batch(), { training: true })).toThrow('needs a random generator');
  });

  it('says what does not fit', () => {
    expect(() => new ResidualVisionEncoder({ imageSize: 10, stages, rng })).toThrow(
      'ResidualVisionEncoder: imageSize: expected a multiple of 2 for each stage, of which there is at least one, ' +
        'received 10 and 2 stages.',
    );
    expect(() =>
      visionEncoders['ResidualVisionEncoder, mean']!().forward({ pixelValues: tf.zeros([1, 8, 8, 1]) }),
    ).toThrow('ResidualVisionEncoder: pixelValues: expected shape [?, 8, 8, 3], received [1, 8, 8, 1].');
  });
});

describe('BagOfTokensEncoder', () => {
  const encoder = new BagOfTokensEncoder({
    vocabSize: 6,
    hiddenSize: 8,
    contextLength: 4,
    tokenDropout: 0.5,
    rng,
  });
  const ids = (...rows: number[][]) => tf.tensor2d(rows, undefined, 'int32');

  it('does not see order, padding, or repetition of the whole', () => {
    const mask = ids([1, 1, 0]);
    const { pooledOutput } = encoder.forward({ inputIds: ids([1, 2, 4]), attentionMask: mask });
    for (const same of [ids([2, 1]), ids([1, 2, 2, 1])])
      expectClose(encoder.forward({ inputIds: same }).pooledOutput, pooledOutput);
    const empty = encoder.forward({ inputIds: ids([1, 2, 3]), attentionMask: ids([0, 0, 0]) }).pooledOutput;
    expect(empty.dataSync().every(Number.isFinite)).toBe(true);
  });

  it('drops tokens in training only', () => {
    const inputIds = ids(...Array(50).fill([1, 2]));
    const mean = (context?: object) =>
      new Set(
        (encoder.forward({ inputIds }, context).pooledOutput.arraySync() as number[][]).map(([x]) =>
          x!.toFixed(4),
        ),
      );
    expect(mean().size).toBe(1);
    expect(mean({ training: true, rng: new Rng(5) }).size).toBe(4); // both, either, none
  });

  it('says what does not fit', () => {
    expect(() => encoder.forward({ inputIds: ids([1, 2, 3, 4, 5]) })).toThrow(
      'BagOfTokensEncoder: inputIds: expected at most 4 tokens, received 5. Cut texts with ' +
        'tokenizer.tokenize(texts, { contextLength: 4 }).',
    );
  });
});
