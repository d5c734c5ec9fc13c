import { loadTokenizer } from '@crossmodal/processing';
import { expect, it } from 'vitest';
import { learnTextTokenizer } from './learn-text-tokenizer';

it('is a tokenizer that makes words by itself, with ends that transformers understands', async () => {
  const captions = ['red apple', 'Red car', 'green apple', '红苹果', '红汽车'];
  const { json, config } = await learnTextTokenizer([...captions, ...captions], {
    vocabSize: 400,
    contextLength: 16,
  });
  const tokenizer = loadTokenizer(json, config);
  const ids = (text: string) => [...tokenizer.tokenize(text).inputIds];
  expect(tokenizer.contextLength).toBe(16);
  expect([tokenizer.padTokenId, tokenizer.eosTokenId, tokenizer.bosTokenId]).toEqual([0, 1, 2]);
  expect(ids('red apple')).toHaveLength(4); // a token each, and both ends
  expect(ids('RED -- "apple"!')).toEqual(ids('red apple'));
  expect(tokenizer.tokenize(['x '.repeat(100), 'red']).shape).toEqual([2, 16]);
  expect([...tokenizer.tokenize(['x '.repeat(100)]).inputIds].at(-1)).toBe(1);
});
