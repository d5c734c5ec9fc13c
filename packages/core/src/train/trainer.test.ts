import '@tensorflow/tfjs-backend-cpu';
import { expectClose, useTestEngine } from '@crossmodal/test-utils';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  AdamW,
  type CheckpointStore,
  ConfigError,
  constantSchedule,
  DataLoader,
  type Dataset,
  type GradientFunction,
  isCrossmodalError,
  type LossFunction,
  MemoryCheckpointStore,
  Module,
  Parameter,
  Rng,
  SGD,
  Trainer,
  type TrainerOptions,
  TrainingError,
  type TrainingEvent,
  valueAndGrad,
  WeightAverage,
} from '../index';

interface Batch {
  x: tf.Tensor2D;
  y: tf.Tensor2D;
}

/** y = x w + b, with a buffer that counts like a running mean, and dropout. */
class Line extends Module {
  readonly weight: Parameter;
  readonly bias: Parameter;
  readonly runningMean: Parameter;

  constructor() {
    super();
    this.weight = new Parameter(tf.zeros([3, 1]), { layout: 'linear' });
    this.bias = new Parameter(tf.zeros([1]));
    this.runningMean = new Parameter(tf.zeros([3]), { buffer: true });
  }

  forward(x: tf.Tensor2D, rng?: Rng): tf.Tensor2D {
    if (rng)
      this.runningMean.assign(tf.tidy(() => tf.add(this.runningMean.value, tf.mul(tf.mean(x, 0), 0.1))));
    return tf.tidy(() => {
      const mask = rng ? tf.tensor2d(rng.uniformArray(x.size, 0.5, 1.5), x.shape) : tf.ones(x.shape);
      return tf.add(
        tf.matMul(tf.mul(x, mask), this.weight.value as tf.Tensor2D),
        this.bias.value,
      ) as tf.Tensor2D;
    });
  }
}

const points: Dataset<{ x: number[]; y: number }> = {
  length: 23,
  get(index) {
    const x = [...new Rng(index).normalArray(3)];
    return { x, y: 2 * x[0]! - x[1]! + 0.5 };
  },
};

const collate = (samples: { x: number[]; y: number }[]): Batch => ({
  x: tf.tensor2d(samples.map(({ x }) => x)),
  y: tf.tensor2d(samples.map(({ y }) => [y])),
});

const squaredError: LossFunction<Line, Batch> = (model, { x, y }, { rng }) => ({
  loss: tf.mean(tf.square(tf.sub(model.forward(x, rng), y))),
});

function setUp(overrides: Partial<TrainerOptions<Line, Batch>> & { batchSize?: number } = {}) {
  const model = overrides.model ?? new Line();
  const events: TrainingEvent[] = [];
  const { batchSize = 4, ...options } = overrides;
  const trainer = new Trainer<Line, Batch>({
    model,
    optimizer: new AdamW(model),
    schedule: constantSchedule(0.05),
    data: new DataLoader(points, { batchSize, shuffle: true, rng: new Rng(1), collate }),
    loss: squaredError,
    rng: new Rng(2),
    loggers: [(event) => void events.push(event)],
    ...options,
  });
  const types = () => events.map(({ type }) => type);
  const weights = async () =>
    JSON.stringify([await model.stateDict()], (_, v) => (ArrayBuffer.isView(v) ? String(v) : v));
  return { model, trainer, events, types, weights };
}

describe('Trainer', () => {
  beforeAll(async () => {
    await useTestEngine();
  });

  it('learns, and a control that is given the wrong labels does not', async () => {
    const noDropout: LossFunction<Line, Batch> = (model, { x, y }) => ({
      loss: tf.mean(tf.square(tf.sub(model.forward(x), y))),
      metrics: { size: x.shape[0], largest: tf.max(tf.abs(y)) },
    });
    const { trainer, model } = setUp({ loss: noDropout });
    const { last, reason, step } = await trainer.fit({ steps: 500 });
    expect({ reason, step }).toEqual({ reason: 'finished', step: 500 });
    expect(last!.loss).toBeLessThan(1e-4);
    expect(last!.metrics['size']).toBeLessThanOrEqual(4);
    expectClose(model.weight.value, [2, -1, 0], { absolute: 0.01 });
    const control = setUp({
      loss: (m, batch, c) => noDropout(m, { x: batch.x, y: tf.neg(tf.abs(batch.y)) }, c),
    });
    expect((await control.trainer.fit({ steps: 500 })).last!.loss).toBeGreaterThan(1e-2);
  });

  it('takes gradients that come with the loss, at once or later, and is bit for bit what it is with the loss alone', async () => {
    const metrics = ({ x, y }: Batch) => ({ size: x.shape[0], largest: tf.tidy(() => tf.max(tf.abs(y))) });
    const weight = ({ x }: Batch) => x.shape[0];
    const alone: LossFunction<Line, Batch> = (model, batch, context) => ({
      ...squaredError(model, batch, context),
      weight: weight(batch),
      metrics: metrics(batch),
    });
    const valueAndGradient: GradientFunction<Line, Batch>['valueAndGrad'] = (model, batch, context) => ({
      ...valueAndGrad(() => squaredError(model, batch, context).loss as tf.Scalar, model.namedParameters()),
      weight: weight(batch),
      metrics: metrics(batch),
    });
    const options = { accumulate: 2, clipNorm: 1 };
    const { trainer, weights } = setUp({ loss: alone, ...options });
    const { seconds: _, ...expected } = (await trainer.fit({ steps: 9 })).last!;
    const late: typeof valueAndGradient = async (...given) => {
      await new Promise((resolve) => setTimeout(resolve));
      return valueAndGradient(...given);
    };
    for (const valueAndGrad of [valueAndGradient, late]) {
      const both = setUp({ loss: { valueAndGrad }, ...options });
      expect((await both.trainer.fit({ steps: 9 })).last).toMatchObject(expected);
      expect(await both.weights()).toBe(await weights());
      const before = tf.memory().numTensors;
      await both.trainer.fit({ steps: 20 });
      expect(tf.memory().numTensors).toBe(before);
    }
  });

  it('leaks nothing over steps', async () => {
    const { trainer } = setUp({ accumulate: 2, clipNorm: 1 });
    await trainer.fit({ steps: 10 });
    const before = tf.memory().numTensors;
    await trainer.fit({ steps: 30 });
    expect(tf.memory().numTensors).toBe(before);
  });

  it('accumulates the exact mean, also over micro-batches of unequal size', async () => {
    const plain: LossFunction<Line, Batch> = (model, { x, y }) => ({
      loss: tf.mean(tf.square(tf.sub(model.forward(x), y))),
      metrics: { mean: tf.mean(y) },
      weight: x.shape[0],
    });
    const fit = async (batchSize: number, accumulate: number, loss = plain) => {
      const model = new Line();
      const optimizer = new SGD(model);
      const { trainer } = setUp({ model, optimizer, batchSize, accumulate, loss, clipNorm: 0.5 });
      const { last, step } = await trainer.fit({ epochs: 3 });
      return {
        step,
        values: [...model.weight.value.dataSync(), last!.loss, last!.gradientNorm, last!.metrics['mean']!],
      };
    };
    const whole = await fit(23, 1);
    const parts = await fit(5, 99); // 5, 5, 5, 5, 3
    expect(parts.step).toBe(3);
    expectClose(parts.values, whole.values, { absolute: 1e-6, relative: 1e-5 });
    const unweighted = await fit(23, 1, (...args) => ({ ...plain(...args), weight: 1 }));
    expectClose(whole.values, unweighted.values, { absolute: 1e-6, relative: 1e-5 });
    const two = await fit(5, 2); // steps of 10, 10 and 3
    expect(two.step).toBe(9);
  });

  it('clips by the global norm', async () => {
    const { trainer, model } = setUp({ clipNorm: 0.01 });
    const sgd = setUp({ model, optimizer: new SGD(model), clipNorm: 0.01, schedule: constantSchedule(1) });
    const { last } = await sgd.trainer.fit({ steps: 1 });
    expect(last!.gradientNorm).toBeGreaterThan(1);
    const moved = Math.hypot(...model.weight.value.dataSync(), ...model.bias.value.dataSync());
    expect(moved).toBeCloseTo(0.01, 5);
    expect(trainer.step).toBe(0);
  });

  it('asks the schedule for step 0 first, and runs afterStep after the update', async () => {
    const rates: number[] = [];
    const seen: number[] = [];
    const { trainer, model } = setUp({
      schedule: (step) => (step + 1) / 1000,
      loggers: [(event) => void (event.type === 'step' && rates.push(event.result.learningRate))],
      afterStep: (m) => {
        seen.push(m.bias.value.dataSync()[0]!);
        m.bias.assign(tf.clipByValue(m.bias.value, -1e-4, 1e-4));
      },
    });
    await trainer.fit({ steps: 3 });
    expect(rates).toEqual([0.001, 0.002, 0.003]);
    expect(Math.abs(seen[2]!)).toBeGreaterThan(1e-4);
    expect(Math.abs(model.bias.value.dataSync()[0]!)).toBeLessThanOrEqual(1.0001e-4);
  });

  it('leaves what is frozen as it is', async () => {
    const { trainer, model } = setUp();
    model.freeze('weight');
    await trainer.fit({ steps: 5 });
    expectClose(model.weight.value, [0, 0, 0]);
    expect(model.bias.value.dataSync()[0]).not.toBe(0);
    model.freeze();
    await expect(trainer.fit({ steps: 6 })).rejects.toThrow('the model has no trainable parameter');
  });

  it('counts epochs, and tells the events in order', async () => {
    const { trainer, types, events } = setUp({
      evaluate: { every: 4, run: async (model) => ({ bias: model.bias.value.dataSync()[0]! }) },
    });
    const { step, metrics } = await trainer.fit({ epochs: 1 });
    expect(step).toBe(6);
    expect(types()).toEqual(['start', ...Array(4).fill('step'), 'evaluation', 'step', 'step', 'end']);
    expect(events[0]).toEqual({ type: 'start', step: 0, totalSteps: 6 });
    expect(events[5]).toEqual({ type: 'evaluation', step: 4, metrics });
    const items = events.flatMap((event) => (event.type === 'step' ? [event.result.items] : []));
    expect(items).toEqual([4, 4, 4, 4, 4, 3]);
    expect(await trainer.fit({ epochs: 1 })).toMatchObject({ step: 6, reason: 'finished' });
  });

  it('evaluates the averaged weights', async () => {
    const model = new Line();
    let evaluated: number[] = [];
    const average = new WeightAverage(model, { decay: 0.9 });
    const run = async () => {
      evaluated = [...model.weight.value.dataSync()];
      return {};
    };
    await setUp({ model, average, evaluate: { every: 10, run } }).trainer.fit({ steps: 10 });
    expect(evaluated).not.toEqual([...model.weight.value.dataSync()]);
  });

  describe('with losses that are not finite', () => {
    const poison = (bad: (call: number) => boolean, value = Number.NaN): LossFunction<Line, Batch> => {
      let call = 0;
      return (model, batch, context) => {
        const { loss } = squaredError(model, batch, context);
        const x = bad(call++) ? model.forward(tf.mul(batch.x, value), context.rng) : undefined;
        return { loss: x ? tf.add(loss, tf.mean(x)) : loss };
      };
    };

    it('skips the step and names the parameter; weights and buffers never take it', async () => {
      const { trainer, events, model } = setUp({ loss: poison((call) => call % 3 === 1) });
      await trainer.fit({ steps: 9 });
      const skips = events.filter(({ type }) => type === 'skip');
      expect(skips.map(({ step }) => step)).toEqual([2, 5, 8]);
      expect(skips[0]).toMatchObject({
        inARow: 1,
        reason: 'the loss is NaN; the gradient is not finite for 1 of 2 parameters: weight.',
      });
      for (const parameter of model.namedParameters().values()) {
        expect(parameter.value.dataSync().every(Number.isFinite)).toBe(true);
      }
    });

    it('equals a run that never saw the bad batch, in weights and optimizer', async () => {
      const { trainer, model } = setUp({ loss: poison((call) => call === 5) });
      await trainer.fit({ steps: 6 });
      const good = setUp();
      await good.trainer.fit({ steps: 5 });
      expect(await model.stateDict()).toEqual(await good.model.stateDict());
    });

    it('skips the step when only the gradient is not finite', async () => {
      const root: LossFunction<Line, Batch> = (model, { x, y }) => ({
        // The square root of 0 has an infinite slope.
        loss: tf.add(
          tf.mean(tf.square(tf.sub(model.forward(x), y))),
          tf.sqrt(tf.sum(tf.mul(model.bias.value, 0))),
        ),
      });
      const { trainer, events } = setUp({ loss: root });
      await trainer.fit({ steps: 2 });
      expect(events[1]).toMatchObject({
        type: 'skip',
        reason: expect.stringMatching(
          /^the loss is [\d.]+; the gradient is not finite for 1 of 2 parameters: bias\.$/,
        ),
      });
    });

    it('stops after three in a row, and counts anew after a good step', async () => {
      const two = setUp({ loss: poison((call) => call % 3 !== 0, Infinity) });
      await two.trainer.fit({ steps: 9 });
      const { trainer, weights, types } = setUp({ loss: poison((call) => call >= 4) });
      const fit = trainer.fit({ steps: 100 });
      await expect(fit).rejects.toThrow(TrainingError);
      await expect(fit).rejects.toThrow(
        /stopped at step 7, the 3rd in a row that was not finite: .* parameters: weight/,
      );
      const good = setUp();
      await good.trainer.fit({ steps: 4 });
      expect(await weights()).toBe(await good.weights());
      expect(types().slice(-4)).toEqual(['skip', 'skip', 'skip', 'end']);
    });
  });

  describe('checkpoints', () => {
    let store: MemoryCheckpointStore;
    beforeEach(() => {
      store = new MemoryCheckpointStore();
    });

    const make = (at: CheckpointStore, accumulate = 2) => {
      const model = new Line();
      const average = new WeightAverage(model, { decay: 0.9 });
      return { ...setUp({ model, average, accumulate, checkpoints: { store: at, everySteps: 7 } }), average };
    };

    it.each([1, 2, 4])('a resumed run equals one that never stopped (accumulate %d)', async (accumulate) => {
      const whole = make(new MemoryCheckpointStore(), accumulate);
      await whole.trainer.fit({ steps: 20 });
      for (const steps of [1, 2, 6, 9, 20]) {
        const part = make(store, accumulate);
        await part.trainer.resume();
        await part.trainer.fit({ steps });
      }
      const end = make(store, accumulate);
      expect(await end.trainer.resume()).toBe(20);
      expect(await end.model.stateDict()).toEqual(await whole.model.stateDict());
      expect(await end.average.stateDict()).toEqual(await whole.average.stateDict());
    });

    it('goes on with the randomness of the checkpoint, not with that of the seeds', async () => {
      const whole = setUp();
      await whole.trainer.fit({ steps: 9 });
      await setUp({ checkpoints: { store } }).trainer.fit({ steps: 4 });
      const data = new DataLoader(points, { batchSize: 4, shuffle: true, rng: new Rng(77), collate });
      const other = setUp({ checkpoints: { store }, data, rng: new Rng(78) });
      await other.trainer.resume();
      await other.trainer.fit({ steps: 9 });
      expect(await other.weights()).toBe(await whole.weights());
    });

    it('an aborted run finishes its step, saves, and goes on', async () => {
      const controller = new AbortController();
      const { trainer, types } = make(store);
      setTimeout(() => controller.abort(), 50); // a timer has its turn although everything is synchronous
      const { reason, step } = await trainer.fit({ steps: 1_000_000, signal: controller.signal });
      expect(reason).toBe('aborted');
      expect(types().slice(-2)).toEqual(['checkpoint', 'end']);
      const whole = setUp();
      expect(await store.list()).toContain(step);
      const again = make(store);
      expect(await again.trainer.resume()).toBe(step);
      expect((await again.trainer.fit({ steps: step + 1, signal: controller.signal })).step).toBe(step);
      expect(whole.trainer.step).toBe(0);
    });

    it('keeps the last ones and the best', async () => {
      const scores = [1, 5, 3, 5, 2, 4];
      const { trainer } = setUp({
        checkpoints: { store, everySteps: 2, keepLast: 2, best: { metric: 'score', mode: 'max' } },
        evaluate: { every: 2, run: async () => ({ score: scores.shift()! }) },
      });
      await trainer.fit({ steps: 12 });
      expect(await store.list()).toEqual([4, 10, 12]);
      expect((await store.load(12)).trainer.best).toEqual({ step: 4, value: 5 });
    });

    it('saves a new best even when none is due, and says when the metric is unknown', async () => {
      const run = async () => ({ loss: 1 });
      const best = { metric: 'loss', mode: 'min' } as const;
      const { trainer, types } = setUp({ checkpoints: { store, best }, evaluate: { every: 2, run } });
      await trainer.fit({ steps: 3 });
      expect(types().filter((type) => type === 'checkpoint')).toHaveLength(2); // at step 2 and the end
      const wrong = setUp({
        checkpoints: { store: new MemoryCheckpointStore(), best: { ...best, metric: 'recall' } },
        evaluate: { every: 2, run },
      });
      await expect(wrong.trainer.fit({ steps: 3 })).rejects.toThrow(
        'Trainer: checkpoints.best: the evaluation gives no recall; there are: loss.',
      );
    });

    it.each([
      [1e-9, [1, 2, 3]],
      [1e9, [3]],
    ])('saves every %d minutes, and at the end', async (everyMinutes, saved) => {
      await setUp({ checkpoints: { store, everyMinutes, keepLast: 9 } }).trainer.fit({ steps: 3 });
      expect(await store.list()).toEqual(saved);
    });

    it('refuses to mix two runs, and a checkpoint of another kind of trainer', async () => {
      await make(store).trainer.fit({ steps: 2 });
      const mixed = make(store).trainer.fit({ steps: 1 });
      await expect(mixed).rejects.toThrow(
        'the store has checkpoints of another run, up to step 2. Call await trainer.resume()',
      );
      const other = setUp({ checkpoints: { store } }).trainer;
      await expect(other.resume()).rejects.toThrow(
        'Trainer.resume: the checkpoint holds model, optimizer, average; this trainer needs model, optimizer.',
      );
    });

    it('passes over a damaged checkpoint with a warning, and warns of another config', async () => {
      await make(store).trainer.fit({ steps: 8 }); // saves 7 and 8
      const damaged: CheckpointStore = {
        save: (checkpoint) => store.save(checkpoint),
        list: () => store.list(),
        remove: (step) => store.remove(step),
        load: async (step) => {
          if (step === 8) throw new ConfigError('optimizer.safetensors: the checksum differs.');
          return store.load(step);
        },
      };
      const model = new Line();
      const average = new WeightAverage(model, { decay: 0.9 });
      const { trainer, events } = setUp({
        model,
        average,
        checkpoints: { store: damaged },
        config: { width: 3 },
      });
      expect(await trainer.resume()).toBe(7);
      expect(events.flatMap((event) => (event.type === 'warning' ? [event.message] : []))).toEqual([
        'The checkpoint of step 8 is passed over: optimizer.safetensors: the checksum differs.',
        'The config of the checkpoint differs from that of this run.',
      ]);
    });
  });

  it('goes on without a logger that throws', async () => {
    const seen: TrainingEvent[] = [];
    const bad = () => {
      throw new Error('disk full');
    };
    const { trainer } = setUp({ loggers: [bad, (event) => void seen.push(event)] });
    await trainer.fit({ steps: 2 });
    expect(seen.map(({ type }) => type)).toEqual(['warning', 'start', 'step', 'step', 'end']);
    expect(seen[0]).toMatchObject({ message: 'A logger failed and is switched off: disk full' });
  });

  describe('says what is wrong', () => {
    it.each<[Partial<TrainerOptions<Line, Batch>>, string]>([
      [{ accumulate: 0 }, 'Trainer: accumulate: expected an integer from 1, received 0.'],
      [{ clipNorm: 0 }, 'Trainer: clipNorm: expected a number above 0, received 0.'],
      [
        { evaluate: { every: 0.5, run: async () => ({}) } },
        'Trainer: evaluate.every: expected an integer from 1',
      ],
      [
        { checkpoints: { store: new MemoryCheckpointStore(), keepLast: 0 } },
        'Trainer: checkpoints.keepLast: expected a number above 0, received 0.',
      ],
    ])('%o', (options, message) => {
      expect(() => setUp(options)).toThrow(message);
    });

    it.each<[string, LossFunction<Line, Batch>, string]>([
      [
        'a loss per sample',
        (m, { x }) => ({ loss: m.forward(x) }),
        'Trainer: loss: expected shape [], received [4, 1]. Reduce it with tf.mean.',
      ],
      ['a loss of nothing', (_, { x }) => ({ loss: tf.mean(x) }), 'it depends on no trainable parameter'],
      [
        'a weight of 0',
        (m, b, c) => ({ ...squaredError(m, b, c), weight: 0 }),
        'weight: expected a number above 0, received 0',
      ],
      [
        'a metric per sample',
        (m, b, c) => ({ ...squaredError(m, b, c), metrics: { f1: b.y } }),
        'Trainer: metrics.f1: expected shape []',
      ],
    ])('%s; nothing is left behind', async (_, loss, message) => {
      const { trainer } = setUp({ loss });
      const before = tf.memory().numTensors;
      const error = await trainer.fit({ steps: 2 }).catch((e) => e);
      expect(isCrossmodalError(error)).toBe(true);
      expect(error.message).toContain(message);
      expect(tf.memory().numTensors).toBe(before);
    });

    it('a gradient of another shape than that of the micro-batch before', async () => {
      let call = 0;
      const valueAndGrad: GradientFunction<Line, Batch>['valueAndGrad'] = () => ({
        value: tf.scalar(1),
        gradients: new Map([['weight', tf.zeros(call++ === 0 ? [3, 1] : [1, 1])]]),
      });
      await expect(
        setUp({ loss: { valueAndGrad }, accumulate: 2 }).trainer.fit({ steps: 1 }),
      ).rejects.toThrow('Trainer: gradient: weight: expected shape [3, 1], received [1, 1].');
    });

    it('of the data and the goal', async () => {
      const empty = new DataLoader(points, { batchSize: 99, dropLast: true, collate });
      await expect(setUp({ data: empty }).trainer.fit({ steps: 1 })).rejects.toThrow('an epoch has no batch');
      await expect(setUp().trainer.fit({ steps: 0 })).rejects.toThrow(
        'fit: steps or epochs: expected an integer from 1',
      );
      const { trainer } = setUp();
      const running = trainer.fit({ steps: 1 });
      await expect(trainer.fit({ steps: 1 })).rejects.toThrow('it is running already');
      await running;
    });
  });
});
