import {
  checkpointedBlock,
  Parameter,
  profile,
  Rng,
  type TransformerBlock,
  type TransformerBlockConfig,
  valueAndGrad,
} from '@crossmodal/core';
import { expectClose } from '@crossmodal/test-utils';
import * as tf from '@tensorflow/tfjs-core';
import { expect, it, vi } from 'vitest';
import { describeKernels } from '../../test/describe-kernels';
import { expectNoLeakOnGpu } from '../../test/expect-no-leak-on-gpu';
import { onCpu } from '../../test/on-cpu';
import { randomBlock, randomTensor } from '../../test/random-block';
import type { WebgpuBackend } from '../index';

describeKernels('FusedEncoderBlockForward and its gradient', () => {
  const rng = new Rng(3);
  const backend = () => tf.backend() as WebgpuBackend;
  const random = (...shape: number[]) => randomTensor(rng, shape);
  const create = (config?: Partial<TransformerBlockConfig>) => randomBlock(rng, config);

  /** A number of the block's result, and its gradients, that of `x` too. */
  function gradientsOf(block: TransformerBlock, x: Parameter, causal = false) {
    return valueAndGrad(
      () =>
        tf.tidy(() => {
          const y = block.forward(x.value, { causal }, { training: true, rng });
          const weighting = tf.tensor(
            Float32Array.from({ length: x.size }, (_, i) => Math.sin(i)),
            x.shape,
          );
          return tf.sum(tf.mul(y, weighting)) as tf.Scalar;
        }),
      new Map([...block.trainableParameters(), ['x', x]]),
    );
  }
  const dispose = ({ value, gradients }: ReturnType<typeof gradientsOf>) =>
    tf.dispose([value, ...gradients.values()]);

  /** The names of the block's kernels that ran. */
  async function kernelsOf(block: TransformerBlock): Promise<string[]> {
    const x = new Parameter(random(2, 3, 16));
    const { rows } = await profile(() => dispose(gradientsOf(block, x)), { print: () => {} });
    return rows.map(({ kernel }) => kernel).filter((kernel) => kernel.startsWith('FusedEncoderBlock'));
  }

  it.each<[string, Partial<TransformerBlockConfig>, boolean, number[]]>([
    ['gelu', {}, false, [2, 7, 16]],
    [
      'geluTanh, causal, heads of 3',
      { hiddenSize: 12, numHeads: 4, activation: 'geluTanh', epsilon: 0.1 },
      true,
      [3, 5, 12],
    ],
    ['quickGelu without biases', { activation: 'quickGelu', bias: false }, false, [2, 3, 16]],
    [
      'odd sizes, some biases',
      { hiddenSize: 15, numHeads: 3, intermediateSize: 7, qkvBias: false },
      true,
      [3, 11, 15],
    ],
    ['one position', { numHeads: 4 }, true, [1, 1, 16]],
    [
      'so many rows that products are in parts',
      { hiddenSize: 20, activation: 'quickGelu' },
      true,
      [41, 26, 20],
    ],
  ])(
    'equal the composed block: %s',
    async (_, config, causal, shape) => {
      const block = create(config);
      const x = new Parameter(random(...shape));
      const expected = await onCpu(() => {
        const { value, gradients } = gradientsOf(block, x, causal);
        return {
          value: value.dataSync(),
          gradients: new Map([...gradients].map(([key, gradient]) => [key, gradient.dataSync()])),
        };
      });
      const actual = gradientsOf(block, x, causal);
      expectClose(await actual.value.data(), expected.value, { absolute: 1e-3, relative: 1e-4 });
      expect([...actual.gradients.keys()].sort()).toEqual([...expected.gradients.keys()].sort());
      for (const [key, gradient] of actual.gradients) {
        expect(gradient.shape).toEqual(key === 'x' ? shape : block.trainableParameters().get(key)!.shape);
        // By the largest of the layer: the bias of keys has no gradient but what rounding leaves.
        const layer = [key, key.replace('bias', 'weight')].flatMap((name) =>
          Array.from(expected.gradients.get(name)!, Math.abs),
        );
        const absolute = 1e-5 * Math.max(1, ...layer);
        expectClose(await gradient.data(), expected.gradients.get(key)!, { absolute, relative: 1e-4 });
      }
    },
    120_000,
  );

  it('are used where nothing is dropped or frozen, and leave the rest to single kernels', async () => {
    expect(await kernelsOf(create())).toHaveLength(2);
    const frozen = create();
    frozen.freeze('mlp');
    for (const block of [create({ dropPath: 1e-9 }), create({ activation: 'swiglu' }), frozen])
      expect(await kernelsOf(block)).toEqual([]);
  });

  it('take 30 programs, and less than half the memory of single kernels', async () => {
    const [block, x] = [create(), new Parameter(random(3, 40, 16))];
    const attentionMask = tf.ones([3, 40]); // with it a block is single kernels
    /** Programs, and bytes at most, of the block there and back. */
    const costOf = (forward: (x: tf.Tensor) => tf.Tensor) => {
      const run = () => {
        const variables = [...block.trainableParameters().values(), x].map(
          ({ value }) => value as tf.Variable,
        );
        tf.variableGrads(() => tf.sum(forward(x.value)) as tf.Scalar, variables);
      };
      tf.tidy(run);
      const before = backend().bufferManager.numBytesUsed;
      let most = 0;
      const spies = (['runProgram', 'runWebGPUProgram'] as const).map((name) => {
        const original = backend()[name] as (...call: unknown[]) => unknown;
        return vi.spyOn(backend(), name).mockImplementation(function (
          this: WebgpuBackend,
          ...call: unknown[]
        ) {
          const result = original.apply(this, call);
          most = Math.max(most, this.bufferManager.numBytesUsed - before);
          return result as never;
        });
      });
      const createBindGroup = vi.spyOn(backend().device, 'createBindGroup');
      backend().resetCounters();
      tf.tidy(run);
      const bindGroups = createBindGroup.mock.calls.length;
      createBindGroup.mockRestore();
      for (const spy of spies) spy.mockRestore();
      return { ...backend().counters, bindGroups, most };
    };
    const nothing = costOf((x) => x);
    const fused = costOf((x) => block.forward(x));
    const single = costOf((x) => block.forward(x, { attentionMask }));
    expect(fused.dispatches - nothing.dispatches).toBe(30);
    expect(fused.copies).toBe(nothing.copies);
    expect(fused.bindGroups).toBe(nothing.bindGroups); // all are those of the step before
    expect(single.dispatches - nothing.dispatches).toBeGreaterThan(50);
    expect(fused.most).toBeLessThan(0.5 * single.most);
  });

  it('run again in the backward pass where activations are not kept', async () => {
    const [block, x] = [create(), new Parameter(random(2, 7, 16))];
    const run = (gradientCheckpointing: boolean) =>
      valueAndGrad(
        () =>
          tf.sum(
            tf.square(checkpointedBlock(block, x.value, {}, { training: true, rng, gradientCheckpointing })),
          ) as tf.Scalar,
        new Map([...block.trainableParameters(), ['x', x]]),
      ).gradients;
    const { result, rows } = await profile(() => run(true), { print: () => {} });
    const calls = rows.filter(({ kernel }) => kernel.startsWith('FusedEncoderBlock'));
    expect(calls.reduce((sum, { calls }) => sum + calls, 0)).toBe(3); // without a tape, with one, and back
    for (const [key, expected] of run(false))
      expectClose(await result.get(key)!.data(), await expected.data());
  });

  it('give nothing of nothing', () => {
    const { gradients } = gradientsOf(create(), new Parameter(tf.zeros([0, 3, 16])));
    expect(gradients.get('x')!.shape).toEqual([0, 3, 16]);
    expectClose(gradients.get('mlp.fc1.bias')!, new Float32Array(64));
  });

  it('leak nothing', () => {
    const [block, x] = [create(), new Parameter(random(2, 3, 16))];
    expectNoLeakOnGpu(() => dispose(gradientsOf(block, x)));
  });
});
