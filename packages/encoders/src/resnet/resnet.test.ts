import '@crossmodal/backend-onnx';
import '@tensorflow/tfjs-backend-cpu';
import { Rng, ZeroRng } from '@crossmodal/core';
import { expectNoLeak, readGolden } from '@crossmodal/test-utils';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import {
  expectNear,
  expectPasses,
  expectStatistics,
  goldenUrl,
  readJson,
  readState,
} from '../../test/golden-convnet';
import { resNet18, resNet34, resNet50, resNet101 } from './presets';
import { ResNet } from './resnet';
import { readResNetConfig } from './resnet-config';
import { ResNetForImageClassification } from './resnet-for-image-classification';

const golden = readGolden(goldenUrl('resnet.safetensors'));
const rng = new Rng(0);
const input = () => ({ pixelValues: golden.tensor('pixel_values') as tf.Tensor4D });

function load(folder: string, changes: object = {}) {
  const config = readResNetConfig({ ...readJson(`${folder}/config.json`), ...changes });
  const model = new ResNetForImageClassification({ ...config, rng });
  model.loadStateDict(readState(`${folder}/model.safetensors`));
  return model;
}

describe.each(['cpu', 'onnx'])('ResNet with published weights, on %s', (backend) => {
  beforeAll(async () => {
    await tf.setBackend(backend);
  });

  it.each([
    ['bottleneck', 'tiny-resnet', {}],
    ['basic', 'tiny-resnet-basic', {}],
    ['strides', 'tiny-resnet', { downsample_in_bottleneck: true, downsample_in_first_stage: true }],
  ])("%s: computes transformers' features, gradients and statistics", (name, folder, changes) => {
    const model = load(folder, changes);
    const { featureMaps, lastHiddenState, pooledOutput } = model.resnet.forward(input());
    expect(featureMaps).toHaveLength(4);
    for (const [i, map] of featureMaps.entries()) {
      expect(map.shape).toEqual(golden.array(`${name}.feature_maps.${i}`).shape);
      expectNear(map, golden.tensor(`${name}.feature_maps.${i}`), 1e-4);
    }
    expect(lastHiddenState).toBe(featureMaps[3]);
    expectNear(pooledOutput, golden.tensor(`${name}.pooled`), 1e-4);
    const direction = golden.tensor('direction');
    expectPasses(golden, name, model, (context) => model.forward(input(), context).logits, direction);
    expectStatistics(golden, name, model);
  });

  it("reads torchvision's names", () => {
    const config = {
      ...readResNetConfig({ embedding_size: 6, hidden_sizes: [8, 12, 16, 20], depths: [2, 1, 2, 1] }),
      id2label: { 0: 'a', 1: 'b', 2: 'c', 3: 'd', 4: 'e' },
    };
    const model = new ResNetForImageClassification({ ...config, rng });
    const state = readState('tiny-torchvision-resnet.safetensors');
    model.loadStateDict(state);
    expectNear(model.forward(input()).logits, golden.tensor('torchvision.logits'), 1e-4);
    const { 'fc.weight': _, 'fc.bias': __, ...features } = state;
    new ResNet({ ...config, rng }).loadStateDict(features);
  });
});

describe('ResNet', () => {
  beforeAll(async () => {
    await tf.setBackend('cpu');
  });

  it("writes transformers' names", async () => {
    const written = await load('tiny-resnet').stateDict();
    const file = readState('tiny-resnet/model.safetensors');
    expect(Object.keys(written).sort()).toEqual(Object.keys(file).sort());
    for (const [key, { bytes }] of Object.entries(file)) expect(written[key]!.bytes).toEqual(bytes);
  });

  it('trains with frozen norms', async () => {
    const { resnet } = load('tiny-resnet');
    resnet.freeze(/normalization/);
    const trained = [...resnet.trainableParameters().keys()];
    expect(trained).toContain('embedder.embedder.convolution.weight');
    expect(trained.some((key) => key.includes('normalization'))).toBe(false);
    const before = (await resnet.stateDict())['embedder.embedder.normalization.running_mean']!;
    resnet.forward(input());
    expect((await resnet.stateDict())['embedder.embedder.normalization.running_mean']).toEqual(before);
  });

  it.each([
    ['18', resNet18],
    ['34', resNet34],
    ['50', resNet50],
    ['101', resNet101],
  ])("has as many parameters as torchvision's ResNet-%s", (depth, { config, parameterCount }) => {
    expect(parameterCount).toBe(golden.array(`parameters.${depth}`).values[0]);
    const model = new ResNetForImageClassification({ ...config, rng: new ZeroRng() });
    expect(model.parameterCount().total).toBe(parameterCount);
    model.dispose();
  });

  it('leaks nothing', () => {
    const model = load('tiny-resnet');
    const { pixelValues } = input();
    expectNoLeak(() => tf.dispose({ ...model.forward({ pixelValues }) }));
    expectNoLeak(() => tf.dispose({ ...model.forward({ pixelValues }, { training: true }) }));
  });

  it('says what is wrong', () => {
    const model = load('tiny-resnet');
    expect(() => model.forward({ pixelValues: tf.zeros([1, 32, 32, 4]) })).toThrow(
      'ResNet: pixelValues: expected shape [?, ?, ?, 3], received [1, 32, 32, 4].',
    );
    expect(() => readResNetConfig({ depths: [3, 4, 6] })).toThrow(
      'readResNetConfig: depths: expected as many as hidden_sizes (4), received 3.',
    );
    expect(() => readResNetConfig({ hidden_act: 'gelu' })).toThrow(
      'readResNetConfig: hidden_act: expected one of relu, received "gelu".',
    );
    expect(() => readResNetConfig({ model_type: 'vit' })).toThrow(
      'readResNetConfig: model_type: expected "resnet", received "vit".',
    );
    expect(() => new ResNetForImageClassification({ ...readResNetConfig({}), rng: new ZeroRng() })).toThrow(
      'ResNetForImageClassification: id2label: expected a label or more, received undefined.',
    );
  });
});
