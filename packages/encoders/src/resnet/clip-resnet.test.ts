import '@crossmodal/backend-onnx';
import '@tensorflow/tfjs-backend-cpu';
import { Rng } from '@crossmodal/core';
import { expectNoLeak, readGolden } from '@crossmodal/test-utils';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { expectNear, expectPasses, expectStatistics, goldenUrl, readState } from '../../test/golden-convnet';
import { CLIPResNet } from './clip-resnet';
import { type CLIPResNetConfig, readCLIPResNetConfig } from './clip-resnet-config';
import { clipRN50, clipRN50x4, clipRN101 } from './presets';

const golden = readGolden(goldenUrl('clip_resnet.safetensors'));
const config: CLIPResNetConfig = {
  layers: [2, 1, 1, 1],
  width: 2,
  headWidth: 16,
  imageSize: 64,
  embedDim: 5,
};
const input = () => ({ pixelValues: golden.tensor('pixel_values') as tf.Tensor4D });
const state = () =>
  Object.fromEntries(
    Object.entries(readState('tiny-clip-resnet.safetensors')).map(([key, value]) => [
      key.replace(/^visual\./, ''),
      value,
    ]),
  );

function load() {
  const model = new CLIPResNet({ ...config, rng: new Rng(0) });
  model.loadStateDict(state());
  return model;
}

describe.each(['cpu', 'onnx'])("CLIPResNet with open_clip's weights, on %s", (backend) => {
  beforeAll(async () => {
    await tf.setBackend(backend);
  });

  it('computes the same features, gradients and statistics', () => {
    const model = load();
    const { featureMaps } = model.forward(input());
    for (const [i, map] of featureMaps.entries()) {
      expect(map.shape).toEqual(golden.array(`feature_maps.${i}`).shape);
      expectNear(map, golden.tensor(`feature_maps.${i}`), 1e-4);
    }
    const direction = golden.tensor('direction');
    expectPasses(
      golden,
      'pooled',
      model,
      (context) => model.forward(input(), context).pooledOutput,
      direction,
    );
    expectStatistics(golden, 'pooled', model);
  });
});

describe('CLIPResNet', () => {
  beforeAll(async () => {
    await tf.setBackend('cpu');
  });

  it("writes open_clip's names", async () => {
    expect(Object.keys(await load().stateDict()).sort()).toEqual(Object.keys(state()).sort());
  });

  it.each([
    ['RN50', clipRN50],
    ['RN101', clipRN101],
    ['RN50x4', clipRN50x4],
  ])("%s: has as many parameters as open_clip's", (name, { config, parameterCount, openCLIPName }) => {
    expect(openCLIPName).toBe(name);
    expect(parameterCount).toBe(golden.array(`parameters.${name}`).values[0]);
    expect(expectedCount(config)).toBe(parameterCount);
  });

  it('counts parameters as the test does', () => {
    expect(load().parameterCount().total).toBe(expectedCount(config));
  });

  it('leaks nothing', () => {
    const model = load();
    const { pixelValues } = input();
    expectNoLeak(() => tf.dispose({ ...model.forward({ pixelValues }) }));
  });

  it("reads open_clip's configurations, and says what is wrong", () => {
    const vision_cfg = { image_size: 288, layers: [4, 6, 10, 6], width: 80, patch_size: null };
    expect(readCLIPResNetConfig({ embed_dim: 640, vision_cfg, text_cfg: {} })).toEqual(clipRN50x4.config);
    expect(() => readCLIPResNetConfig({ embed_dim: 512, vision_cfg: { layers: 12 } })).toThrow(
      'readCLIPResNetConfig: vision_cfg.layers: expected the blocks of each stage, as a ResNet has, received 12. A vision ' +
        'transformer is a CLIPVisionTransformer.',
    );
    expect(() => new CLIPResNet({ ...config, imageSize: 65, rng: new Rng(0) })).toThrow(
      'CLIPResNet: expected four stages, an imageSize that is a multiple of 32, an even width and a headWidth that divides ' +
        '32 width, received layers [2, 1, 1, 1], imageSize 65, width 2, headWidth 16.',
    );
    expect(() => load().forward({ pixelValues: tf.zeros([1, 32, 32, 3]) })).toThrow(
      'CLIPResNet: pixelValues: expected shape [?, 64, 64, 3], received [1, 32, 32, 3].',
    );
  });
});

/** Without memory for them: the largest has 87 million. */
function expectedCount({ layers, width, imageSize, embedDim }: CLIPResNetConfig): number {
  const half = width / 2;
  const norm = (channels: number) => 2 * channels;
  let count = 27 * half + norm(half) + 9 * half * half + norm(half) + 9 * half * width + norm(width);
  let channels = width;
  for (const [i, blocks] of layers.entries()) {
    const inside = width * 2 ** i;
    for (let j = 0; j < blocks; j++) {
      count += channels * inside + norm(inside) + 9 * inside * inside + norm(inside);
      count += 4 * inside * inside + norm(4 * inside);
      if (j === 0) count += 4 * channels * inside + norm(4 * inside);
      channels = 4 * inside;
    }
  }
  const positions = (imageSize / 32) ** 2 + 1;
  return count + positions * channels + 3 * (channels + 1) * channels + (channels + 1) * embedDim;
}
