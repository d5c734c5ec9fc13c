import {
  attention,
  Conv2d,
  computesInF16,
  conv2d,
  Linear,
  Module,
  Rng,
  SGD,
  Trainer,
  type TrainingEvent,
  TransformerBlock,
  withPrecision,
} from '@crossmodal/core';
import { expectClose } from '@crossmodal/test-utils';
import '@tensorflow/tfjs-backend-cpu';
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
    async function expectHalf(
      run: (...inputs: tf.Tensor[]) => tf.Tensor[],
      inputs: tf.Tensor[],
      tolerance = { absolute: 1e-5, relative: 1e-5 },
    ) {
      const values = inputs.map((x) => x.dataSync());
      const inHalf = withPrecision('f16', () => run(...inputs)).map((x) => x.dataSync());
      await tf.setBackend('cpu');
      const onCpu = (convert: (x: number) => number) =>
        run(...inputs.map(({ shape }, i) => tf.tensor(values[i]!.map(convert), shape))).map((x) =>
          x.dataSync(),
        );
      const [ofRounded, inSingle] = [onCpu(toHalf), onCpu((x) => x)];
      await tf.setBackend('webgpu');
      for (const [i, result] of inHalf.entries()) {
        expectClose(result, ofRounded[i]!, tolerance);
        expect(() => expectClose(result, inSingle[i]!, tolerance)).toThrow('differ');
      }
    }

    it('is there, and rounds what is multiplied, not the sums', async () => {
      expect(computesInF16()).toBe(true);
      for (const transpose of [false, true]) {
        await expectHalf(
          (a, b) => [tf.matMul(a!, b!, transpose, transpose)],
          [random([70, 70]), random([70, 70])],
        );
      }
      // A sum in float16 would end at 2048.
      const long = withPrecision('f16', () => tf.matMul(tf.ones([9, 5000]), tf.ones([5000, 9])));
      expectClose(await long.data(), Array(81).fill(5000));
    });

    it.each([
      [3, 8, 1, 1],
      [8, 6, 2, 1],
    ])(
      'rounds in convolutions from %i to %i channels, stride %i, padding %i',
      async (from, to, stride, padding) => {
        const conv = (x: tf.Tensor, filter: tf.Tensor) =>
          conv2d(x as tf.Tensor4D, filter as tf.Tensor4D, undefined, { stride, padding });
        const [x, filter] = [random([2, 9, 8, from]), random([3, 3, from, to])];
        const dy = random(conv(x, filter).shape);
        await expectHalf(
          (x, filter, dy) => [conv(x!, filter!), ...tf.grads(conv as never)([x!, filter!], dy!)],
          [x, filter, dy],
        );
      },
    );

    it('rounds in attention: what is multiplied, and the weights of values', async () => {
      const heads = (length: number, std = 1) => random([2, 2, length, 12], std);
      const attend = (...[query, key, value]: tf.Tensor4D[]) => attention(query!, key!, value!);
      // Scores of 0 have weights of 1.
      await expectHalf(
        (query, value) => [attend(query as tf.Tensor4D, tf.zeros([2, 2, 40, 12]), value as tf.Tensor4D)],
        [heads(33), heads(40, 9)],
      );
      const inputs = [heads(33, 3), heads(40, 3), heads(40), heads(33)];
      await expectHalf(
        (...inputs) => {
          const [dy, ...given] = [inputs.at(-1)!, ...(inputs.slice(0, 3) as tf.Tensor4D[])];
          return [attend(...(given as tf.Tensor4D[])), ...tf.grads(attend as never)(given, dy)];
        },
        inputs,
        { absolute: 2e-3, relative: 1e-3 },
      );
    });

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

    it('is not finite where convolutions and attention have what it does not hold, nor are gradients', () => {
      const conv = (x: tf.Tensor4D, filter: tf.Tensor4D) => conv2d(x, filter, undefined, { padding: 1 });
      const attend = (query: tf.Tensor4D, value: tf.Tensor4D) => attention(query, query, value);
      const hasAll = (x: tf.Tensor) => Number.isFinite(tf.sum(tf.abs(x)).dataSync()[0]);
      const images = random([2, 8, 8, 3]) as tf.Tensor4D;
      const filter = random([3, 3, 3, 8]) as tf.Tensor4D;
      const large = tf.mul(images, 1e5) as tf.Tensor4D;
      withPrecision('f16', () => {
        expect([conv(images, filter), conv(large, filter)].map(hasAll)).toEqual([true, false]);
        expect([attend(images, images), attend(images, large)].map(hasAll)).toEqual([true, false]);
        for (const [run, given] of [
          [conv, [images, filter]],
          [attend, [images, images]],
        ] as const) {
          const dy = random(run(...(given as [tf.Tensor4D, tf.Tensor4D])).shape);
          const gradients = (dy: tf.Tensor) =>
            tf
              .grads(run as never)([...given], dy)
              .map(hasAll);
          expect(gradients(dy)).toEqual([true, true]);
          expect(gradients(tf.mul(dy, 1e5))).toEqual([false, false]);
        }
      });
    });

    /** What is learnt from [32, 16] to [32, 8]. */
    abstract class Net extends Module {
      /** Of learning. */
      readonly rate: number = 0.02;
      abstract forward(x: tf.Tensor): tf.Tensor;
    }

    class LinearNet extends Net {
      readonly first = new Linear(16, 32, { rng: new Rng(1) });
      readonly second = new Linear(32, 8, { rng: new Rng(2) });
      forward(x: tf.Tensor) {
        return this.second.forward(tf.tanh(this.first.forward(x)));
      }
    }

    class ConvNet extends Net {
      override readonly rate = 0.1;
      readonly first = new Conv2d(1, 12, { kernelSize: 3, padding: 1, rng: new Rng(1) });
      readonly second = new Conv2d(12, 16, { kernelSize: 3, padding: 1, stride: 2, rng: new Rng(2) });
      readonly last = new Linear(64, 8, { rng: new Rng(3) });
      forward(x: tf.Tensor) {
        const seen = tf.relu(this.first.forward(tf.reshape(x, [32, 4, 4, 1])));
        return this.last.forward(tf.reshape(tf.relu(this.second.forward(seen)), [32, 64]));
      }
    }

    class TransformerNet extends Net {
      readonly block = new TransformerBlock({ hiddenSize: 16, numHeads: 2, rng: new Rng(1) });
      readonly last = new Linear(16, 8, { rng: new Rng(2) });
      forward(x: tf.Tensor) {
        const y = this.block.forward(tf.reshape(x, [2, 16, 16]));
        return this.last.forward(tf.reshape(y, [32, 16]));
      }
    }

    async function train(precision: 'f32' | 'f16', factor = 1, model: Net = new LinearNet()) {
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
        schedule: () => model.rate / factor,
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

    it.each([
      { name: 'layers', Net: LinearNet },
      { name: 'convolutions', Net: ConvNet },
      { name: 'a transformer', Net: TransformerNet },
    ])('learns with $name as float32 does, within 2 % of the loss', async ({ Net }) => {
      const half = await train('f16', 1, new Net());
      await tf.setBackend('cpu');
      const single = await train('f32', 1, new Net());
      await tf.setBackend('webgpu');
      const losses = half.events.flatMap((event) => (event.type === 'step' ? [event.result.loss] : []));
      expect(half.last.loss).toBeLessThan(0.2 * losses[0]!);
      expectClose([half.last.loss], [single.last.loss], { relative: 0.02 });
      expect(Math.abs(half.last.loss / single.last.loss - 1)).toBeGreaterThan(1e-5);
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
