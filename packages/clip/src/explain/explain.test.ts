import '@crossmodal/backend-onnx';
import '@tensorflow/tfjs-backend-cpu';
import { Rng } from '@crossmodal/core';
import { expectClose, expectNoLeak } from '@crossmodal/test-utils';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { BagOfTokensEncoder } from '../bag-of-tokens-encoder';
import { CLIP } from '../clip';
import { ResidualVisionEncoder } from '../residual-vision-encoder';
import { gradCAM } from './grad-cam';
import { hiResCAM } from './hi-res-cam';
import { similarityMap } from './similarity-map';

const stages = [
  { channels: 4, blocks: 0 },
  { channels: 6, blocks: 1 },
];
const build = (pooling: 'flatten' | 'mean' = 'flatten') => {
  const rng = new Rng(1);
  const clip = new CLIP({
    visionEncoder: new ResidualVisionEncoder({ imageSize: 12, stages, pooling, rng }),
    textEncoder: new BagOfTokensEncoder({ vocabSize: 6, hiddenSize: 8, contextLength: 4, rng }),
    projectionDim: 5,
    rng,
  });
  for (const parameter of clip.namedParameters().values())
    if (!parameter.buffer)
      parameter.assign(tf.tensor(rng.normalArray(parameter.value.size, 0.1, 0.5), parameter.value.shape));
  return clip;
};
const given = () => ({
  pixelValues: tf.tensor4d(new Rng(2).normalArray(3 * 12 * 12 * 3), [3, 12, 12, 3]),
  directions: tf.tensor2d(new Rng(3).normalArray(3 * 5), [3, 5]),
});

describe.each(['cpu', 'onnx'])('maps on %s', (backend) => {
  it('gradCAM and hiResCAM are what their equations say', async () => {
    await tf.setBackend(backend);
    const a = tf.tensor4d([1, 2, 3, -4, 5, 6, 7, 8], [1, 2, 2, 2]);
    const w = tf.tensor4d([1, 1, -2, 1, 0, 3, 1, -1], [1, 2, 2, 2]);
    const score = (map: tf.Tensor4D) => tf.reshape(tf.sum(tf.mul(map, w)), [1]) as tf.Tensor1D;
    // a_k: means of w over places, (1 - 2 + 0 + 1) / 4 and (1 + 1 + 3 - 1) / 4
    expect(gradCAM(a, score).arraySync()).toEqual([
      [
        [2, 0],
        [6, 8],
      ],
    ]);
    expect(hiResCAM(a, score).arraySync()).toEqual([
      [
        [3, -10],
        [18, -1],
      ],
    ]);
  });

  it('the places of the last stage add up to the product of features', async () => {
    await tf.setBackend(backend);
    for (const pooling of ['flatten', 'mean'] as const) {
      const clip = build(pooling);
      const { pixelValues, directions } = given();
      const { map, scores } = similarityMap(clip, { pixelValues, directions });
      expect(map.shape).toEqual([3, 3, 3]);
      const expected = tf.sum(tf.mul(clip.encodeImage({ pixelValues }), directions), 1);
      expectClose(scores, expected, { absolute: 1e-5 });
      expectClose(tf.sum(map, [1, 2]), expected, { absolute: 1e-5 });
    }
  });

  it('finer stages lead to the same score', async () => {
    await tf.setBackend(backend);
    const clip = build();
    const all = given();
    const { map, scores } = similarityMap(clip, all, { stage: 0, method: 'gradCAM' });
    expect(map.shape).toEqual([3, 6, 6]);
    expectClose(scores, similarityMap(clip, all).scores, { absolute: 1e-5 });
    expect(Math.min(...map.dataSync())).toBe(0);
    // What a place adds at the last stage is lost when that place is set to 0.
    const { visionModel, visualProjection } = clip;
    const full = visionModel.featureMap(all.pixelValues);
    const hole = tf.tensor4d([1, 1, 1, 1, 0, 1, 1, 1, 1], [1, 3, 3, 1]);
    const project = (a: tf.Tensor4D) => visualProjection!.forward(visionModel.pool(a));
    const length = tf.norm(project(full), 2, 1);
    const product = (a: tf.Tensor4D) => tf.div(tf.sum(tf.mul(project(a), all.directions), 1), length);
    const lost = tf.sub(product(full), product(tf.mul(full, hole)));
    const last = similarityMap(clip, all).map;
    expectClose(tf.reshape(tf.slice(last, [0, 1, 1], [3, 1, 1]), [3]), lost, { absolute: 1e-5 });
  });
});

it('leaks nothing and says what does not fit', async () => {
  await tf.setBackend('cpu');
  const clip = build();
  const all = given();
  expectNoLeak(() => {
    const { map, scores } = similarityMap(clip, all, { stage: 0 });
    tf.dispose([map, scores]);
  });
  expect(() => similarityMap(clip, all, { stage: 2 })).toThrow(
    'ResidualVisionEncoder: stage: expected an integer from 0 to 1, received 2.',
  );
  expect(() => similarityMap(clip, { ...all, directions: tf.zeros([2, 5]) })).toThrow(
    'similarityMap: directions: expected shape [3, 5], received [2, 5].',
  );
  expect(() => gradCAM(tf.zeros([2, 1, 1, 3]), () => tf.zeros([1]))).toThrow(
    'gradCAM: score: expected shape [2], received [1].',
  );
});
