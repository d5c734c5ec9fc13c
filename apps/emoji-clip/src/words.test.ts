import { describe, expect, it } from 'vitest';
import { loadConcepts } from './data/concepts';
import { learnTokenizer, plainWords, wordTokenizer } from './words';

describe('words', () => {
  it('are the same wherever they stand and however they are written', () => {
    expect(plainWords('Cat Face: smiling')).toBe(' cat face smiling');
    expect(plainWords('生日蛋糕, cake')).toBe(' 生日蛋糕 cake');
    expect(plainWords('flag中国flag')).toBe(' flag 中国 flag');
    expect(plainWords('café 100%')).toBe(' café 100');
    expect(plainWords('A dog, the cat and an ant')).toBe(' dog cat and ant');
    expect(plainWords('the')).toBe(' the');
    expect(plainWords('')).toBe('');
    expect(plainWords('🎂 + cake')).toBe(' 🎂 + cake');
  });

  it('become tokens: the frequent ones whole, any other text in pieces', async () => {
    const tokenizer = await learnTokenizer(loadConcepts().slice(0, 300), 2048);
    const words = wordTokenizer(tokenizer);
    const { inputIds, attentionMask, shape } = words.tokenize(['Smiling face', 'zyzzyva ☃ 未知'], {
      contextLength: 24,
      padding: 'longest',
    });
    expect(shape[0]).toBe(2);
    expect([...attentionMask.subarray(0, 3)]).toEqual([1, 1, 0]); // two words, two tokens
    expect(Math.max(...inputIds)).toBeLessThan(tokenizer.vocabSize);
  });
});
