import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ByteLevelBPETokenizer } from './byte-level-bpe-tokenizer';
import { loadTokenizer } from './load-tokenizer';
import { type TrainByteLevelBPEOptions, trainByteLevelBPE } from './train-byte-level-bpe';

type Run = TrainByteLevelBPEOptions & {
  corpus: string[];
  tokenizerJson: { model: { merges: [string, string][] } };
  cases: { text: string; ids: number[] }[];
};
const golden = JSON.parse(
  readFileSync(new URL('../../golden/byte_level_bpe.json', import.meta.url), 'utf8'),
) as { runs: Run[] };

function train({ corpus, tokenizerJson: _json, cases: _cases, ...options }: Run) {
  return trainByteLevelBPE(corpus, options);
}

describe.each(golden.runs)('trainByteLevelBPE with $vocabSize ids and $specialTokens', (run) => {
  it('learns the merges of the Rust library, and writes its tokenizer.json', async () => {
    const json = (await train(run)).toJSON();
    expect((json['model'] as Run['tokenizerJson']['model']).merges).toEqual(run.tokenizerJson.model.merges);
    expect(json).toEqual(run.tokenizerJson);
  });

  it('encodes as the Rust library, and decodes to the text', async () => {
    const tokenizer = await train(run);
    for (const { text, ids } of run.cases) {
      expect(tokenizer.encode(text), JSON.stringify(text)).toEqual(ids);
      expect(tokenizer.decode(ids)).toBe(text);
    }
  });

  it('gives any text back', async () => {
    const tokenizer = await train(run);
    const text = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.array(fc.constantFrom('a', 'b', ' ', '<s>', '\ufeff')),
    );
    fc.assert(
      fc.property(text, (x) => {
        const whole = typeof x === 'string' ? x : x.join('');
        expect(tokenizer.decode(tokenizer.encode(whole))).toBe(whole);
      }),
      { numRuns: 200 },
    );
  });
});

describe('ByteLevelBPETokenizer', () => {
  const rows = golden.runs[2]!;

  it('makes rows with start, end and padding', async () => {
    const tokenizer = await train(rows);
    const { inputIds, attentionMask, shape } = tokenizer.tokenize(['abcabc', ''], {
      contextLength: 4,
      padding: 'contextLength',
    });
    const text = tokenizer.encode('abcabc');
    expect(text.length).toBeGreaterThan(0);
    expect(shape).toEqual([2, 4]);
    expect([...inputIds.slice(4)]).toEqual([1, 2, 0, 0]);
    expect([...attentionMask.slice(4)]).toEqual([1, 1, 0, 0]);
    expect([...tokenizer.tokenize('abcabc').inputIds]).toEqual([1, ...text, 2]);
    const cut = tokenizer.tokenize('edcba edcba edcba', { contextLength: 5 }).inputIds;
    expect([...cut]).toEqual([1, ...tokenizer.encode('edcba edcba edcba').slice(0, 3), 2]);
    expect([tokenizer.padTokenId, tokenizer.bosTokenId, tokenizer.eosTokenId]).toEqual([0, 1, 2]);
  });

  it('loads again from its own files', async () => {
    const tokenizer = await train(rows);
    const loaded = loadTokenizer(
      JSON.stringify(tokenizer.toJSON()),
      JSON.stringify(tokenizer.toConfigJSON()),
    );
    const texts = ['abc de', 'é 😀', ''];
    expect(loaded.tokenize(texts)).toEqual(tokenizer.tokenize(texts));
    expect(loaded.vocabSize).toBe(tokenizer.vocabSize);
    expect(loaded.decode(loaded.encode('a , b'))).toBe('a , b');
  });

  it('knows ids by name', async () => {
    const tokenizer = await train(rows);
    expect(tokenizer.tokenToId('</s>')).toBe(2);
    expect(tokenizer.encode(' ')).toEqual([tokenizer.tokenToId(' ')]);
    expect(tokenizer.tokenToId('none such')).toBeUndefined();
  });

  it('refuses a vocabulary that does not fit together', () => {
    expect(() => new ByteLevelBPETokenizer({ specialTokens: [], merges: [[0, 256]] })).toThrow(
      'ByteLevelBPETokenizer: merges: [0, 256]: expected ids below 256, which are known then.',
    );
    expect(() => new ByteLevelBPETokenizer({ specialTokens: [], merges: [], bosToken: '<s>' })).toThrow(
      'ByteLevelBPETokenizer: bosToken: expected one of specialTokens (none), received "<s>".',
    );
    const pair = new ByteLevelBPETokenizer({ specialTokens: [], merges: [[64, 65]] });
    expect(pair.encode('abab')).toEqual([256, 256]);
  });

  it('takes lone surrogates, and refuses what it must', async () => {
    const tokenizer = await train(rows);
    expect(tokenizer.decode(tokenizer.encode('a\ud83d'))).toBe('a\ufffd');
    expect(() => tokenizer.decode([tokenizer.vocabSize])).toThrow(
      `ByteLevelBPETokenizer.decode: ids[0]: expected ids from 0 to ${tokenizer.vocabSize - 1}`,
    );
    expect(() => tokenizer.tokenize('a', { padding: 'contextLength' })).toThrow(
      'ByteLevelBPETokenizer.tokenize: contextLength: expected an integer above 2 (the special tokens need that many), received undefined.',
    );
    expect(() => tokenizer.tokenize([1 as unknown as string])).toThrow(
      'texts[0]: expected a string, received number.',
    );
  });
});

describe('trainByteLevelBPE', () => {
  it.each<[Partial<TrainByteLevelBPEOptions>, string]>([
    [
      { vocabSize: 256 },
      'vocabSize: expected an integer from 257 (256 bytes and 1 special tokens) to 16777216, received 256.',
    ],
    [{ minFrequency: -1 }, 'minFrequency: expected an integer from 0, received -1.'],
    [
      { specialTokens: ['<s>', '<s>'] },
      'specialTokens[1]: expected a token unlike the others, of two characters or more, received "<s>".',
    ],
    [
      { specialTokens: ['a'] },
      'specialTokens[0]: expected a token unlike the others, of two characters or more, received "a".',
    ],
    [{ eosToken: '</s>' }, 'eosToken: expected one of specialTokens (<s>), received "</s>".'],
  ])('refuses %j', async (options, message) => {
    const training = trainByteLevelBPE(['a'], { vocabSize: 300, specialTokens: ['<s>'], ...options });
    await expect(training).rejects.toThrow(`trainByteLevelBPE: ${message}`);
  });

  it('refuses a corpus with something else in it', async () => {
    const training = trainByteLevelBPE(['a', 1 as unknown as string], { vocabSize: 300 });
    await expect(training).rejects.toThrow(
      'trainByteLevelBPE: corpus: text 1: expected a string, received number.',
    );
  });

  it('stops learning where the corpus has no more to give', async () => {
    expect((await trainByteLevelBPE([], { vocabSize: 1000 })).vocabSize).toBe(256);
    expect((await trainByteLevelBPE(['ab ab'], { vocabSize: 1000 })).vocabSize).toBe(257);
  });

  it('reads an asynchronous corpus, says how far it is, and can be aborted', async () => {
    async function* texts() {
      for (let i = 0; i < 4000; i++) yield `word${i} and${i % 7} more`;
    }
    const aborter = new AbortController();
    const seen: string[] = [];
    const training = trainByteLevelBPE(texts(), {
      vocabSize: 20_000,
      signal: aborter.signal,
      onProgress: ({ stage, done, total }) => {
        seen.push(stage);
        if (stage === 'merging' && done <= total!) aborter.abort();
      },
    });
    await expect(training).rejects.toThrow('aborted');
    expect(seen.at(-1)).toBe('merging');
    await expect(trainByteLevelBPE(['a'], { vocabSize: 300, signal: AbortSignal.abort() })).rejects.toThrow(
      'aborted',
    );
  });

  it('learns from a million letters without a space in seconds', async () => {
    const start = process.cpuUsage();
    const tokenizer = await trainByteLevelBPE(['ab'.repeat(500_000)], { vocabSize: 280 });
    expect(process.cpuUsage(start).user).toBeLessThan(10e6); // microseconds
    expect(tokenizer.encode('ab'.repeat(500_000)).length).toBeLessThan(1000);
  });
});
