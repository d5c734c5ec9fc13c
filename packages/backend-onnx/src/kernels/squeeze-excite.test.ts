import {
  BatchNorm2d,
  convNorm,
  DepthwiseConv2d,
  Rng,
  squeezeExcite,
  withoutFusedKernels,
} from '@crossmodal/core';
import { expectClose, expectNoLeak } from '@crossmodal/test-utils';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import '../index';

beforeAll(() => tf.setBackend('onnx'));

const rng = new Rng(1);
const random = (...shape: number[]) => tf.tensor(rng.normalArray(tf.util.sizeFromShape(shape)), shape);

describe('squeezeExcite, fused', () => {
  it.each([
    ['in blocks', 32],
    ['of channels that fill no block', 6],
  ])('%s: equals the composed form, and goes on', (_, channels) => {
    const x = random(3, 5, 4, channels) as tf.Tensor4D;
    const conv = new DepthwiseConv2d(channels, { kernelSize: 3, padding: 1, rng });
    const norm = new BatchNorm2d(channels);
    const weights = {
      reduce: random(channels, 5),
      reduceBias: random(5),
      expand: random(5, channels),
      expandBias: random(channels),
    };
    const net = () =>
      tf.tidy(() => {
        const excited = squeezeExcite(convNorm(x, conv, norm), weights);
        return tf.concat([excited, convNorm(excited, conv, norm, {}, { residual: excited })], 3);
      });
    const [fused, composed] = [net(), withoutFusedKernels(net)];
    expect(fused.shape).toEqual([3, 5, 4, 2 * channels]);
    expectClose(fused, composed, { absolute: 1e-4, relative: 1e-4 });
    expectNoLeak(() => net().dispose());
  });
});
