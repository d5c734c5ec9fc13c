import { readFileSync } from 'node:fs';
import { expectClose } from '@crossmodal/test-utils';
import { describe, expect, it } from 'vitest';
import { gradientBlendWeights, type HeadLosses } from './gradient-blend-weights';

const cases = JSON.parse(
  readFileSync(new URL('../golden/gradient_blending.json', import.meta.url), 'utf8'),
) as { losses: Record<string, HeadLosses>; weights: Record<string, number> }[];

describe('gradientBlendWeights', () => {
  it.each(cases)("equals the paper's formula, case %#", ({ losses, weights }) => {
    const actual = gradientBlendWeights(losses);
    expect(Object.keys(actual)).toEqual(Object.keys(weights));
    expectClose(Object.values(actual), Object.values(weights), { absolute: 1e-12, relative: 1e-10 });
  });

  it('counts by hand', () => {
    const weights = gradientBlendWeights({
      text: { train: [1, 0.5], valid: [1, 0.7] },
      image: { train: [1, 0.4], valid: [1, 0.8] },
    });
    expectClose([weights.text, weights.image], [6 / 7, 1 / 7]); // 0.3 / 0.04 and 0.2 / 0.16
  });

  it('gives nothing to a head that only memorised, and the same to all when each did', () => {
    const worse: HeadLosses = { train: [1, 0.1], valid: [1, 1.3] };
    const better: HeadLosses = { train: [1, 0.5], valid: [1, 0.9] };
    expect(gradientBlendWeights({ worse, better })).toEqual({ worse: 0, better: 1 });
    expect(gradientBlendWeights({ a: worse, b: worse })).toEqual({ a: 0.5, b: 0.5 });
  });

  it('stays finite for a head that did not overfit', () => {
    const weights = gradientBlendWeights({
      perfect: { train: [1, 0.5], valid: [1, 0.5] },
      other: { train: [1, 0.5], valid: [1, 0.9] },
    });
    expect(weights.perfect).toBeGreaterThan(0.99);
    expect(weights.perfect + weights.other).toBeCloseTo(1);
  });

  it('says what it needs', () => {
    expect(() => gradientBlendWeights({})).toThrow(
      'gradientBlendWeights: heads: expected one or more, received none.',
    );
    expect(() => gradientBlendWeights({ text: { train: [1, Number.NaN], valid: [1, 1] } })).toThrow(
      'gradientBlendWeights: text: expected finite losses, received NaN.',
    );
  });
});
