import '@tensorflow/tfjs-backend-cpu';
import { readFileSync } from 'node:fs';
import { layerwiseLearningRateDecay, type Parameter, Rng, SGD } from '@crossmodal/core';
import { expectClose } from '@crossmodal/test-utils';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { BagOfTokensEncoder } from '../bag-of-tokens-encoder';
import { CLIP } from '../clip';
import { ResidualVisionEncoder } from '../residual-vision-encoder';
import { lockTower } from './lock-tower';

const config = JSON.parse(
  readFileSync(new URL('../../golden/tiny-clip/config.json', import.meta.url), 'utf8'),
);
const build = () => CLIP.fromConfig(config, { rng: new Rng(0) });

beforeAll(async () => {
  await tf.setBackend('cpu');
});

/** Groups of a tower with two layers, as open_clip makes them, from input to output. */
const GROUPS = {
  vision: [
    /^vision_model\.(embeddings|pre_layrnorm)\./,
    /^vision_model\.encoder\.layers\.0\./,
    /^vision_model\.(encoder\.layers\.1|post_layernorm)\./,
    /^visual_projection\./,
  ],
  text: [
    /^text_model\.embeddings\./,
    /^text_model\.encoder\.layers\.0\./,
    /^text_model\.(encoder\.layers\.1|final_layer_norm)\./,
    /^text_projection\./,
  ],
};

describe.each(['vision', 'text'] as const)('lockTower, %s', (tower) => {
  it.each([0, 1, 2, 3, 4, 9])('trains the last %s groups, and all of the other tower', (unlockedLayers) => {
    const clip = build();
    const locked = lockTower(clip, tower, { unlockedLayers });
    const frozen = GROUPS[tower].slice(0, Math.max(0, 4 - unlockedLayers));
    const expected = [...clip.namedParameters().keys()].filter(
      (key) => !frozen.some((group) => group.test(key)),
    );
    expect([...clip.trainableParameters().keys()]).toEqual(expected);
    expect(locked).toBe(clip.namedParameters().size - expected.length);
    lockTower(clip, tower, { unlockedLayers: 4 });
    expect(clip.trainableParameters().size).toBe(clip.namedParameters().size);
  });

  it('leaves the norms to be trained on request', () => {
    const clip = build();
    lockTower(clip, tower, { freezeNorms: false });
    const own = [...clip.trainableParameters().keys()].filter((key) => key.startsWith(`${tower}_model`));
    const norms = [...clip.namedParameters().keys()].filter(
      (key) => key.startsWith(`${tower}_model`) && /norm|layrnorm/.test(key),
    );
    expect(own).toEqual(norms);
    expect(norms).toHaveLength(tower === 'vision' ? 12 : 10);
  });
});

describe('lockTower', () => {
  it('takes any tower; a locked batch norm keeps its statistics', async () => {
    const rng = new Rng(1);
    const stages = [4, 6, 8].map((channels) => ({ channels, blocks: 1 }));
    const clip = new CLIP({
      visionEncoder: new ResidualVisionEncoder({ imageSize: 16, stages, rng }),
      textEncoder: new BagOfTokensEncoder({ vocabSize: 9, hiddenSize: 4, contextLength: 3, rng }),
      projectionDim: 5,
      rng,
    });
    lockTower(clip, 'vision', { unlockedLayers: 2 });
    const trained = [...clip.trainableParameters().keys()].filter((key) => /^vis/.test(key));
    expect(trained.every((key) => /^(vision_model\.stages\.2|visual_projection)\./.test(key))).toBe(true);
    expect(trained).toHaveLength(10);
    const before = await clip.stateDict();
    const pixelValues = tf.randomNormal([4, 16, 16, 3], 1, 2, 'float32', 3) as tf.Tensor4D;
    clip.encodeImage({ pixelValues }, { training: true });
    const after = await clip.stateDict();
    const moved = Object.keys(after).filter(
      (key) => Buffer.compare(after[key]!.bytes, before[key]!.bytes) !== 0,
    );
    expect(moved.length).toBeGreaterThan(0);
    expect(moved.every((key) => key.startsWith('vision_model.stages.2.'))).toBe(true);
    lockTower(clip, 'text', { unlockedLayers: 1 });
    expect([...clip.trainableParameters().keys()].filter((key) => /^text/.test(key))).toEqual([
      'text_projection.weight',
    ]);
  });

  it('says what it takes', () => {
    expect(() => lockTower(build(), 'text', { unlockedLayers: -1 })).toThrow(
      'lockTower: unlockedLayers: expected an integer from 0, received -1.',
    );
  });
});

describe('layerwiseLearningRateDecay of both towers', () => {
  it('has a rate for every layer, and the full one for projections and the scale', () => {
    const clip = build();
    const groups = [
      ...layerwiseLearningRateDecay(clip, {
        decay: 0.5,
        layers: 'vision_model.encoder.layers',
        before: ['vision_model.embeddings', 'vision_model.pre_layrnorm'],
      }),
      ...layerwiseLearningRateDecay(clip, {
        decay: 0.8,
        layers: 'text_model.encoder.layers',
        before: ['text_model.embeddings'],
      }),
    ];
    const before = new Map([...clip.namedParameters()].map(([key, { value }]) => [key, tf.clone(value)]));
    const ones = ({ shape }: Parameter) => tf.ones(shape);
    const gradients = new Map([...clip.namedParameters()].map(([key, parameter]) => [key, ones(parameter)]));
    new SGD(clip, { groups }).step(gradients, { learningRate: 1 });
    const rates = { vision: [0.125, 0.25, 0.5], text: [0.512, 0.64, 0.8] };
    for (const [key, { value }] of clip.namedParameters()) {
      const tower = key.startsWith('vision_model') ? 'vision' : 'text';
      const group = GROUPS[tower].findIndex((pattern) => pattern.test(key));
      const ofHead = /projection|logit_scale|post_layernorm|final_layer_norm/.test(key);
      expectClose(tf.max(tf.sub(before.get(key)!, value)), ofHead ? 1 : rates[tower][group]!);
    }
  });
});
