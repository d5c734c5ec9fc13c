import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BertTokenizer } from './bert-tokenizer';

interface Case {
  text: string;
  ids: number[];
}
const golden = JSON.parse(
  readFileSync(new URL('../../golden/bert_tokenizer.json', import.meta.url), 'utf8'),
) as {
  vocab: string[];
  lower: Case[];
  cased: Case[];
  pairs: (Case & { pair: string; types: number[]; contextLength: number })[];
  decoded: Case[];
};
const vocab = `${golden.vocab.join('\n')}\n`;
const tokenizer = BertTokenizer.fromFiles({ vocab });
const id = (token: string) => golden.vocab.indexOf(token);

describe('BertTokenizer', () => {
  it('gives the ids of transformers’ BertTokenizer', () => {
    for (const { text, ids } of golden.lower)
      expect(tokenizer.encode(text), JSON.stringify(text)).toEqual(ids);
    expect(golden.lower.length).toBeGreaterThan(150);
  });

  it('gives them for a cased vocabulary', () => {
    const cased = BertTokenizer.fromFiles({ vocab: vocab.replaceAll('\n', '\r\n') }, { lowercase: false });
    for (const { text, ids } of golden.cased) expect(cased.encode(text), JSON.stringify(text)).toEqual(ids);
  });

  it('cuts pairs as transformers does, and gives their types', () => {
    for (const { text, pair, contextLength, ids, types } of golden.pairs) {
      const row = tokenizer.tokenize(text, { textPairs: [pair], contextLength });
      expect([...row.inputIds], JSON.stringify([text, pair, contextLength])).toEqual(ids);
      expect([...row.tokenTypeIds]).toEqual(types);
      expect([...row.attentionMask]).toEqual(ids.map(() => 1));
    }
  });

  it('decodes as transformers does', () => {
    for (const { ids, text } of golden.decoded) expect(tokenizer.decode(ids), JSON.stringify(ids)).toBe(text);
  });

  it('pads a batch', () => {
    const [cls, sep, pad] = [id('[CLS]'), id('[SEP]'), id('[PAD]')];
    const batch = tokenizer.tokenize(['the cat', ''], { textPairs: ['cat', 'the'], padding: 'longest' });
    expect(batch.shape).toEqual([2, 6]);
    expect([...batch.inputIds]).toEqual([
      ...[cls, id('the'), id('cat'), sep, id('cat'), sep],
      ...[cls, sep, id('the'), sep, pad, pad],
    ]);
    expect([...batch.attentionMask]).toEqual([1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0]);
    expect([...batch.tokenTypeIds]).toEqual([0, 0, 0, 0, 1, 1, 0, 0, 1, 1, 0, 0]);
    const fixed = tokenizer.tokenize('the the the', { contextLength: 4, padding: 'contextLength' });
    expect([...fixed.inputIds]).toEqual([cls, id('the'), id('the'), sep]);
    expect(tokenizer.tokenize('the', { contextLength: 52, padding: 'contextLength' }).shape).toEqual([1, 52]);
    expect(tokenizer.tokenize([]).shape).toEqual([0, 0]);
  });

  it('takes typed special tokens as text, and knows ids by name', () => {
    expect(tokenizer.encode('[MASK] [SEP]')).not.toContain(id('[MASK]'));
    expect(tokenizer.tokenToId('[MASK]')).toBe(id('[MASK]'));
    expect(tokenizer.tokenToId('constructor')).toBeUndefined();
  });

  it('makes a word unknown beyond maxCharsPerWord', () => {
    const short = BertTokenizer.fromFiles({ vocab }, { maxCharsPerWord: 3 });
    expect(short.encode('aaa aaaa')).toEqual([...tokenizer.encode('aaa'), tokenizer.unkTokenId]);
  });

  it('lowers a final sigma like any other, and counts characters, not UTF-16 units', () => {
    const greek = BertTokenizer.fromFiles({ vocab: '[PAD]\n[UNK]\n[CLS]\n[SEP]\nσ\n##σ\n##ς\n𝕏\n##𝕏\n' });
    expect(greek.encode('ΣΣ Σς')).toEqual([4, 5, 4, 6]); // as transformers
    expect(greek.encode('𝕏'.repeat(100))).toEqual([7, ...Array(99).fill(8)]);
    expect(greek.encode('𝕏'.repeat(101))).toEqual([1]);
  });

  it('refuses bad input clearly', () => {
    expect(() => BertTokenizer.fromFiles({ vocab: '[PAD]\n[UNK]\nthe' })).toThrow(
      "BertTokenizer.fromFiles: vocab: [CLS], [SEP] missing from its 3 lines. Is it a vocab.txt of BERT's kind?",
    );
    expect(() => BertTokenizer.fromFiles({ vocab }, { maxCharsPerWord: 0 })).toThrow(
      'BertTokenizer.fromFiles: maxCharsPerWord: expected a positive integer, received 0.',
    );
    expect(() => tokenizer.decode([golden.vocab.length])).toThrow(
      `BertTokenizer.decode: ids[0]: expected ids from 0 to ${golden.vocab.length - 1}, received ${golden.vocab.length}.`,
    );
    expect(() => tokenizer.tokenize(['a', 'b'], { textPairs: ['c'] })).toThrow(
      'BertTokenizer.tokenize: textPairs: expected 2, one for each text, received 1.',
    );
    expect(() => tokenizer.tokenize('a', { textPairs: [3 as unknown as string] })).toThrow(
      'BertTokenizer.tokenize: textPairs[0]: expected a string, received number.',
    );
    expect(() => tokenizer.tokenize('a', { textPairs: ['b'], contextLength: 3 })).toThrow(
      'BertTokenizer.tokenize: contextLength: expected an integer above 3',
    );
  });

  it('takes any string', () => {
    const unit = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.integer({ min: 0, max: 0xffff }).map((u) => String.fromCharCode(u)),
    );
    fc.assert(
      fc.property(fc.array(unit), (parts) => {
        const ids = tokenizer.encode(parts.join(''));
        expect(ids.every((x) => x >= 0 && x < tokenizer.vocabSize)).toBe(true);
        tokenizer.decode(ids);
      }),
      { numRuns: 200 },
    );
  });
});
