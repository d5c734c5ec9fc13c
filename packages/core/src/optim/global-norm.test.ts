import '@tensorflow/tfjs-backend-cpu';
import { expectClose, expectNoLeak, useTestEngine } from '@crossmodal/test-utils';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { clippedScale, clipScale, globalNorm } from '../index';

describe('globalNorm and clipScale', () => {
  beforeAll(async () => {
    await useTestEngine();
  });

  it('the norm of all values: sqrt(1 + 4 + 4 + 16)', () => {
    const gradients = new Map<string, tf.Tensor>([
      ['a', tf.tensor1d([1, -2])],
      ['b', tf.tensor2d([[2, 4]])],
    ]);
    expectClose(globalNorm(gradients), [5]);
    expectNoLeak(() => globalNorm(gradients).dispose());
  });

  it('of nothing is 0, and shows what is not finite', () => {
    expectClose(globalNorm(new Map()), [0]);
    expect(globalNorm(new Map([['a', tf.tensor1d([1, Number.NaN])]])).dataSync()[0]).toBeNaN();
    expect(globalNorm(new Map([['a', tf.tensor1d([1, -Infinity])]])).dataSync()[0]).toBe(Infinity);
  });

  it('clips to the greatest norm, and never scales up', () => {
    expect(clipScale(0.5, 1)).toBe(1);
    expect(clipScale(0, 1)).toBe(1);
    expect(clipScale(4, 1)).toBeCloseTo(1 / (4 + 1e-6), 15);
    expect(clipScale(Number.NaN, 1)).toBeNaN();
    expect(clipScale(Infinity, 1)).toBe(0);
    expect(() => clipScale(1, -1)).toThrow(
      'clipScale: maxNorm: expected a number of at least 0, received -1.',
    );
  });

  describe('clippedScale', () => {
    const gradients = new Map([['a', tf.tensor1d([3, 4])]]);
    const values = (...call: Parameters<typeof clippedScale>) => {
      const { norm, gradientScale } = clippedScale(...call);
      const [length, scale] = [norm.dataSync()[0]!, gradientScale.dataSync()[0]!];
      tf.dispose([norm, gradientScale]);
      return [length, scale];
    };

    it('is that of globalNorm and clipScale', () => {
      expectClose(values(gradients, { scale: 0.5, maxNorm: 1 }), [2.5, 0.2]);
      expectClose(values(gradients, { scale: 0.5, maxNorm: 3 }), [2.5, 0.5]);
      expectClose(values(gradients), [5, 1]);
      expectClose(values(new Map(), { maxNorm: 1 }), [0, 1]);
      expectNoLeak(() => values(gradients, { maxNorm: 1 }));
    });

    it('is NaN where the norm or a guard is not finite', () => {
      for (const guard of [Number.NaN, Infinity]) {
        const [norm, scale] = values(gradients, { guards: tf.tensor1d([0, guard]) });
        expect([norm, scale]).toEqual([5, Number.NaN]);
      }
      const [norm, scale] = values(new Map([['a', tf.tensor1d([Infinity, 0])]]), { maxNorm: 1 });
      expect([norm, scale]).toEqual([Infinity, Number.NaN]);
    });

    it('says what does not fit', () => {
      expect(() => clippedScale(gradients, { maxNorm: -1 })).toThrow(
        'clippedScale: maxNorm: expected a number of at least 0, received -1.',
      );
      expect(() => clippedScale(gradients, { scale: Number.NaN })).toThrow(
        'clippedScale: scale: expected a number of at least 0, received NaN.',
      );
    });
  });
});
