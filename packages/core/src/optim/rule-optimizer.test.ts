import '@tensorflow/tfjs-backend-cpu';
import { expectClose, expectNoLeak, useTestEngine } from '@crossmodal/test-utils';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  AdamW,
  CheckpointError,
  ConfigError,
  Module,
  Parameter,
  SGD,
  ShapeError,
  valueAndGrad,
} from '../index';

class Layer extends Module {
  readonly weight = new Parameter(tf.tensor2d([1, 2, 3, 4], [2, 2]));
  readonly bias = new Parameter(tf.tensor1d([1, 2]));
}

class Model extends Module {
  readonly body = new Layer();
  readonly head = new Layer();
  readonly runningMean = new Parameter(tf.tensor1d([0]), { buffer: true });
}

const KEYS = ['body.weight', 'body.bias', 'head.weight', 'head.bias'];

/** Gradients of one value everywhere. */
const gradientsOf = (value: number) =>
  new Map<string, tf.Tensor>(KEYS.map((key) => [key, tf.fill(key.endsWith('bias') ? [2] : [2, 2], value)]));

const valuesOf = (model: Module) =>
  Object.fromEntries(
    [...model.namedParameters()].map(([key, parameter]) => [key, [...parameter.value.dataSync()]]),
  );

describe('an optimizer', () => {
  let model: Model;
  beforeAll(async () => {
    await useTestEngine();
  });
  beforeEach(() => {
    model = new Model();
  });

  describe('groups', () => {
    // With gradients of 0 and learning rate 1, SGD leaves w - learningRateScale * weightDecay * w.
    const decayed = (groups: ConstructorParameters<typeof SGD>[1]) => {
      const optimizer = new SGD(model, groups);
      optimizer.step(gradientsOf(0), { learningRate: 1 });
      return valuesOf(model);
    };

    it('decays parameters of rank 2 and up only, by default', () => {
      const values = decayed({ weightDecay: 0.5 });
      expect(values['body.weight']).toEqual([0.5, 1, 1.5, 2]);
      expect(values['body.bias']).toEqual([1, 2]);
    });

    it('decays what a group says, a bias too; the first match counts', () => {
      const groups = [
        { match: 'head.bias', weightDecay: 0.5 },
        { match: 'head', weightDecay: 0.25, learningRateScale: 2 },
        { match: /weight$/, learningRateScale: 0 },
      ];
      const values = decayed({ weightDecay: 1, groups });
      expect(values['head.bias']).toEqual([0.5, 1]);
      expect(values['head.weight']).toEqual([0.5, 1, 1.5, 2]); // 2 * 0.25
      expect(values['body.weight']).toEqual([1, 2, 3, 4]); // rate 0
      expect(values['body.bias']).toEqual([1, 2]);
    });

    it('says when a group matches nothing, or has a bad number', () => {
      expect(() => new SGD(model, { groups: [{ match: 'tail' }] })).toThrow(
        new ConfigError('SGD: groups: tail: matches no parameter. At the top there are: body, head.'),
      );
      expect(() => new SGD(model, { groups: [{ match: 'head', weightDecay: -1 }] })).toThrow(
        'SGD: groups: head: weightDecay: expected a number of at least 0, received -1.',
      );
      expect(() => new SGD(model, { groups: [{ match: 'head', learningRateScale: Number.NaN }] })).toThrow(
        'SGD: groups: head: learningRateScale: expected a number of at least 0, received NaN.',
      );
    });
  });

  describe('step', () => {
    it('leaves frozen parameters and those without a gradient, and counts steps by parameter', async () => {
      model.freeze('head');
      const optimizer = new AdamW(model, { weightDecay: 0 });
      const gradients = gradientsOf(1);
      gradients.delete('body.bias');
      const before = valuesOf(model);
      optimizer.step(gradients, { learningRate: 0.1 });
      for (const key of ['body.bias', 'head.weight', 'head.bias', 'running_mean'])
        expect(valuesOf(model)[key]).toEqual(before[key]);
      expect(Object.keys(await optimizer.stateDict())).toEqual([
        'body.weight.step',
        'body.weight.m',
        'body.weight.v',
      ]);

      // A first step of Adam is one learning rate long, however late it comes.
      model.unfreeze('head');
      optimizer.step(gradientsOf(1), { learningRate: 0.1 });
      expectClose(valuesOf(model)['head.bias']!, [0.9, 1.9]);
      const state = await optimizer.stateDict();
      expect(state['body.weight.step']!.bytes[0]).toBe(2);
      expect(state['head.bias.step']!.bytes[0]).toBe(1);
    });

    it('keeps its state to two tensors a parameter, and gives them back', () => {
      const before = tf.memory().numTensors;
      const optimizer = new AdamW(model);
      expect(tf.memory().numTensors).toBe(before);
      for (let i = 0; i < 3; i++) {
        const gradients = gradientsOf(1);
        optimizer.step(gradients, { learningRate: 0.1 });
        tf.dispose([...gradients.values()]);
      }
      expect(tf.memory().numTensors).toBe(before + 2 * KEYS.length);
      optimizer.dispose();
      expect(tf.memory().numTensors).toBe(before);
    });

    it.each(['AdamW', 'SGD'])(
      '%s takes a scalar as the scale, and no step where that is not finite',
      async (name) => {
        const optimizer = name === 'SGD' ? new SGD(model, { momentum: 0.9 }) : new AdamW(model);
        const step = (gradientScale: number | tf.Scalar) =>
          optimizer.step(gradientsOf(0.7), { learningRate: 0.1, gradientScale });
        const all = async () => ({ values: valuesOf(model), state: await optimizer.stateDict() });
        const start = await all();
        step(tf.scalar(Number.NaN));
        optimizer.uncountStep();
        expect(await all()).toEqual(start);
        step(tf.scalar(0.5));
        const first = await all();
        for (const bad of [Number.NaN, Infinity]) {
          step(tf.scalar(bad));
          optimizer.uncountStep();
        }
        expect(await all()).toEqual(first);
        step(tf.scalar(0.25));

        const moved = valuesOf(model);
        model = new Model();
        const other = name === 'SGD' ? new SGD(model, { momentum: 0.9 }) : new AdamW(model);
        for (const gradientScale of [0.5, 0.25])
          other.step(gradientsOf(0.7), { learningRate: 0.1, gradientScale });
        for (const [key, values] of Object.entries(valuesOf(model))) expectClose(moved[key]!, values);
        expect(moved['head.bias']).not.toEqual(first.values['head.bias']);
        expect((await optimizer.stateDict())['head.bias.step']).toEqual(
          (await other.stateDict())['head.bias.step'],
        );
      },
    );

    it('works inside a tidy, and with the gradients of valueAndGrad', () => {
      const optimizer = new SGD(model, { momentum: 0.9 });
      const loss = () =>
        tf.sum(tf.square(tf.add(model.body.weight.value, model.body.bias.value))) as tf.Scalar;
      const losses = Array.from({ length: 30 }, () =>
        tf.tidy(() => {
          const { value, gradients } = valueAndGrad(loss, model.trainableParameters());
          optimizer.step(gradients, { learningRate: 0.05 });
          return value.dataSync()[0]!;
        }),
      );
      expect(losses[29]).toBeLessThan(0.05 * losses[0]!);
    });

    it('changes nothing when something is wrong, and says what', async () => {
      const optimizer = new AdamW(model);
      const before = valuesOf(model);
      const step = (gradients: Map<string, tf.Tensor>, options = { learningRate: 0.1 }) =>
        optimizer.step(gradients, options);
      expect(() => step(gradientsOf(1).set('tail.weight', tf.scalar(1)))).toThrow(
        new ConfigError('AdamW.step: gradients: there is no parameter tail.weight.'),
      );
      expect(() => step(gradientsOf(1).set('head.bias', tf.zeros([3])))).toThrow(
        new ShapeError('AdamW.step: gradients: head.bias: expected shape [2], received [3].'),
      );
      expect(() => step(gradientsOf(1), { learningRate: Number.NaN })).toThrow(
        'AdamW.step: learningRate: expected a number of at least 0, received NaN.',
      );
      expect(() => optimizer.step(gradientsOf(1), { learningRate: 1, gradientScale: Infinity })).toThrow(
        'AdamW.step: gradientScale: expected a number that is finite, received Infinity.',
      );
      expect(() =>
        optimizer.step(gradientsOf(1), { learningRate: 1, gradientScale: tf.ones([2]) as never }),
      ).toThrow('AdamW.step: gradientScale: expected shape [], received [2].');
      expect(valuesOf(model)).toEqual(before);
      expect(await optimizer.stateDict()).toEqual({});
    });
  });

  describe('its state dict', () => {
    const make = (target: Module) => new AdamW(target, { weightDecay: 0.1 });
    const train = (optimizer: AdamW, from: number, to: number) => {
      for (let i = from; i < to; i++) {
        const gradients = gradientsOf(Math.sin(i + 1));
        optimizer.step(gradients, { learningRate: 0.1 });
        tf.dispose([...gradients.values()]);
      }
    };

    it('goes on bit for bit', async () => {
      const whole = new Model();
      train(make(whole), 0, 10);

      const first = make(model);
      train(first, 0, 4);
      const saved = { model: await model.stateDict(), optimizer: await first.stateDict() };
      const resumed = new Model();
      resumed.loadStateDict(saved.model);
      const second = make(resumed);
      train(second, 0, 1); // replaced by what is loaded
      resumed.loadStateDict(saved.model);
      second.loadStateDict(saved.optimizer);
      train(second, 4, 10);
      expect(valuesOf(resumed)).toEqual(valuesOf(whole));
      expect(await second.stateDict()).not.toEqual(saved.optimizer);
    });

    it('starts anew where it has nothing', async () => {
      const optimizer = make(model);
      train(optimizer, 0, 3);
      optimizer.loadStateDict({});
      expect(await optimizer.stateDict()).toEqual({});
    });

    it('loads without a leak', async () => {
      const optimizer = make(model);
      train(optimizer, 0, 1);
      const state = await optimizer.stateDict();
      expectNoLeak(() => optimizer.loadStateDict(state));
    });

    it('that does not fit changes nothing, and says why', async () => {
      const optimizer = make(model);
      train(optimizer, 0, 2);
      const before = await optimizer.stateDict();
      const { 'head.bias.v': v, ...incomplete } = before;
      expect(() => optimizer.loadStateDict(incomplete)).toThrow(
        new CheckpointError('AdamW.loadStateDict: missing: head.bias.v. Was it saved by another optimizer?'),
      );
      expect(() => optimizer.loadStateDict({ ...before, 'tail.m': v! })).toThrow(
        'AdamW.loadStateDict: unexpected (1): tail.m. Was it saved by another optimizer, or for another model?',
      );
      expect(() => optimizer.loadStateDict({ ...before, 'head.bias.v': { ...v!, shape: [1, 2] } })).toThrow(
        'AdamW.loadStateDict: head.bias.v: expected shape [2], received [1, 2].',
      );
      const zero = { dtype: 'I64' as const, shape: [], bytes: new Uint8Array(8) };
      expect(() => optimizer.loadStateDict({ ...before, 'head.bias.step': zero })).toThrow(
        'AdamW.loadStateDict: head.bias.step: expected at least 1, received 0.',
      );
      const momentum = new SGD(model, { momentum: 0.9 });
      expect(() => momentum.loadStateDict(before)).toThrow(
        'SGD.loadStateDict: missing: body.weight.momentum',
      );
      expect(await optimizer.stateDict()).toEqual(before);
    });
  });
});
