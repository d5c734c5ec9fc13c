import { Rng } from '@crossmodal/core';
import { expectClose } from '@crossmodal/test-utils';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { expectGoldenFusion, GOLDEN_MODALITIES } from '../testing/expect-golden-fusion';
import { checkFusion, sampleInputs } from '../testing/fusion-checks';
import { LowRankFusion } from './low-rank-fusion';
import { TensorFusion } from './tensor-fusion';

const config = { modalities: GOLDEN_MODALITIES, outputDim: 3 };

describe('LowRankFusion', () => {
  it("equals the paper's sum over ranks in PyTorch", async () => {
    await expectGoldenFusion('low_rank_fusion', new LowRankFusion({ ...config, rng: new Rng(1) }));
  });

  it('is TensorFusion with the weights that its factors make', () => {
    const lowRank = new LowRankFusion({ ...config, rank: 2, rng: new Rng(1) });
    const full = new TensorFusion({ ...config, rng: new Rng(2) });
    const weight = tf.tidy(() => {
      const [a, b, c] = Object.entries(GOLDEN_MODALITIES).map(([name, dim]) => {
        const factor = lowRank.factors.of(name);
        const rows = tf.concat([tf.expandDims(factor.bias!.value, 0), factor.weight.value]); // of [1; z]
        return tf.reshape(rows, [dim + 1, 2, 3]);
      });
      const [i, j, k] = [a, b, c].map((x) => x!.shape[0]!) as [number, number, number];
      const products = tf.mul(
        tf.mul(tf.reshape(a!, [i, 1, 1, 6]), tf.reshape(b!, [1, j, 1, 6])),
        tf.reshape(c!, [1, 1, k, 6]),
      );
      return tf.sum(tf.reshape(products, [i * j * k, 2, 3]), 1); // [6 * 7 * 8, outputDim]
    });
    full.output.weight.assign(weight);
    full.output.bias!.assign(tf.clone(lowRank.bias.value));
    const inputs = sampleInputs(); // modalities are missing too
    expectClose(lowRank.forward(inputs).fused, full.forward(inputs).fused, {
      absolute: 1e-5,
      relative: 1e-4,
    });
  });

  it('says what it needs', () => {
    expect(() => new LowRankFusion({ ...config, rank: 0, rng: new Rng(1) })).toThrow(
      'LowRankFusion: rank: expected a positive integer, received 0.',
    );
  });

  checkFusion((options) => new LowRankFusion(options));
});
