import { Adam, Rng, valueAndGrad } from '@crossmodal/core';
import { expectClose, readGolden } from '@crossmodal/test-utils';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { deepCCALoss } from '../deep-cca-loss';
import { expectGoldenFusion } from '../testing/expect-golden-fusion';
import { checkFusion } from '../testing/fusion-checks';
import { DeepCCAFusion } from './deep-cca-fusion';

const golden = readGolden(new URL('../../golden/deep_cca.safetensors', import.meta.url));
const config = { modalities: { text: 5, image: 6 }, outputDim: 3, hiddenSize: 8 };

describe('DeepCCAFusion', () => {
  it('equals the mean of the views in PyTorch, and the loss of samples with both', async () => {
    const coefficients = { regularization: 0.1, correlationCoefficient: 0.5 };
    const fusion = new DeepCCAFusion({ ...config, ...coefficients, rng: new Rng(1) });
    await expectGoldenFusion('deep_cca', fusion, 'fusion.');
    const input = (name: string) => ({
      features: golden.tensor(`fusion.${name}`) as tf.Tensor3D,
      mask: golden.tensor(`fusion.${name}.mask`) as tf.Tensor2D,
    });
    const { auxiliaryLoss } = fusion.forward({ text: input('text'), image: input('image') });
    expectClose(auxiliaryLoss!, golden.tensor('fusion.auxiliary'), { absolute: 1e-5, relative: 1e-4 });
  });

  it('learns from its loss alone what the modalities have in common, which no linear map finds', async () => {
    await tf.setBackend('cpu');
    const rng = new Rng(3);
    // Both know s, one squared, among values that have nothing to do with it.
    const draw = (samples: number) => {
      const s = rng.normalArray(samples);
      const values = (f: (s: number) => number) =>
        tf.tensor2d([...s].map((x) => [f(x) + 0.1 * rng.normal(), rng.normal()]));
      return { text: values((x) => x * x - 1), image: values((x) => x) };
    };
    const [train, test] = [draw(200), draw(200)];
    const fusion = new DeepCCAFusion({
      modalities: { text: 2, image: 2 },
      outputDim: 1,
      hiddenSize: 12,
      rng: new Rng(1),
    });
    const optimizer = new Adam(fusion);
    for (let step = 0; step < 60; step++) {
      const { gradients } = valueAndGrad(
        () => fusion.forward(train).auxiliaryLoss!,
        fusion.namedParameters(),
      );
      optimizer.step(gradients, { learningRate: 0.05 });
    }
    expect(fusion.forward(test).auxiliaryLoss!.dataSync()[0]).toBeLessThan(-0.85);
    const linear = deepCCALoss(tf.slice(test.text, [0, 0], [200, 1]), tf.slice(test.image, [0, 0], [200, 1]));
    expect(linear.dataSync()[0]).toBeGreaterThan(-0.3);
  });

  it('says what it needs', () => {
    const build = (changes: object) => () => new DeepCCAFusion({ ...config, rng: new Rng(1), ...changes });
    expect(build({ modalities: { text: 5 } })).toThrow(
      'DeepCCAFusion: modalities: expected exactly two, received 1. For another number take GatedFusion.',
    );
    expect(build({ hiddenSize: 0 })).toThrow(
      'DeepCCAFusion: hiddenSize: expected a positive integer, received 0.',
    );
  });

  checkFusion((options) => new DeepCCAFusion({ ...options, hiddenSize: 8 }), { pair: true });
});
