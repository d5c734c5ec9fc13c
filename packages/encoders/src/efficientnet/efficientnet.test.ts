import '@crossmodal/backend-onnx';
import '@tensorflow/tfjs-backend-cpu';
import { Rng, ZeroRng } from '@crossmodal/core';
import { expectClose, expectNoLeak, readGolden } from '@crossmodal/test-utils';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { expectNear, expectPasses, goldenUrl, readJson, readState } from '../../test/golden-convnet';
import { ALIGNVisionModel } from './align-vision-model';
import { EfficientNet } from './efficientnet';
import {
  type EfficientNetConfig,
  efficientNetBlocks,
  readEfficientNetConfig,
  scaledChannels,
} from './efficientnet-config';
import { EfficientNetForImageClassification } from './efficientnet-for-image-classification';
import {
  efficientNetB0,
  efficientNetB1,
  efficientNetB2,
  efficientNetB3,
  efficientNetB4,
  efficientNetB5,
  efficientNetB6,
  efficientNetB7,
} from './presets';

const golden = readGolden(goldenUrl('efficientnet.safetensors'));
const presets = [
  ...[efficientNetB0, efficientNetB1, efficientNetB2, efficientNetB3],
  ...[efficientNetB4, efficientNetB5, efficientNetB6, efficientNetB7],
];
const rng = new Rng(0);
const input = () => ({ pixelValues: golden.tensor('pixel_values') as tf.Tensor4D });

function load(changes: object = {}) {
  const config = readEfficientNetConfig({ ...readJson('tiny-efficientnet/config.json'), ...changes });
  const model = new EfficientNetForImageClassification({ ...config, rng });
  model.loadStateDict(readState('tiny-efficientnet/model.safetensors'));
  return model;
}

function loadALIGN() {
  const model = new ALIGNVisionModel({
    ...readEfficientNetConfig(readJson('tiny-align-vision/config.json')),
    rng,
  });
  model.loadStateDict(readState('tiny-align-vision/model.safetensors'));
  return model;
}

describe.each(['cpu', 'onnx'])("EfficientNet with transformers' weights, on %s", (backend) => {
  beforeAll(async () => {
    await tf.setBackend(backend);
  });

  it('computes the same features and gradients', () => {
    const model = load();
    const { featureMaps, lastHiddenState, pooledOutput } = model.efficientnet.forward(input());
    expect(featureMaps).toHaveLength(3);
    for (const [i, map] of featureMaps.entries()) {
      expect(map.shape).toEqual(golden.array(`feature_maps.${i}`).shape);
      expectNear(map, golden.tensor(`feature_maps.${i}`), 1e-4);
    }
    expectNear(lastHiddenState, golden.tensor('last_hidden_state'), 1e-4);
    expectNear(pooledOutput, golden.tensor('pooled'), 1e-4);
    const direction = golden.tensor('direction');
    expectPasses(golden, 'logits', model, (context) => model.forward(input(), context).logits, direction);
  });

  it("ALIGN's tower computes the same features and gradients", () => {
    const model = loadALIGN();
    expect(model.hiddenSize).toBe(16);
    const direction = golden.tensor('align.direction');
    expectPasses(
      golden,
      'align',
      model,
      (context) => model.forward(input(), context).pooledOutput,
      direction,
    );
  });
});

describe('EfficientNet', () => {
  beforeAll(async () => {
    await tf.setBackend('cpu');
  });

  it("writes transformers' names", async () => {
    for (const [model, folder] of [
      [load(), 'tiny-efficientnet'],
      [loadALIGN(), 'tiny-align-vision'],
    ] as const) {
      const file = readState(`${folder}/model.safetensors`);
      const written = await model.stateDict();
      expect(Object.keys(written).sort()).toEqual(Object.keys(file).sort());
      for (const [key, { bytes }] of Object.entries(file)) expect(written[key]!.bytes).toEqual(bytes);
    }
  });

  it('keeps 99 % of the running statistics, where transformers takes 99 % of the batch', () => {
    const model = load();
    for (const key of golden.names.filter((name) => name.startsWith('logits.after.'))) {
      const running = model.namedParameters().get(key.slice('logits.after.'.length))!.value;
      const before = running.dataSync().slice();
      const model2 = load();
      model2.forward(input(), { training: true });
      const after = model2.namedParameters().get(key.slice('logits.after.'.length))!.value.dataSync();
      const theirs = golden.array(key).values;
      const ofBatch = Array.from(theirs, (value, i) => (value - 0.01 * before[i]!) / 0.99);
      expectClose(
        after,
        ofBatch.map((value, i) => 0.99 * before[i]! + 0.01 * value),
      );
    }
  });

  it('leaves blocks out in training, for whole samples and as the seed says', () => {
    const model = load({ drop_connect_rate: 0.9 });
    const { pixelValues } = input();
    const run = (seed?: number) =>
      model.efficientnet.forward(
        { pixelValues },
        { training: true, ...(seed !== undefined && { rng: new Rng(seed) }) },
      ).featureMaps;
    expect(() => run()).toThrow('DropPath: needs a random generator in training.');
    expectClose(run(1)[0]!, run(1)[0]!);
    const different = tf.max(tf.abs(tf.sub(run(1)[0]!, run(2)[0]!))).dataSync()[0]!;
    expect(different).toBeGreaterThan(0.01);
  });

  it.each([0, 1, 2, 3, 4, 5, 6, 7])(
    "B%i has as many parameters as transformers' and torchvision's",
    (size) => {
      const { config, parameterCount, hubName } = presets[size]!;
      expect(hubName).toBe(`google/efficientnet-b${size}`);
      expect(parameterCount).toBe(golden.array(`parameters.b${size}`).values[0]);
      expect(expectedCount(config)).toBe(parameterCount);
    },
  );

  it('counts parameters as the test does', () => {
    const model = new EfficientNetForImageClassification({
      ...efficientNetB0.config,
      rng: new ZeroRng(),
    });
    expect(model.parameterCount().total).toBe(5_288_548);
    model.dispose();
  });

  it('leaks nothing', () => {
    const model = load();
    const { pixelValues } = input();
    expectNoLeak(() => tf.dispose({ ...model.forward({ pixelValues }) }));
    expectNoLeak(() => tf.dispose({ ...model.forward({ pixelValues }, { training: true }) }));
  });

  it('says what is wrong', () => {
    expect(() => load().forward({ pixelValues: tf.zeros([1, 32, 32, 1]) })).toThrow(
      'EfficientNet: pixelValues: expected shape [?, ?, ?, 3], received [1, 32, 32, 1].',
    );
    expect(() => readEfficientNetConfig({ strides: [1, 2] })).toThrow(
      'readEfficientNetConfig: strides: expected as many as kernel_sizes (7), received 2.',
    );
    expect(() => readEfficientNetConfig({ pooling_type: 'max' })).toThrow(
      'readEfficientNetConfig: pooling_type: expected one of mean, received "max".',
    );
    expect(() => new EfficientNet({ ...efficientNetB0.config, hiddenDim: 1000, rng })).toThrow(
      'EfficientNet: hiddenDim: expected 1280, 1280 scaled by the width coefficient, received 1000.',
    );
    const { id2label: _, ...config } = efficientNetB0.config;
    expect(() => new EfficientNetForImageClassification({ ...config, rng })).toThrow(
      'EfficientNetForImageClassification: id2label: expected a label or more, received undefined.',
    );
  });
});

/** Without memory for them: the largest has 66 million. */
function expectedCount(config: EfficientNetConfig): number {
  const norm = (channels: number) => 2 * channels;
  const stem = scaledChannels(32, config);
  let count = 27 * stem + norm(stem);
  for (const block of efficientNetBlocks(config)) {
    const { inChannels, expandedChannels: wide, squeezedChannels: squeezed, outChannels, kernelSize } = block;
    if (wide !== inChannels) count += inChannels * wide + norm(wide);
    count += kernelSize ** 2 * wide + norm(wide);
    count += (wide + 1) * squeezed + (squeezed + 1) * wide;
    count += wide * outChannels + norm(outChannels);
  }
  const last = scaledChannels(config.outChannels.at(-1)!, config);
  const { hiddenDim, id2label = {} } = config;
  return count + last * hiddenDim + norm(hiddenDim) + (hiddenDim + 1) * Object.keys(id2label).length;
}
