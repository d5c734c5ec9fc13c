import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { loadTokenizer } from './load-tokenizer';

const golden = JSON.parse(
  readFileSync(new URL('../../golden/tokenizer_json.json', import.meta.url), 'utf8'),
) as {
  files: {
    name: string;
    tokenizer: Record<string, unknown>;
    config: Record<string, unknown>;
    cases: { text: string; ids: number[]; row: number[]; cutTo6: number[]; decoded: string }[];
  }[];
};

describe.each(golden.files)('loadTokenizer with $name', ({ tokenizer: json, config, cases }) => {
  const tokenizer = loadTokenizer(JSON.stringify(json), config);

  it('gives the ids and texts of the Rust library', () => {
    for (const { text, ids, row, cutTo6, decoded } of cases) {
      const what = JSON.stringify(text);
      expect(tokenizer.encode(text), what).toEqual(ids);
      expect([...tokenizer.tokenize(text, { contextLength: 1000 }).inputIds], what).toEqual(row);
      expect([...tokenizer.tokenize(text, { contextLength: 6 }).inputIds], what).toEqual(cutTo6);
      expect(tokenizer.decode(row), what).toBe(decoded);
    }
  });

  it('pads with the pad token', () => {
    const { inputIds, attentionMask, shape } = tokenizer.tokenize(['a', 'a cat'], {
      contextLength: 7,
      padding: 'contextLength',
    });
    expect(shape).toEqual([2, 7]);
    expect(inputIds[6]).toBe(tokenizer.padTokenId);
    expect(attentionMask[6]).toBe(0);
    expect(inputIds[tokenizer.tokenize('a').shape[1] - 1]).toBe(tokenizer.eosTokenId);
  });

  it('takes any string', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 0xffff })), (units) => {
        const ids = tokenizer.encode(String.fromCharCode(...units));
        expect(ids.every((id) => id >= 0 && id < tokenizer.vocabSize)).toBe(true);
      }),
    );
  });

  it('says which id is unknown', () => {
    expect(() => tokenizer.decode([tokenizer.vocabSize])).toThrow(
      `Tokenizer.decode: ids[0]: expected ids from 0 to ${tokenizer.vocabSize - 1}, received ${tokenizer.vocabSize}.`,
    );
    expect(tokenizer.decode([])).toBe('');
  });
});

describe('loadTokenizer', () => {
  const [wordPiece, byteLevel, unigram] = golden.files;

  it('reads the special tokens and the limit of the config', () => {
    const t5 = loadTokenizer(unigram!.tokenizer, unigram!.config);
    expect([t5.padTokenId, t5.bosTokenId, t5.eosTokenId]).toEqual([0, undefined, 1]);
    expect(t5.tokenize('the quick brown fox jumps').shape).toEqual([1, 8]);
    const bert = loadTokenizer(wordPiece!.tokenizer, wordPiece!.config);
    expect([bert.padTokenId, bert.bosTokenId, bert.eosTokenId]).toEqual([0, 2, 3]);
    const { pad_token: _, ...unpadded } = byteLevel!.config;
    expect(loadTokenizer(byteLevel!.tokenizer, unpadded).padTokenId).toBe(1);
    expect(loadTokenizer(byteLevel!.tokenizer).padTokenId).toBe(0);
  });

  it('refuses damaged files clearly', () => {
    const text = JSON.stringify(wordPiece!.tokenizer);
    expect(() => loadTokenizer(text.slice(0, 500))).toThrow(
      'loadTokenizer: tokenizerJson: not JSON. Is the file cut short?',
    );
    expect(() => loadTokenizer(text, '[]')).toThrow('loadTokenizer: tokenizerConfig: expected an object.');
    expect(() => loadTokenizer({ model: {} })).toThrow(
      'loadTokenizer: tokenizerJson: not a tokenizer that can be read here: ',
    );
    const tokenizer = loadTokenizer(text);
    expect(() => tokenizer.tokenize('a', { padding: 'contextLength' })).toThrow(
      'Tokenizer.tokenize: contextLength: this tokenizer has none of its own; give one to pad to.',
    );
    expect(() => tokenizer.tokenize('a', { contextLength: 2 })).toThrow('expected an integer above 2');
  });
});
