import '@tensorflow/tfjs-backend-cpu';
import { castStateDict, hostTensorFromValues, hostTensorValues, Rng, type StateDict } from '@crossmodal/core';
import { expectClose } from '@crossmodal/test-utils';
import { describe, expect, it } from 'vitest';
import { interpolateWeights } from './interpolate-weights';

const state = (seed: number, count = seed): StateDict => ({
  weight: hostTensorFromValues(new Rng(seed).normalArray(6), [2, 3], 'F32'),
  count: hostTensorFromValues(Int32Array.of(count), [], 'I64'),
});
const [a, b] = [state(1), state(2)];
const values = (state: StateDict) => [...hostTensorValues(state['weight']!, 'float32')];

describe('interpolateWeights', () => {
  it('goes in a straight line from one to the other, ends included', () => {
    expect(interpolateWeights(a, b, 0)['weight']).toEqual(a['weight']);
    expect(interpolateWeights(a, b, 1)).toEqual(b);
    const expected = values(a).map((value, i) => 0.75 * value + 0.25 * values(b)[i]!);
    const between = interpolateWeights(a, b, 0.25);
    expectClose(values(between), expected);
    expect(between['count']).toEqual(b['count']);
  });

  it('keeps the dtype of the first', () => {
    const half = interpolateWeights(castStateDict(a, 'F16'), b, 0.5);
    expect(half['weight']!.dtype).toBe('F16');
    expectClose(values(half), values(interpolateWeights(a, b, 0.5)), { absolute: 2e-3 });
  });

  it('says what does not fit', () => {
    expect(() => interpolateWeights(a, { ...b, more: b['count']! }, 0.5)).toThrow(
      'interpolateWeights: only one of the two has more.',
    );
    expect(() => interpolateWeights(a, { count: b['count']! }, 0.5)).toThrow(
      'only one of the two has weight.',
    );
    const turned = hostTensorFromValues(new Float32Array(6), [3, 2], 'F32');
    expect(() => interpolateWeights(a, { ...b, weight: turned }, 0.5)).toThrow(
      'interpolateWeights: weight: expected shape [2, 3], received [3, 2].',
    );
    const integers = hostTensorFromValues(new Int32Array(6), [2, 3], 'I64');
    expect(() => interpolateWeights(a, { ...b, weight: integers }, 0.5)).toThrow(
      'interpolateWeights: weight: expected F32, received I64.',
    );
    expect(() => interpolateWeights(a, b, Number.NaN)).toThrow(
      'interpolateWeights: alpha: expected a finite number, received NaN.',
    );
  });
});
