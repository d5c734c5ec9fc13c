import {
  computesInF16,
  conv2d,
  Linear,
  Module,
  Rng,
  SGD,
  Trainer,
  type TrainingEvent,
  withPrecision,
} from '@crossmodal/core';
import { expectClose } from '@crossmodal/test-utils';
import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { describeKernels } from '../test/describe-kernels';

describeKernels(
  'float16',
  () => {
    const rng = new Rng(5);
    const random = (shape: number[], std = 1) =>
      rng.tensor(shape, (rng) => rng.normalArray(tf.util.sizeFromShape(shape), 0, std));

    /** In half precision it is what it is of rounded inputs, within `tolerance`, and not what it is of these. */
    function expectHalf(
      run: (...inputs: tf.Tensor[]) => tf.Tensor[],
      inputs: tf.Tensor[],
      tolerance = { absolute: 1e-5, relative: 1e-5 },
    ) {
      const inHalf = withPrecision('f16', () => run(...inputs));
      const ofRounded = run(...inputs.map((x) => tf.tensor(x.dataSync().map(toHalf), x.shape)));
      const inSingle = run(...inputs);
      for (const [i, result] of inHalf.entries()) {
        expectClose(result, ofRounded[i]!, tolerance);
        const error = tf.max(tf.abs(tf.sub(result, inSingle[i]!))).dataSync()[0];
        expect(error).toBeGreaterThan(1e-4);
      }
    }

    it('is there, and rounds what is multiplied, not the sums', async () => {
      expect(computesInF16()).toBe(true);
      for (const transpose of [false, true]) {
        expectHalf((a, b) => [tf.matMul(a!, b!, transpose, transpose)], [random([70, 70]), random([70, 70])]);
      }
      // A sum in float16 would end at 2048.
      const long = withPrecision('f16', () => tf.matMul(tf.ones([9, 5000]), tf.ones([5000, 9])));
      expectClose(await long.data(), Array(81).fill(5000));
    });

    it.each([
      [3, 8, 1, 1],
      [8, 6, 2, 1],
      [5, 4, 1, 0],
    ])(
      'rounds in convolutions from %i to %i channels, stride %i, padding %i',
      (from, to, stride, padding) => {
        const conv = (x: tf.Tensor, filter: tf.Tensor) =>
          conv2d(x as tf.Tensor4D, filter as tf.Tensor4D, undefined, { stride, padding });
        const [x, filter] = [random([2, 9, 8, from]), random([3, 3, from, to])];
        const dy = random(conv(x, filter).shape);
        expectHalf(
          (x, filter, dy) => [conv(x!, filter!), ...tf.grads(conv as never)([x!, filter!], dy!)],
          [x, filter, dy],
        );
      },
    );

    it('takes what it does not hold for infinite, and keeps NaN', async () => {
      const a = tf.concat([
        tf.tensor2d([[65_504], [65_519], [65_520], [1e30], [-1e6], [NaN]]),
        tf.zeros([6, 1]),
      ]);
      const b = tf.ones([1, 9]);
      const y = withPrecision('f16', () => tf.matMul(a, b));
      const first = tf.slice(y, [0, 0], [6, 1]);
      expect([...(await first.data())]).toEqual([65_504, 65_504, Infinity, Infinity, -Infinity, NaN]);
    });

    class Net extends Module {
      readonly first: Linear;
      readonly second: Linear;
      constructor() {
        super();
        this.first = new Linear(16, 32, { rng: new Rng(1) });
        this.second = new Linear(32, 8, { rng: new Rng(2) });
      }
      forward(x: tf.Tensor): tf.Tensor {
        return this.second.forward(tf.tanh(this.first.forward(x)));
      }
    }

    async function train(precision: 'f32' | 'f16', factor = 1) {
      const model = new Net();
      const events: TrainingEvent[] = [];
      const x = new Rng(3).normalArray(32 * 16);
      const data = {
        length: 1,
        count: 0,
        state: () => ({ epoch: data.count, position: data.count }) as never,
        restore() {},
        async *[Symbol.asyncIterator]() {
          data.count++;
          yield { x: tf.tensor2d(x, [32, 16]) };
        },
      };
      const trainer = new Trainer({
        model,
        precision,
        optimizer: new SGD(model, { momentum: 0.9 }),
        schedule: () => 0.02 / factor,
        data,
        rng: new Rng(0),
        loss: (model, { x }: { x: tf.Tensor2D }) => {
          const target = tf.sin(tf.slice(x, [0, 0], [32, 8]));
          return { loss: tf.mul(factor, tf.mean(tf.square(tf.sub(model.forward(x), target)))) };
        },
        loggers: [(event) => void events.push(event)],
      });
      const { last } = await trainer.fit({ steps: 60 });
      model.dispose();
      return { last: last!, events };
    }

    it('learns as float32 does, within 2 % of the loss', async () => {
      const [single, half] = [await train('f32'), await train('f16')];
      const losses = half.events.flatMap((event) => (event.type === 'step' ? [event.result.loss] : []));
      expect(half.last.loss).toBeLessThan(0.2 * losses[0]!);
      expectClose([half.last.loss], [single.last.loss], { relative: 0.02 });
      expect(half.last.loss).not.toBe(single.last.loss);
      expect(half.last.lossScale).toBe(2 ** 16);
      expect(single.last).not.toHaveProperty('lossScale');
    });

    it('goes on after its scale made gradients overflow', async () => {
      // The gradient of the output, at first about factor x 2^16 / 100, is beyond 65,504.
      const { last, events } = await train('f16', 10_000);
      const skips = events.filter(({ type }) => type === 'skip');
      expect(skips.length).toBeGreaterThan(3);
      expect(skips[0]).toMatchObject({
        inARow: 0,
        reason: expect.stringContaining('The scale of the loss was 65536'),
      });
      expect(last.lossScale).toBe(2 ** (16 - skips.length));
      const first = events.find((event) => event.type === 'step');
      expect(last.loss).toBeLessThan(0.2 * (first as { result: { loss: number } }).result.loss);
    });
  },
  { f16: true },
);

/** Rounds to float16, ties to even; for normal numbers. */
function toHalf(x: number): number {
  const unit = 2 ** (Math.floor(Math.log2(Math.abs(x) || 1)) - 10);
  const scaled = x / unit;
  const rounded = Math.round(scaled);
  return (Math.abs(scaled % 1) === 0.5 && rounded % 2 !== 0 ? rounded - 1 : rounded) * unit;
}
