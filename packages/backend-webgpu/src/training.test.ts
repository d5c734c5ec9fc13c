import {
  AdamW,
  constantSchedule,
  DataLoader,
  type LossFunction,
  Module,
  Parameter,
  Rng,
  Trainer,
  type TrainingEvent,
} from '@crossmodal/core';
import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { describeKernels } from '../test/describe-kernels';
import type { WebgpuBackend } from './index';
import type { Program } from './program';

class Line extends Module {
  readonly weight = new Parameter(tf.tensor2d([0.1, -0.2, 0.3], [3, 1]));
  readonly bias = new Parameter(tf.zeros([1]));
}

describeKernels('a training step', () => {
  const backend = () => tf.backend() as WebgpuBackend;

  function setUp(spoil: (call: number, loss: tf.Tensor) => tf.Tensor, accumulate = 1) {
    const model = new Line();
    const optimizer = new AdamW(model);
    const events: TrainingEvent[] = [];
    let call = 0;
    const loss: LossFunction<Line, tf.Tensor2D> = (line, x) => {
      const y = tf.add(tf.matMul(x, line.weight.value as tf.Tensor2D), line.bias.value);
      return { loss: spoil(call++, tf.mean(tf.square(tf.sub(y, 1)))) };
    };
    const trainer = new Trainer<Line, tf.Tensor2D>({
      model,
      optimizer,
      schedule: constantSchedule(0.05),
      data: new DataLoader(
        { length: 8, get: (i) => i },
        { batchSize: 2, collate: (ids) => tf.tensor2d(ids.map((i) => [i % 3, 1, i / 4])) },
      ),
      loss,
      rng: new Rng(0),
      clipNorm: 0.5,
      accumulate,
      loggers: [(event) => void events.push(event)],
    });
    const state = async () => ({ model: await model.stateDict(), optimizer: await optimizer.stateDict() });
    return { trainer, events, state };
  }
  const good = (_: number, loss: tf.Tensor) => loss;

  it.each([Number.NaN, Infinity, -Infinity])(
    'of a loss of %d leaves weights, m, v and counts',
    async (bad) => {
      const spoilt = setUp((call, loss) => (call === 0 || call > 3 ? tf.mul(loss, bad) : loss));
      await spoilt.trainer.fit({ steps: 1 });
      expect((await spoilt.state()).optimizer).toEqual({});
      await spoilt.trainer.fit({ steps: 4 });
      const before = await spoilt.state();
      await expect(spoilt.trainer.fit({ steps: 9 })).rejects.toThrow('the 3rd in a row that was not finite');
      expect(await spoilt.state()).toEqual(before);
      expect(before.optimizer['weight.step']!.bytes[0]).toBe(3);
      const skips = spoilt.events.flatMap((event) => (event.type === 'skip' ? [event.reason] : []));
      expect(skips).toHaveLength(4);
      expect(skips[0]).toMatch(
        new RegExp(`^the loss is ${bad}; the gradient is not finite for 2 of 2 parameters: weight, bias\\.$`),
      );
    },
  );

  it('of micro-batches, one of which has no loss, too', async () => {
    const { trainer, state, events } = setUp((call, loss) => (call === 3 ? tf.add(loss, Infinity) : loss), 2);
    await trainer.fit({ steps: 1 });
    const before = await state();
    await trainer.fit({ steps: 2 });
    expect(await state()).toEqual(before);
    expect(events.at(-2)).toMatchObject({ type: 'skip', inARow: 1 });
  });

  it('is not taken where the GPU rejected something on the way', async () => {
    const broken: Program = {
      name: 'test of a broken forward pass',
      inputs: {},
      outputs: { x: 'f32' },
      uniforms: {},
      code: () => 'this is no WGSL',
    };
    const { trainer, state } = setUp((call, loss) => {
      if (call === 2)
        backend().runProgram(broken, { buffers: { x: tf.zeros([1]) }, uniforms: {}, workgroups: 1 });
      return loss;
    });
    await trainer.fit({ steps: 2 });
    const before = await state();
    await expect(trainer.fit({ steps: 3 })).rejects.toThrow('the GPU rejected an operation');
    expect(await state()).toEqual(before);
    expect(trainer.step).toBe(2);
  });

  it('hands its commands over twice: before the update, to hear of errors, and to read', async () => {
    const { trainer } = setUp(good);
    await trainer.fit({ steps: 2 });
    backend().resetCounters();
    await trainer.fit({ steps: 4 });
    expect(backend().counters.submits).toBe(2 * 2);
  });
});
