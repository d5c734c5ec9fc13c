import { Rng } from '@crossmodal/core';
import { expectClose } from '@crossmodal/test-utils';
import { describe, expect, it } from 'vitest';
import { imageTokenProbabilities } from './image-token-probabilities';

const logs = (...values: number[]) => Float32Array.from(values, Math.log);
const close = { absolute: 1e-6, relative: 1e-6 };

describe('imageTokenProbabilities', () => {
  const logits = logs(0.1, 0.4, 0.05, 0.3, 0.15);

  it.each([
    ['everything', {}, [0.1, 0.4, 0.05, 0.3, 0.15]],
    ['the two likeliest', { topK: 2 }, [0, 4 / 7, 0, 3 / 7, 0]],
    ['those that reach 0.6', { topP: 0.6 }, [0, 4 / 7, 0, 3 / 7, 0]],
    ['those that reach 0.75', { topP: 0.75 }, [0, 8 / 17, 0, 6 / 17, 3 / 17]],
    ['of three those that reach 0.5', { topK: 3, topP: 0.5 }, [0, 4 / 7, 0, 3 / 7, 0]],
    ['of three those that reach 0.45', { topK: 3, topP: 0.45 }, [0, 1, 0, 0, 0]],
    ['the likeliest', { temperature: 0 }, [0, 1, 0, 0, 0]],
    ['a temperature of a half', { temperature: 0.5, topK: 2 }, [0, 16 / 25, 0, 9 / 25, 0]],
    ['more than there are', { topK: 9 }, [0.1, 0.4, 0.05, 0.3, 0.15]],
  ])('leaves %s', (_, options, expected) => {
    expectClose(Array.from(imageTokenProbabilities(logits, options)), expected, close);
  });

  it('leaves the equals of the last one left', () => {
    const some = logs(0.2, 0.2, 0.4, 0.2);
    expectClose(Array.from(imageTokenProbabilities(some, { topK: 2 })), [0.2, 0.2, 0.4, 0.2], close);
    expectClose(Array.from(imageTokenProbabilities(some, { topP: 0.5 })), [0.2, 0.2, 0.4, 0.2], close);
  });

  it('leaves what sorting would', () => {
    const rng = new Rng(5);
    for (let round = 0; round < 60; round++) {
      const size = 1 + rng.integer(200);
      // Rounded in half of the rounds, so that there are equals.
      const logits = rng.normalArray(size, 0, 3).map((x) => (round % 2 ? Math.round(x) : x));
      const topK = 1 + rng.integer(size);
      const topP = rng.uniform(0.05, 1);
      const sorted = Array.from(logits).sort((a, b) => b - a);
      const kept = sorted.filter((x) => x >= sorted[topK - 1]!);
      const total = kept.reduce((sum, x) => sum + Math.exp(x), 0);
      const sums = kept.map((_, i) => kept.slice(0, i + 1).reduce((sum, x) => sum + Math.exp(x), 0));
      const least = kept[sums.findIndex((sum) => sum >= topP * total)] ?? kept.at(-1)!;
      const left = kept.filter((x) => x >= least).reduce((sum, x) => sum + Math.exp(x), 0);
      const expected = Array.from(logits, (x) => (x < least ? 0 : Math.exp(x) / left));
      expectClose(Array.from(imageTokenProbabilities(logits, { topK, topP })), expected, close);
    }
  });

  it('takes logits of minus infinity', () => {
    const some = Float32Array.of(-Infinity, 0, -Infinity, 0);
    expect(Array.from(imageTokenProbabilities(some, { topK: 3, topP: 0.9 }))).toEqual([0, 0.5, 0, 0.5]);
  });
});
