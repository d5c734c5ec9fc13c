import {
  AdamW,
  constantSchedule,
  DataLoader,
  Module,
  ModuleList,
  Parameter,
  Rng,
  runFusedKernel,
  SGD,
  Trainer,
  WeightAverage,
  withoutFusedKernels,
} from '@crossmodal/core';
import { expectClose } from '@crossmodal/test-utils';
import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { describeKernels } from '../../test/describe-kernels';
import type { WebgpuBackend } from '../index';

const SHAPES = [[3, 5], [], [8, 16], [1], [7], [257, 4], [2, 2], [0, 3], [1025], [4], [12], [2, 3, 4]];
const backend = () => tf.backend() as WebgpuBackend;
const random = (seed: number) => (shape: number[], i: number) =>
  tf.tensor(new Rng(seed).split(i).normalArray(tf.util.sizeFromShape(shape)), shape);
const inputsOf = (xs: tf.Tensor[], ys: tf.Tensor[]) =>
  Object.fromEntries([
    ...xs.map((x, i) => [`x${i}`, x] as const),
    ...ys.map((y, i) => [`y${i}`, y] as const),
  ]);

describeKernels('AddGroup and LerpGroup', () => {
  const composed = {
    AddGroup: (x: tf.Tensor, y: tf.Tensor, weight: number) => tf.add(x, tf.mul(y, weight)),
    LerpGroup: (x: tf.Tensor, y: tf.Tensor, weight: number) => tf.add(x, tf.mul(tf.sub(y, x), weight)),
  };

  for (const kernel of ['AddGroup', 'LerpGroup'] as const) {
    // A multiplication by a power of 2 rounds nothing: it may be one operation with the addition, or not.
    it.each([1, 0.5, -2])(`${kernel} is bit for bit as composed, with weight %d`, async (weight) => {
      const before = tf.memory();
      const [xs, ys] = [SHAPES.map(random(1)), SHAPES.map(random(2))];
      const expected = tf.tidy(() => xs.map((x, i) => composed[kernel](x, ys[i]!, weight)));
      const results = runFusedKernel(kernel, inputsOf(xs, ys), { weight });
      for (const [i, result] of results.entries()) {
        expect(result.shape).toEqual(SHAPES[i]);
        expect(await result.data()).toEqual(await expected[i]!.data());
      }
      tf.dispose([xs, ys, expected, results]);
      expect(tf.memory().numTensors).toBe(before.numTensors);
      expect(tf.memory().numDataBuffers).toBe(before.numDataBuffers);
    });

    it(`${kernel} is as composed, with a weight that rounds`, async () => {
      const [xs, ys] = [SHAPES.map(random(1)), SHAPES.map(random(2))];
      const expected = xs.map((x, i) => composed[kernel](x, ys[i]!, 1e-3));
      for (const [i, result] of runFusedKernel(kernel, inputsOf(xs, ys), { weight: 1e-3 }).entries())
        expectClose(await result.data(), await expected[i]!.data(), { absolute: 1e-6, relative: 1e-6 });
    });
  }

  it('changes in place, but not what shares the data', async () => {
    const [own, shared] = [tf.tensor1d([1, 2, 3]), tf.tensor1d([1, 2, 3])];
    const alias = tf.reshape(shared, [3, 1]);
    const y = tf.tensor1d([4, 5, 6]);
    const results = runFusedKernel('AddGroup', inputsOf([own, shared], [y, y]), { weight: 1 });
    for (const result of results) expectClose(await result.data(), [5, 7, 9], { absolute: 0 });
    expect(results[0]!.dataId).toBe(own.dataId);
    expect(results[1]!.dataId).not.toBe(shared.dataId);
    expectClose(await alias.data(), [1, 2, 3], { absolute: 0 });
    expectClose(await y.data(), [4, 5, 6], { absolute: 0 });
  });

  it('takes one tensor in several places', async () => {
    const [x, z] = [tf.tensor1d([1, 2]), tf.tensor1d([8, 8])];
    const results = runFusedKernel('AddGroup', inputsOf([x, x, z], [z, x, x]), { weight: 2 });
    const values = await Promise.all(results.map(async (result) => [...(await result.data())]));
    expect(values).toEqual([[17, 18], [3, 6], [10, 12]]); // biome-ignore format: one line
    expectClose(await x.data(), [1, 2], { absolute: 0 });
    expectClose(await z.data(), [8, 8], { absolute: 0 });
  });

  class One extends Module {
    readonly weight: Parameter;
    constructor(i: number) {
      super();
      this.weight = new Parameter(random(5)([4, 1 + (i % 3)], i));
    }
  }
  class Many extends Module {
    readonly parts = new ModuleList(Array.from({ length: 60 }, (_, i) => new One(i)));
    get weights(): Parameter[] {
      return [...this.parts].map(({ weight }) => weight);
    }
  }

  /** Trains on 12 samples, of which micro-batches take so many, and a step so many micro-batches. */
  async function train(batchSize: number, accumulate: number, steps: number) {
    const model = new Many();
    const trainer = new Trainer<Many, tf.Tensor1D>({
      model,
      optimizer: new SGD(model),
      schedule: constantSchedule(0.1),
      data: new DataLoader(
        { length: 12, get: (i) => Math.sin(i) },
        { batchSize, collate: (x) => tf.tensor1d(x) },
      ),
      loss: {
        valueAndGrad(model, x) {
          const mean = tf.mean(x) as tf.Scalar; // towards which each weight goes
          const gradients = [...model.namedParameters()].map(
            ([key, { value }]) => [key, tf.sub(value, mean)] as const,
          );
          return { value: mean, gradients: new Map(gradients), weight: x.size };
        },
      },
      rng: new Rng(0),
      accumulate,
      loggers: [],
    });
    await trainer.fit({ steps });
    const values = await Promise.all(model.weights.map(({ value }) => value.data()));
    return values.map((value) => [...value]);
  }

  it('accumulates what one large batch gives', async () => {
    const whole = await train(12, 1, 2);
    for (const [batchSize, accumulate] of [[4, 3], [5, 3]] as const) // biome-ignore format: the last ones are smaller
      for (const [i, value] of (await train(batchSize, accumulate, 2)).entries())
        expectClose(value, whole[i]!, { absolute: 1e-6, relative: 1e-5 });
  });

  it('adds a micro-batch with few programs and no copies', async () => {
    const count = async (accumulate: number) => {
      backend().resetCounters();
      await train(2, accumulate, 1);
      const { dispatches, copies } = backend().counters;
      return { dispatches, copies };
    };
    const [two, three] = [await count(2), await count(3)];
    const forItsGradients = 60;
    expect(three.dispatches - two.dispatches).toBeLessThanOrEqual(forItsGradients + 15 + 5);
    expect(three.copies - two.copies).toBeLessThan(5); // of its batch and loss
  });

  it('averages weights as composed, and leaves them alone', async () => {
    const run = async (update: (average: WeightAverage) => void) => {
      const model = new Many();
      const optimizer = new AdamW(model);
      const average = new WeightAverage(model, { decay: 0.9 });
      for (let i = 0; i < 4; i++) {
        const gradients = new Map(
          [...model.namedParameters()].map(([key, { shape }]) => [key, tf.ones(shape)]),
        );
        optimizer.step(gradients, { learningRate: 0.1 * i });
        update(average);
      }
      const own = await model.stateDict();
      return { own, average: await average.withAveraged(() => model.stateDict()) };
    };
    const fused = await run((average) => average.update());
    const expected = await run((average) => withoutFusedKernels(() => average.update()));
    expect(fused.own).toEqual(expected.own);
    expect(fused.average).not.toEqual(fused.own);
    for (const [key, { bytes }] of Object.entries(expected.average))
      expectClose(
        new Float32Array(fused.average[key]!.bytes.slice().buffer),
        new Float32Array(bytes.slice().buffer),
        {
          absolute: 1e-6,
          relative: 1e-6,
        },
      );
  });

  it('averages them with few programs and no copies', () => {
    const model = new Many();
    const average = new WeightAverage(model);
    for (const { value } of model.weights) value.assign(tf.square(value) as never);
    average.update();
    for (const { value } of model.weights) value.assign(tf.square(value) as never);
    backend().resetCounters();
    average.update();
    expect(backend().counters.dispatches).toBeLessThanOrEqual(15 + 1);
    expect(backend().counters.copies).toBe(60); // the first one has only shared the weights
    backend().resetCounters();
    average.update();
    expect(backend().counters.copies).toBe(0);
  });
});
