import '@crossmodal/backend-onnx';
import '@tensorflow/tfjs-backend-cpu';
import { readFileSync } from 'node:fs';
import { parseSafetensors, Rng, type StateDict, valueAndGrad } from '@crossmodal/core';
import { filesInMemory } from '@crossmodal/hub';
import { expectClose, expectNoLeak, readGolden } from '@crossmodal/test-utils';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { DVAE } from './dvae';
import { readDVAEConfig } from './dvae-config';
import { DVAEEncoder } from './dvae-encoder';
import { logitLaplaceLoss } from './logit-laplace-loss';
import { mapPixels, unmapPixels } from './map-pixels';

const url = (name: string) => new URL(`../../golden/${name}`, import.meta.url);
const golden = readGolden(url('dvae.safetensors'));
const bytes = (name: string) => new Uint8Array(readFileSync(url(`tiny-dvae/${name}`)));
const state = (name: string): StateDict => parseSafetensors(bytes(name)).tensors;
const json = JSON.parse(new TextDecoder().decode(bytes('config.json')));
const config = { ...readDVAEConfig(json), initSize: 6 };
const pixelValues = () => golden.tensor('pixel_values') as tf.Tensor4D;

function load(): DVAE {
  const dvae = new DVAE({ ...config, rng: new Rng(0) });
  dvae.encoder.loadStateDict(state('encoder.safetensors'));
  dvae.decoder.loadStateDict(state('decoder.safetensors'));
  return dvae;
}

describe.each(['cpu', 'onnx'])('DVAE with published weights, on %s', (backend) => {
  let dvae: DVAE;
  beforeAll(async () => {
    await tf.setBackend(backend);
    dvae = load();
  });

  it('computes the same codes and pictures', () => {
    expectClose(dvae.encoder.forward(mapPixels(pixelValues())), golden.tensor('logits'), { absolute: 1e-4 });
    const codes = dvae.encode(pixelValues());
    expect(codes.dtype).toBe('int32');
    expect(codes.arraySync()).toEqual(golden.tensor('indices').arraySync());
    const given = golden.tensor('codes') as tf.Tensor3D;
    expectClose(dvae.decoder.fromIndices(given), golden.tensor('stats'), { absolute: 1e-5 });
    expectClose(dvae.decode(given), golden.tensor('reconstruction'), { absolute: 1e-5 });
  });

  it('decodes weighted codes as it does chosen ones', () => {
    const given = golden.tensor('codes') as tf.Tensor3D;
    const oneHot = tf.oneHot(given, dvae.codebookSize, 1, 0, 'float32') as tf.Tensor4D;
    expectClose(dvae.decoder.forward(oneHot), golden.tensor('stats'), { absolute: 1e-5 });
  });

  it('computes the same loss and gradients', () => {
    expectClose(logitLaplaceLoss(golden.tensor('stats'), pixelValues()), golden.tensor('loss'));
    const { stats, klDivergence } = dvae.forward({ pixelValues: pixelValues(), temperature: 0.7 });
    expectClose(stats, golden.tensor('soft_stats'), { absolute: 1e-4 });
    expectClose(klDivergence, golden.tensor('kl'), { relative: 1e-4 });

    const { value, gradients } = valueAndGrad(() => {
      const { stats, klDivergence } = dvae.forward({ pixelValues: pixelValues(), temperature: 0.7 });
      return tf.add(logitLaplaceLoss(stats, pixelValues()), tf.mul(klDivergence, 6.6 / 192));
    }, dvae.namedParameters());
    expectClose(value, golden.tensor('total'), { relative: 1e-4 });
    expect(gradients.size).toBe(dvae.trainableParameters().size);
    const names = golden.names.filter((name) => name.startsWith('grad.'));
    expect(names).toHaveLength(8);
    for (const name of names) {
      const expected = golden.tensor(name);
      const gradient = gradients.get(name.slice('grad.'.length))!;
      const actual = gradient.rank === 4 ? tf.transpose(gradient, [3, 2, 0, 1]) : gradient;
      expect(actual.shape).toEqual(expected.shape);
      const largest = tf.max(tf.abs(expected)).dataSync()[0]!;
      expectClose(actual, expected, { absolute: 1e-3 * largest, relative: 1e-3 });
    }
  });

  it('leaks nothing', () => {
    const [x, codes] = [pixelValues(), golden.tensor('codes') as tf.Tensor3D];
    const rng = new Rng(1);
    expectNoLeak(() => {
      dvae.encode(x).dispose();
      dvae.decode(codes).dispose();
      const output = dvae.forward({ pixelValues: x }, { training: true, rng });
      logitLaplaceLoss(output.stats, x).dispose();
      tf.dispose({ ...output });
    });
  });
});

describe('DVAE', () => {
  beforeAll(async () => {
    await tf.setBackend('cpu');
  });

  it("reads and writes transformers' folder of FLAVA's codebook", async () => {
    const files = filesInMemory({
      'config.json': bytes('config.json'),
      'model.safetensors': bytes('model.safetensors'),
    });
    const encoder = await DVAEEncoder.fromPretrained(files);
    expectClose(encoder.forward(golden.tensor('mapped') as tf.Tensor4D), golden.tensor('logits'), {
      absolute: 1e-4,
    });
    expect(await encoder.stateDict()).toEqual(state('model.safetensors'));
    const written = JSON.parse((await encoder.toFiles())['config.json'] as string);
    expect(json).toMatchObject({ ...written, architectures: ['FlavaImageCodebook'] });
    expect(readDVAEConfig(written)).toEqual(readDVAEConfig(json));
  });

  it("writes the decoder with OpenAI's names", async () => {
    expect(await load().decoder.stateDict()).toEqual(state('decoder.safetensors'));
  });

  it('has the published size', () => {
    expect(readDVAEConfig({})).toEqual({
      inputChannels: 3,
      hiddenSize: 256,
      numBlocksPerGroup: 2,
      vocabSize: 8192,
    });
  });

  it('draws relaxed codes in training, the same from the same seed', () => {
    const dvae = load();
    const stats = (seed: number) =>
      dvae.forward({ pixelValues: pixelValues() }, { training: true, rng: new Rng(seed) }).stats.dataSync();
    expect(stats(1)).toEqual(stats(1));
    expect(stats(1)).not.toEqual(stats(2));
  });

  it('turns pixels there and back', () => {
    const pixels = tf.tensor1d([0, 0.25, 1]);
    expectClose(mapPixels(pixels), [0.1, 0.3, 0.9]);
    expectClose(unmapPixels(mapPixels(pixels)), [0, 0.25, 1]);
    expectClose(unmapPixels(tf.tensor1d([0, 1])), [0, 1]);
  });

  it('computes the density in closed form', () => {
    // x = 0.5 after mapping, logit 0: ln(2 b) + ln(1 / 4) + |mu| / b
    const loss = logitLaplaceLoss(tf.tensor2d([[3, Math.log(2)]]), tf.tensor2d([[0.5]]));
    expectClose(loss, Math.log(4) - Math.log(4) + 1.5);
  });

  it('says what is wrong', () => {
    const dvae = load();
    expect(() => dvae.encode(tf.zeros([1, 12, 16, 3]))).toThrow(
      'DVAEEncoder: pixelValues: expected sides that are multiples of 8, received 12 x 16.',
    );
    expect(() => dvae.encode(tf.zeros([1, 16, 16, 1]))).toThrow(
      'DVAEEncoder: pixelValues: expected shape [?, ?, ?, 3], received [1, 16, 16, 1].',
    );
    expect(() => dvae.decode(tf.fill([1, 2, 2], 11, 'int32'))).toThrow('expected integers in [0, 11)');
    expect(() => dvae.forward({ pixelValues: pixelValues(), temperature: 0 })).toThrow(
      'DVAE: temperature: expected a number above 0, received 0.',
    );
    expect(() => dvae.forward({ pixelValues: pixelValues() }, { training: true })).toThrow(
      'DVAE: needs a random generator in training.',
    );
    expect(() => logitLaplaceLoss(tf.zeros([2, 3]), tf.zeros([2, 3]))).toThrow(
      'logitLaplaceLoss: stats: expected shape [2, 6], received [2, 3].',
    );
    expect(() => new DVAE({ ...config, hiddenSize: 6, rng: new Rng(0) })).toThrow(
      'DVAEEncoder: hiddenSize: expected a multiple of 4, received 6.',
    );
    expect(() => readDVAEConfig({ num_groups: 3 })).toThrow(
      'readDVAEConfig: num_groups: expected 4, received 3.',
    );
    expect(() => readDVAEConfig({ model_type: 'vit' })).toThrow('expected "flava_image_codebook"');
  });
});
