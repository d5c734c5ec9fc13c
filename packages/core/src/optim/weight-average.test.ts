import '@tensorflow/tfjs-backend-cpu';
import { expectClose, expectNoLeak, useTestEngine } from '@crossmodal/test-utils';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { CheckpointError, ConfigError, Module, Parameter, WeightAverage } from '../index';

class Model extends Module {
  readonly weight = new Parameter(tf.tensor2d([1, 2, 3, 4, 5, 6], [2, 3]), { layout: 'linear' });
  readonly frozen = new Parameter(tf.tensor1d([7]));
  readonly runningMean = new Parameter(tf.tensor1d([8]), { buffer: true });
}

describe('WeightAverage', () => {
  let model: Model;
  const setAll = (value: number) => {
    for (const parameter of model.namedParameters().values())
      parameter.assign(tf.fill(parameter.shape, value));
  };
  const first = () => model.weight.value.dataSync()[0]!;
  beforeAll(async () => {
    await useTestEngine();
  });
  beforeEach(() => {
    model = new Model();
    model.freeze('frozen');
  });

  it('copies first, then averages: 1, 0.75 + 0.25 * 5, ...', async () => {
    const average = new WeightAverage(model, { decay: 0.75 });
    const seen: number[] = [];
    for (const value of [1, 5, 9]) {
      setAll(value);
      average.update();
      seen.push(await average.withAveraged(first));
    }
    expectClose(seen, [1, 2, 3.75]);
    expect(first()).toBe(9);
  });

  it('with warm-up, update n decays by (1 + n) / (10 + n) until that is more', async () => {
    const average = new WeightAverage(model, { decay: 0.25, warmup: true });
    let expected = 0;
    for (let n = 0; n < 6; n++) {
      setAll(n * n);
      average.update();
      const decay = Math.min(0.25, (1 + n) / (10 + n));
      expected = n === 0 ? 0 : decay * expected + (1 - decay) * n * n;
    }
    expectClose([await average.withAveraged(first)], [expected]);
  });

  it('leaves frozen parameters and buffers the model’s own', async () => {
    const average = new WeightAverage(model, { decay: 0.5 });
    setAll(1);
    average.update();
    setAll(3);
    await average.withAveraged(() => {
      expect(first()).toBe(1);
      expect(model.frozen.value.dataSync()[0]).toBe(3);
      expect(model.runningMean.value.dataSync()[0]).toBe(3);
    });
  });

  it('puts the weights back when the function fails, and is not to be used meanwhile', async () => {
    const average = new WeightAverage(model);
    average.update();
    setAll(3);
    await expect(
      average.withAveraged(async () => {
        await average.withAveraged(() => {});
      }),
    ).rejects.toThrow(
      new ConfigError(
        'WeightAverage.withAveraged: the averaged weights are in the model; wait until withAveraged is done.',
      ),
    );
    expect(first()).toBe(3);
    await average.withAveraged(() => {
      expect(() => average.update()).toThrow('WeightAverage.update: the averaged weights are in the model');
    });
  });

  it('keeps one tensor for each trained parameter, and leaks nothing', async () => {
    const before = tf.memory().numTensors;
    const average = new WeightAverage(model);
    expect(tf.memory().numTensors).toBe(before);
    for (let i = 0; i < 3; i++) average.update();
    expect(tf.memory().numTensors).toBe(before + 1);
    const kept = tf.memory().numTensors;
    await average.withAveraged(() => {});
    expect(tf.memory().numTensors).toBe(kept);
  });

  it('goes on from its state dict bit for bit, in file layout', async () => {
    const average = new WeightAverage(model, { decay: 0.7, warmup: true });
    average.update();
    const state = await average.stateDict();
    expect(Object.keys(state)).toEqual(['num_updates', 'weight']);
    expect(state['weight']!.shape).toEqual([3, 2]);
    expect([...new Float32Array(state['weight']!.bytes.buffer as ArrayBuffer)]).toEqual([1, 4, 2, 5, 3, 6]);

    const resumed = new WeightAverage(model, { decay: 0.7, warmup: true });
    resumed.loadStateDict(state);
    for (const one of [average, resumed]) {
      setAll(2);
      one.update();
    }
    expect(await resumed.stateDict()).toEqual(await average.stateDict());
    expectNoLeak(() => resumed.loadStateDict(state));
  });

  it('refuses a state dict that does not fit, and options out of range', async () => {
    const average = new WeightAverage(model);
    average.update();
    const state = await average.stateDict();
    const load = (change: object) => () => average.loadStateDict({ ...state, ...change });
    const weight = state['weight']!;
    expect(() => average.loadStateDict({})).toThrow(
      new CheckpointError('WeightAverage.loadStateDict: missing: num_updates.'),
    );
    expect(load({ running_mean: weight })).toThrow('WeightAverage.loadStateDict: unexpected: running_mean.');
    expect(load({ weight: { ...weight, shape: [2, 3] } })).toThrow(
      'WeightAverage.loadStateDict: weight: expected shape [3, 2], received [2, 3].',
    );
    expect(load({ weight: { ...weight, dtype: 'I32' } })).toThrow(
      'WeightAverage.loadStateDict: weight: expected F32, received I32.',
    );
    expect(await average.stateDict()).toEqual(state);
    expect(() => new WeightAverage(model, { decay: 1 })).toThrow(
      'WeightAverage: decay: expected a number in [0, 1), received 1.',
    );
  });
});
