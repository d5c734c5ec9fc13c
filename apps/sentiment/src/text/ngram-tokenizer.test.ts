import { expect, it } from 'vitest';
import { NgramTokenizer, splitWords } from './ngram-tokenizer';

const words = new NgramTokenizer({ units: 'words', featuresPerUnit: 12, vocabSize: 1 << 20, maxUnits: 3 });
const characters = new NgramTokenizer({
  units: 'characters',
  featuresPerUnit: 3,
  vocabSize: 1 << 20,
  maxUnits: 4,
});

it('splits words, contractions, marks and other scripts', () => {
  expect(splitWords('I DON’T like 2 of them!')).toEqual(['i', "don't", 'like', '2', 'of', 'them', '!']);
  expect(splitWords('  ')).toEqual([]);
});

it('gives a word its own id first, and n-grams that its relatives share', () => {
  const [love, loves] = [words.encode('Love'), words.encode('loves')];
  expect(love).toHaveLength(12);
  expect(love[0]).toBe(words.wordId('love'));
  // <love>: 3 n-grams of 4, 4 of 3, 2 of 5; the rest is padding
  expect(love.slice(1).filter((id) => id !== 0)).toHaveLength(9);
  expect(loves[0]).not.toBe(love[0]);
  expect(loves.slice(1).filter((id) => id !== 0 && love.includes(id)).length).toBeGreaterThanOrEqual(5);
  expect(words.encode('zzz').filter((id) => id !== 0 && love.includes(id))).toEqual([]);
});

it('gives a character those that follow it', () => {
  const ids = characters.encode('很好吃');
  expect(ids).toHaveLength(9);
  expect(ids[3]).toBe(characters.encode('好')[0]);
  expect(ids.slice(3, 5)).toEqual(characters.encode('好吃').slice(0, 2));
  expect(ids[5]).toBe(0);
  expect(ids.slice(7)).toEqual([0, 0]);
});

it('cuts and pads to whole units, and masks what is padding', () => {
  const { inputIds, attentionMask, shape } = words.tokenize(['a', 'one two three four', '']);
  expect(shape).toEqual([3, 36]);
  expect([...attentionMask]).toEqual([...inputIds].map((id) => Number(id !== 0)));
  expect([...attentionMask.subarray(72)].every((one) => one === 0)).toBe(true);
  expect(words.tokenize('one two', { contextLength: 13 }).shape).toEqual([1, 12]);
  expect(words.tokenize('', {}).shape).toEqual([1, 12]);
  expect(() => new NgramTokenizer({ ...words.config, vocabSize: 1 })).toThrow(
    'NgramTokenizer: vocabSize: expected an integer above 1, received 1.',
  );
});
