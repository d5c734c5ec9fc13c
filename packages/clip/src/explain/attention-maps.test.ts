import '@crossmodal/backend-onnx';
import '@tensorflow/tfjs-backend-cpu';
import { readFileSync } from 'node:fs';
import { parseSafetensors, Rng } from '@crossmodal/core';
import type { CLIPTextTransformer, CLIPVisionTransformer } from '@crossmodal/encoders';
import { expectClose, expectNoLeak, readGolden } from '@crossmodal/test-utils';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { CLIP } from '../clip';
import { attentionMap } from './attention-map';
import { attentionRelevance } from './attention-relevance';
import { attentionRollout } from './attention-rollout';

const url = (name: string) => new URL(`../../golden/${name}`, import.meta.url);
const golden = readGolden(url('attention_maps.safetensors'));
const config = JSON.parse(readFileSync(url('tiny-clip/config.json'), 'utf8'));
const file = new Uint8Array(readFileSync(url('tiny-clip/model.safetensors')));

function load(): CLIP<CLIPVisionTransformer, CLIPTextTransformer> {
  const clip = CLIP.fromConfig(config, { rng: new Rng(0) });
  clip.loadStateDict(parseSafetensors(file).tensors);
  return clip as unknown as CLIP<CLIPVisionTransformer, CLIPTextTransformer>;
}
const given = () => ({
  pixelValues: golden.tensor('pixel_values') as tf.Tensor4D,
  directions: golden.tensor('directions') as tf.Tensor2D,
});
const ofBlocks = (name: string) => [0, 1].map((i) => golden.tensor(`${name}.${i}`) as tf.Tensor4D);
/** Of the class token: 2 x 2 patches. */
const patches = (name: string) =>
  tf.reshape(tf.slice(golden.tensor(name), [0, 0, 1], [-1, 1, -1]), [3, 2, 2]);

describe.each(['cpu', 'onnx'])("maps of attention with transformers' weights, on %s", (backend) => {
  it('sees the weights that transformers gives', async () => {
    await tf.setBackend(backend);
    const { visionModel } = load();
    const { hiddenStates } = visionModel.forward({ ...given(), outputHiddenStates: true });
    const weights = [...visionModel.encoder.layers].map((layer, i) =>
      layer.attentionWeights(hiddenStates![i]!),
    );
    for (const [i, expected] of ofBlocks('weights').entries()) expectClose(weights[i]!, expected);
  });

  it('rolls attention out, and weighs it by gradients', async () => {
    await tf.setBackend(backend);
    const weights = ofBlocks('weights');
    expectClose(attentionRollout(weights), golden.tensor('rollout'));
    expectClose(attentionRelevance(weights, ofBlocks('gradients')), golden.tensor('relevance'));
  });

  it('maps them over the patches, with the gradients of the whole tower', async () => {
    await tf.setBackend(backend);
    const clip = load();
    const rollout = attentionMap(clip, given(), { method: 'rollout' });
    expectClose(rollout.map, patches('rollout'));
    expectClose(rollout.scores, golden.tensor('scores'));
    const relevance = attentionMap(clip, given());
    expectClose(relevance.map, patches('relevance'), { relative: 1e-3 });
    expectClose(relevance.scores, golden.tensor('scores'));
    const against = attentionMap(clip, { ...given(), directions: tf.neg(given().directions) });
    expect(tf.max(tf.abs(tf.sub(against.map, relevance.map))).dataSync()[0]).toBeGreaterThan(0.1);
  });
});

it('leaks nothing and says what does not fit', async () => {
  await tf.setBackend('cpu');
  const clip = load();
  const all = given();
  expectNoLeak(() => {
    for (const method of ['relevance', 'rollout'] as const)
      tf.dispose({ ...attentionMap(clip, all, { method }) });
  });
  expect(() => attentionMap(clip, { ...all, directions: tf.zeros([2, 6]) })).toThrow(
    'attentionMap: directions: expected shape [3, 6], received [2, 6].',
  );
  const weights = ofBlocks('weights');
  expect(() => attentionRollout([])).toThrow(
    'attentionRollout: weights: expected one or more, one for each block, received 0.',
  );
  expect(() => attentionRelevance(weights, weights.slice(1))).toThrow(
    'attentionRelevance: gradients: expected 2, one for each block, received 1.',
  );
  expect(() => attentionRollout([weights[0]!, tf.zeros([3, 2, 4, 5])])).toThrow(
    'attentionRollout: weights: expected shape [3, 2, 5, 5], received [3, 2, 4, 5].',
  );
});
