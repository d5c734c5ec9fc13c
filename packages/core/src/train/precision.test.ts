import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { afterEach, beforeAll, expect, it } from 'vitest';
import {
  AdamW,
  constantSchedule,
  DataLoader,
  Linear,
  type LossFunction,
  MemoryCheckpointStore,
  Rng,
  Trainer,
  type TrainerOptions,
  type TrainingEvent,
} from '../index';

type Batch = { x: tf.Tensor2D };

/** The loss of the `bad` steps has a gradient that is not finite while the scale is that large. */
function setUp(options: Partial<TrainerOptions<Linear, Batch>> = {}, badFrom = Infinity) {
  const model = new Linear(3, 2, { rng: new Rng(0) });
  const events: TrainingEvent[] = [];
  const loss: LossFunction<Linear, Batch> = (model, { x }) => {
    const y = tf.mean(tf.square(model.forward(x)));
    const overflows = tf.customGrad((x) => ({
      value: x as tf.Tensor,
      gradFunc: (dy) =>
        tf.where(tf.greaterEqual(dy as tf.Tensor, badFrom), tf.scalar(Infinity), dy as tf.Tensor),
    }));
    return { loss: overflows(y) };
  };
  const trainer = new Trainer<Linear, Batch>({
    model,
    optimizer: new AdamW(model),
    schedule: constantSchedule(0.05),
    data: new DataLoader(
      { length: 8, get: (index: number) => [...new Rng(index).normalArray(3)] },
      { batchSize: 4, shuffle: true, rng: new Rng(1), collate: (rows) => ({ x: tf.tensor2d(rows) }) },
    ),
    loss,
    rng: new Rng(2),
    loggers: [(event) => void events.push(event)],
    ...options,
  });
  const scales = () => events.flatMap((event) => (event.type === 'step' ? [event.result.lossScale] : []));
  const weights = async () => [...(await model.weight.value.data())];
  return { trainer, events, scales, weights };
}

const engine = () => tf.backend() as unknown as { supportsF16?: boolean; precision?: string };
const pretendF16 = () => Object.assign(engine(), { supportsF16: true, precision: 'f32' });

beforeAll(async () => {
  await tf.setBackend('cpu');
});
afterEach(() => {
  delete engine().supportsF16;
});

it('takes the scale out of the gradient again, loss and norm as they are without', async () => {
  const [single, half] = [setUp({ clipNorm: 0.1 }), setUp({ clipNorm: 0.1, precision: 'f16' })];
  await single.trainer.fit({ steps: 6 });
  pretendF16();
  const numTensors = tf.memory().numTensors;
  await half.trainer.fit({ steps: 6 });
  expect(tf.memory().numTensors).toBe(numTensors + 4); // AdamW's moments
  expect(await half.weights()).toEqual(await single.weights());
  const figures = ({ events }: typeof single) =>
    events.flatMap((event) =>
      event.type === 'step' ? [[event.result.loss, event.result.gradientNorm]] : [],
    );
  expect(figures(half)).toEqual(figures(single));
  expect(half.scales()).toEqual(Array(6).fill(65_536));
  expect(engine().precision).toBe('f32');
});

it('skips what overflows without counting it as a fault, and halves the scale', async () => {
  pretendF16();
  const { trainer, events, scales } = setUp({ precision: 'f16' }, 2048);
  await trainer.fit({ steps: 8 });
  const skips = events.flatMap((event) => (event.type === 'skip' ? [event] : []));
  expect(skips.map(({ inARow }) => inARow)).toEqual([0, 0, 0, 0, 0, 0]);
  expect(skips[0]!.reason).toMatch(/The scale of the loss was 65536: it is halved\.$/);
  expect(scales()).toEqual([1024, 1024]);
});

it('gives up where the scale is at its least', async () => {
  pretendF16();
  const { trainer } = setUp({ precision: 'f16' }, 0.5);
  await expect(trainer.fit({ steps: 30 })).rejects.toThrow('stopped at step 19, the 3rd in a row');
});

it('goes on with the scale of the checkpoint', async () => {
  pretendF16();
  const store = new MemoryCheckpointStore();
  await setUp({ precision: 'f16', checkpoints: { store } }, 2 ** 16).trainer.fit({ steps: 3 });
  const next = setUp({ precision: 'f16', checkpoints: { store } });
  await next.trainer.resume();
  await next.trainer.fit({ steps: 5 });
  expect(next.scales()).toEqual([32_768, 32_768]);
});

it('says that an engine has no float16, and computes as in float32', async () => {
  const [single, half] = [setUp(), setUp({ precision: 'f16' })];
  await single.trainer.fit({ steps: 4 });
  await half.trainer.fit({ steps: 4 });
  expect(await half.weights()).toEqual(await single.weights());
  expect(half.scales()).toEqual(Array(4).fill(undefined));
  expect(half.events.filter(({ type }) => type === 'warning')).toMatchObject([
    { message: 'precision: the engine cpu has no float16 here; it computes in float32.' },
  ]);
});

it('refuses a loss that brings its own gradients', () => {
  const loss = { valueAndGrad: () => Promise.reject(new Error('never')) };
  expect(() => setUp({ precision: 'f16', loss })).toThrow("Trainer: precision: 'f16' needs a loss function");
});
