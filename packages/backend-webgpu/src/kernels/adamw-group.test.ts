import { Adam, AdamW, Parameter, Rng, withoutFusedKernels } from '@crossmodal/core';
import { expectClose } from '@crossmodal/test-utils';
import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { describeKernels } from '../../test/describe-kernels';
import type { WebgpuBackend } from '../index';

const SHAPES = [[3, 5], [], [8, 16], [1], [7], [257, 4], [2, 2], [0, 3], [1025]];

describeKernels('FusedAdamWGroup', () => {
  const named = <T>(make: (shape: number[], i: number) => T) =>
    new Map(SHAPES.map((shape, i) => [`p${i}`, make(shape, i)] as const));
  const random = (seed: number) => (shape: number[], i: number) => {
    const size = tf.util.sizeFromShape(shape);
    return tf.tensor(new Rng(seed).split(i).normalArray(size), shape);
  };
  const parametersOf = (seed: number) => named((shape, i) => new Parameter(random(seed)(shape, i)));
  const release = (parameters: Map<string, Parameter>) => {
    for (const parameter of parameters.values()) parameter.dispose();
  };

  for (const Class of [AdamW, Adam]) {
    it(`${Class.name} of many parameters is as composed, by parameter`, async () => {
      const run = async (fused: boolean, scalar: boolean) => {
        const parameters = parametersOf(1);
        const groups = [
          { match: 'p2', weightDecay: 0.3 },
          { match: 'p4', learningRateScale: 0.1 },
        ];
        const optimizer = new Class(parameters, { betas: [0.8, 0.95], weightDecay: 0.05, groups });
        const step = (i: number) => {
          const gradients = named(random(10 + i));
          const late = gradients.get('p5')!;
          if (i === 0) gradients.delete('p5'); // is a step behind from then on
          const scale = 0.5 + i;
          const gradientScale = scalar ? tf.scalar(scale) : scale;
          optimizer.step(gradients, { learningRate: 0.1 / (1 + i), gradientScale });
          tf.dispose([...gradients.values(), late]);
          tf.dispose(gradientScale);
        };
        for (let i = 0; i < 4; i++) {
          if (fused) step(i);
          else withoutFusedKernels(() => step(i));
        }
        const values: Record<string, Float32Array> = {};
        for (const [key, { value }] of parameters) values[key] = (await value.data()) as Float32Array;
        for (const [key, { bytes }] of Object.entries(await optimizer.stateDict()))
          values[key] = new Float32Array(bytes.slice().buffer);
        optimizer.dispose();
        release(parameters);
        return values;
      };
      const expected = await run(false, false);
      const before = tf.memory();
      for (const scalar of [false, true]) {
        const values = await run(true, scalar);
        expect(Object.keys(values)).toEqual(Object.keys(expected));
        for (const [key, value] of Object.entries(values))
          expectClose(value, expected[key]!, { absolute: 1e-6, relative: 1e-5 });
      }
      expect(tf.memory().numTensors).toBe(before.numTensors);
      expect(tf.memory().numDataBuffers).toBe(before.numDataBuffers);
    });
  }

  const make = () => {
    const w = new Parameter(tf.tensor1d([1, 2, 3, 4, 5]));
    const parameters = new Map([['w', w]]);
    const optimizer = new AdamW(parameters, { weightDecay: 0 });
    const gradients = new Map([['w', tf.ones([5])]]);
    return { w, optimizer, gradients };
  };

  it('changes in place, but not what shares the data', async () => {
    const { w, optimizer, gradients } = make();
    const before = w.value.dataId;
    const clone = tf.clone(w.value);
    optimizer.step(gradients, { learningRate: 0.5 });
    expectClose(await clone.data(), [1, 2, 3, 4, 5]);
    expectClose(await w.value.data(), [0.5, 1.5, 2.5, 3.5, 4.5]);
    const own = w.value.dataId;
    expect(own).not.toBe(before);
    const flat = tf.reshape(clone, [5, 1]);
    optimizer.step(gradients, { learningRate: 0.5 });
    expect(w.value.dataId).toBe(own);
    expectClose(await w.value.data(), [0, 1, 2, 3, 4]);
    expectClose(await flat.data(), [1, 2, 3, 4, 5]);
  });

  it('gives all back bit for bit where the scale is not finite', async () => {
    const { w, optimizer, gradients } = make();
    const before = await w.value.data();
    optimizer.step(gradients, { learningRate: 0.1, gradientScale: tf.scalar(Number.NaN) });
    expect(await w.value.data()).toEqual(before);
    optimizer.uncountStep();
    expect(await optimizer.stateDict()).toEqual({});

    optimizer.step(gradients, { learningRate: 0.1 });
    const good = { weights: await w.value.data(), state: await optimizer.stateDict() };
    for (const bad of [Infinity, -Infinity, Number.NaN]) {
      optimizer.step(gradients, { learningRate: 0.1, gradientScale: tf.scalar(bad) });
      optimizer.uncountStep();
      optimizer.uncountStep(); // once is enough
      expect({ weights: await w.value.data(), state: await optimizer.stateDict() }).toEqual(good);
    }
    optimizer.step(gradients, { learningRate: 0.1, gradientScale: tf.scalar(1) });
    expect((await optimizer.stateDict())['w.step']!.bytes[0]).toBe(2);
  });

  it('takes few programs, and no copies', async () => {
    const parameters = new Map(
      Array.from({ length: 60 }, (_, i) => [`p${i}`, new Parameter(tf.fill([4, 1 + (i % 3)], i))] as const),
    );
    const optimizer = new AdamW(parameters);
    const gradients = new Map([...parameters].map(([key, { shape }]) => [key, tf.square(tf.ones(shape))]));
    const gradientScale = tf.square(tf.scalar(1));
    const backend = tf.backend() as WebgpuBackend;
    optimizer.step(gradients, { learningRate: 0.1, gradientScale }); // uploads what is on the host
    backend.resetCounters();
    optimizer.step(gradients, { learningRate: 0.1, gradientScale });
    const { dispatches, copies } = backend.counters;
    expect(dispatches).toBeLessThanOrEqual(30);
    expect(copies).toBe(1); // of the scale
  });
});
