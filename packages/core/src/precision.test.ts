import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { computesInF16, withPrecision } from './precision';

const engine = () => tf.backend() as unknown as { supportsF16?: boolean; precision?: string };

beforeEach(() => tf.setBackend('cpu').then(() => {}));
afterEach(() => {
  delete engine().supportsF16;
  delete engine().precision;
});

it('leaves an engine without float16 as it is', () => {
  expect(computesInF16()).toBe(false);
  expect(withPrecision('f16', () => engine().precision)).toBe(undefined);
});

it('is in force within the function only, also one that throws or takes time', async () => {
  Object.assign(engine(), { supportsF16: true, precision: 'f32' });
  expect(computesInF16()).toBe(true);
  expect(
    withPrecision('f16', () => [engine().precision, withPrecision('f32', () => engine().precision)]),
  ).toEqual(['f16', 'f32']);
  expect(engine().precision).toBe('f32');
  const fail = () => {
    throw new Error('no');
  };
  expect(() => withPrecision('f16', fail)).toThrow('no');
  expect(engine().precision).toBe('f32');
  const slow = withPrecision('f16', async () => {
    await Promise.resolve();
    return engine().precision;
  });
  expect(engine().precision).toBe('f16');
  expect(await slow).toBe('f16');
  expect(engine().precision).toBe('f32');
});
