import { expectClose, readGolden } from '@crossmodal/test-utils';
import { describe, expect, it } from 'vitest';
import { penalizeRepetition, tokenProbabilities } from './token-probabilities';

const golden = readGolden(new URL('../../golden/gpt2.safetensors', import.meta.url));
const logits = () => Float32Array.from(golden.array('sampling.logits').values);

describe('tokenProbabilities', () => {
  it.each([
    ['temperature', { temperature: 0.7 }],
    ['top_k', { topK: 6 }],
    ['top_p', { topP: 0.8 }],
    ['all', { temperature: 1.6, topK: 9, topP: 0.75 }],
  ])("leaves what transformers' filters leave: %s", (name, options) => {
    expectClose(tokenProbabilities(logits(), options), golden.array(`sampling.${name}`).values);
  });

  it('leaves all by default, one at the least, and those that are equal', () => {
    const sum = logits().reduce((total, logit) => total + Math.exp(logit), 0);
    expectClose(
      tokenProbabilities(logits()),
      logits().map((logit) => Math.exp(logit) / sum),
    );
    expect([...tokenProbabilities(Float32Array.of(1, 3, 2), { topP: 1e-9 })]).toEqual([0, 1, 0]);
    expect([...tokenProbabilities(Float32Array.of(1, 3, 3), { topK: 1 })]).toEqual([0, 0.5, 0.5]);
    expect([...tokenProbabilities(Float32Array.of(1, 1), { topK: 5, topP: 1 })]).toEqual([0.5, 0.5]);
    // Logits that overflow an exponential, and a temperature near 0.
    expect([...tokenProbabilities(Float32Array.of(900, 901), { temperature: 1e-6 })]).toEqual([0, 1]);
  });
});

describe('penalizeRepetition', () => {
  it("does as transformers', once for a token", () => {
    const penalized = logits();
    penalizeRepetition(penalized, golden.array('penalty.ids').values, 1.4);
    expectClose(penalized, golden.array('penalty.logits').values);
  });
});
