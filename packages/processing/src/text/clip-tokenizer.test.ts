import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { cleanClipText } from './clean-clip-text';
import { CLIPTokenizer } from './clip-tokenizer';

interface Case {
  text: string;
  ids: number[];
}
const golden = JSON.parse(
  readFileSync(new URL('../../golden/clip_tokenizer.json', import.meta.url), 'utf8'),
) as {
  cases: Case[];
  files: { vocab: Record<string, number>; merges: string; contextLength: number; cases: Case[] };
};

let tokenizer: CLIPTokenizer;
beforeAll(async () => {
  tokenizer = await CLIPTokenizer.load();
});

describe('CLIPTokenizer', () => {
  it('gives the ids of the original algorithm', () => {
    for (const { text, ids } of golden.cases)
      expect(tokenizer.encode(text), JSON.stringify(text)).toEqual(ids);
    expect(golden.cases.length).toBeGreaterThan(150);
  });

  it('gives the ids that the paper’s code prints', () => {
    expect(tokenizer.vocabSize).toBe(49408);
    expect(tokenizer.encode('a photo of a cat')).toEqual([320, 1125, 539, 320, 2368]);
    expect([tokenizer.bosTokenId, tokenizer.eosTokenId, tokenizer.padTokenId]).toEqual([49406, 49407, 0]);
  });

  it('makes rows with start, end, padding and a mask', () => {
    const { inputIds, attentionMask, shape } = tokenizer.tokenize(['a cat', ''], { contextLength: 5 });
    expect(shape).toEqual([2, 5]);
    expect([...inputIds]).toEqual([49406, 320, 2368, 49407, 0, 49406, 49407, 0, 0, 0]);
    expect([...attentionMask]).toEqual([1, 1, 1, 1, 0, 1, 1, 0, 0, 0]);
    expect(tokenizer.tokenize('a cat').shape).toEqual([1, 77]);
    expect(tokenizer.tokenize(['a cat', 'a'], { padding: 'longest' }).shape).toEqual([2, 4]);
    expect(tokenizer.tokenize([]).shape).toEqual([0, 77]);
  });

  it('cuts long texts before their end token', () => {
    const { inputIds } = tokenizer.tokenize('cat '.repeat(100));
    expect(inputIds).toHaveLength(77);
    expect([...inputIds.slice(-2)]).toEqual([2368, 49407]);
  });

  it('pads as told', async () => {
    const hub = await CLIPTokenizer.load({ padTokenId: 49407 });
    expect([...hub.tokenize('a', { contextLength: 5 }).inputIds]).toEqual([49406, 320, 49407, 49407, 49407]);
    await expect(CLIPTokenizer.load({ padTokenId: 49408 })).rejects.toThrow(
      'CLIPTokenizer: padTokenId: expected an id from 0 to 49407, received 49408.',
    );
  });

  it('takes typed special tokens as text', () => {
    expect(tokenizer.encode('<|endoftext|>')).not.toContain(49407);
    expect(tokenizer.decode(tokenizer.encode('<|endoftext|>'))).toBe('<| endoftext |>');
  });

  it('decodes up to the end', () => {
    expect(tokenizer.decode(tokenizer.tokenize('A  cat &amp; a café 😀').inputIds)).toBe('a cat & a café 😀');
    expect(tokenizer.decode([])).toBe('');
  });

  it('says which id is unknown', () => {
    for (const id of [49408, -1, 1.5, Number.NaN]) {
      expect(() => tokenizer.decode([320, id])).toThrow(
        `CLIPTokenizer.decode: ids[1]: expected ids from 0 to 49407, received ${id}. Is it another tokenizer's?`,
      );
    }
  });

  it('refuses what is no text, and a context too short', () => {
    expect(() => tokenizer.tokenize(['a', null as unknown as string])).toThrow(
      'CLIPTokenizer.tokenize: texts[1]: expected a string, received null.',
    );
    expect(() => tokenizer.tokenize('a', { contextLength: 2 })).toThrow(
      'CLIPTokenizer.tokenize: contextLength: expected an integer above 2 (the special tokens need that many), received 2.',
    );
    expect(() => tokenizer.tokenize('a', { contextLength: 7.5 })).toThrow('received 7.5');
  });

  it.each([
    ['one letter', 'a'.repeat(1e6)],
    ['one emoji', '😀'.repeat(250_000)],
    ['ampersands', '&amp'.repeat(250_000)],
    ['white space', ' \x1c'.repeat(500_000)],
  ])('encodes 1 MB of %s in seconds, not hours', (_, text) => {
    const start = process.cpuUsage();
    tokenizer.encode(text);
    expect(process.cpuUsage(start).user).toBeLessThan(4e6); // microseconds; half a second where nothing else runs
  });

  it('gives a byte order mark back', () => {
    for (const x of ['\ufeff', 'a \ufeff', '\ufeffb'])
      expect(tokenizer.decode(tokenizer.encode(x)).replaceAll(' ', '')).toBe(x.replaceAll(' ', ''));
  });

  it('takes any string, and gives back the cleaned text but for spaces', () => {
    const wellFormed = (text: string) =>
      new TextDecoder('utf-8', { ignoreBOM: true }).decode(new TextEncoder().encode(text));
    const spaceless = (text: string) => text.replace(/\p{White_Space}/gu, '');
    const text = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.string({ unit: 'grapheme' }),
      fc.array(fc.integer({ min: 0, max: 0xffff })).map((units) => String.fromCharCode(...units)),
      fc
        .array(
          fc.constantFrom("'S", '&am', 'p;', '&#', '55296;', '\ud83d', '\ude00', 'é', ' ', '<|endoftext|>'),
        )
        .map((s) => s.join('')),
    );
    fc.assert(
      fc.property(text, (x) => {
        const ids = tokenizer.encode(x);
        expect(ids.every((id) => id >= 0 && id < 49406)).toBe(true);
        expect(spaceless(tokenizer.decode(ids))).toBe(spaceless(wellFormed(cleanClipText(x))));
      }),
      { numRuns: 300 },
    );
  });
});

describe('CLIPTokenizer.fromFiles', () => {
  const { vocab, merges, contextLength, cases } = golden.files;

  it('gives the ids of transformers’ CLIPTokenizer on the same files', () => {
    const small = CLIPTokenizer.fromFiles({ vocab: JSON.stringify(vocab), merges }, { padTokenId: 1 });
    expect(small.vocabSize).toBe(Object.keys(vocab).length);
    for (const { text, ids } of cases) {
      expect([...small.tokenize(text, { contextLength }).inputIds], text).toEqual(ids);
    }
    expect(small.decode(cases[0]!.ids)).toBe('the quick brown fox');
  });

  it('says which id has no text', () => {
    const more = CLIPTokenizer.fromFiles({ vocab: { ...vocab, '<|more|>': 5000 }, merges });
    for (const id of [5000, 4000]) {
      expect(() => more.decode([id])).toThrow(
        `CLIPTokenizer.decode: id ${id} is neither a byte nor a merge of this vocabulary.`,
      );
    }
  });

  const without = (token: string) =>
    Object.fromEntries(Object.entries(vocab).filter(([name]) => name !== token));

  it.each([
    ['cut JSON', '{"a": 1', merges, 'CLIPTokenizer.fromFiles: vocab: not JSON. Is the file cut short?'],
    ['a list', '[]', merges, 'CLIPTokenizer.fromFiles: vocab: expected an object with an id for each token.'],
    ['no byte', without('\u00ff'), merges, 'vocab: no token "ÿ", a single byte. Is the file cut short?'],
    ['no end', without('<|endoftext|>'), merges, 'vocab: no token "<|endoftext|>", a special token.'],
    [
      'an id that is none',
      { ...vocab, '!': -1 },
      merges,
      'vocab: "!": expected an id from 0 to 16777215, received -1.',
    ],
    ['an id twice', { ...vocab, new: 5 }, merges, 'vocab: "new" has the id 5 of "$".'],
    ['half a merge', vocab, `${merges}lonely`, 'expected two tokens, received "lonely".'],
    [
      'an unknown merge',
      vocab,
      '#version: 0.2\n! \u0100\n',
      'vocab: no token "!Ā", which line 2 of merges needs.',
    ],
  ])('refuses files with %s', (_, badVocab, badMerges, message) => {
    expect(() => CLIPTokenizer.fromFiles({ vocab: badVocab, merges: badMerges })).toThrow(message);
  });
});
