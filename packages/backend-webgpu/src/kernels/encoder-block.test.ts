import { profile, Rng, type TransformerBlockConfig } from '@crossmodal/core';
import { expectClose } from '@crossmodal/test-utils';
import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { describeKernels } from '../../test/describe-kernels';
import { expectNoLeakOnGpu } from '../../test/expect-no-leak-on-gpu';
import { onCpu } from '../../test/on-cpu';
import { randomBlock, randomTensor } from '../../test/random-block';
import type { WebgpuBackend } from '../index';

describeKernels('FusedEncoderBlock', () => {
  const rng = new Rng(3);
  const random = (...shape: number[]) => randomTensor(rng, shape);
  const create = (config?: Partial<TransformerBlockConfig>) => randomBlock(rng, config);

  it.each<[string, Partial<TransformerBlockConfig>, boolean, number[]]>([
    ['gelu', {}, false, [2, 7, 16]],
    [
      'geluTanh, causal, heads of 3',
      { hiddenSize: 12, numHeads: 4, activation: 'geluTanh', epsilon: 0.1 },
      true,
      [3, 5, 12],
    ],
    [
      'quickGelu without biases',
      { activation: 'quickGelu', bias: false, intermediateSize: 5 },
      false,
      [1, 1, 16],
    ],
    ['two positions, causal', { numHeads: 1 }, true, [2, 2, 16]],
    ['many rows, odd', { hiddenSize: 18, qkvBias: false }, true, [3, 41, 18]],
  ])(
    'equals the composed block: %s',
    async (_, config, causal, shape) => {
      const block = create(config);
      const x = random(...shape);
      const expected = await onCpu(() => block.forward(x, { causal }).dataSync());
      const { result, rows } = await profile(() => block.forward(x, { causal }), { print: () => {} });
      expect(rows.map(({ kernel, calls }) => [kernel, calls])).toEqual([['FusedEncoderBlock', 1]]);
      expectClose(await result.data(), expected, { absolute: 1e-4, relative: 1e-4 });
    },
    180_000,
  );

  it('takes 9 programs', () => {
    const backend = tf.backend() as WebgpuBackend;
    const [block, x] = [create(), tf.neg(random(2, 7, 16))];
    block.forward(x);
    backend.resetCounters();
    block.forward(x);
    expect(backend.counters).toMatchObject({ dispatches: 9, copies: 0 });
  });

  it('gives nothing of nothing', () => {
    expect(create().forward(tf.zeros([0, 3, 16])).shape).toEqual([0, 3, 16]);
  });

  it('leaks nothing', () => {
    const [block, x] = [create(), random(2, 3, 16)];
    expectNoLeakOnGpu(() => block.forward(x).dispose());
  });
});
