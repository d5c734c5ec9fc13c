import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { loadTokenizerFiles, type TokenizerFiles, tokenizerJsonFiles } from './load-tokenizer-files';

interface Repository {
  name: string;
  modelType: string | null;
  files: Record<string, string | { base64: string }>;
  tokens: Record<'pad' | 'bos' | 'eos' | 'cls' | 'sep', number | null>;
  length: number;
  ids: (number[] | null)[];
}
const golden = JSON.parse(
  readFileSync(new URL('../../golden/tokenizer_files.json', import.meta.url), 'utf8'),
) as { texts: string[]; repositories: Repository[] };

function filesOf({ files }: Repository): TokenizerFiles {
  return Object.fromEntries(
    Object.entries(files).map(([name, content]) => [
      name,
      typeof content === 'string' ? content : new Uint8Array(Buffer.from(content.base64, 'base64')),
    ]),
  );
}

function repository(name: string): Repository {
  return golden.repositories.find((r) => r.name.includes(name))!;
}

describe.each(golden.repositories)('loadTokenizerFiles with the files of $name', (repository) => {
  const { modelType, tokens, length, ids } = repository;
  const tokenizer = loadTokenizerFiles(filesOf(repository), modelType === null ? {} : { modelType });

  it("gives transformers' ids", () => {
    let compared = 0;
    for (const [i, text] of golden.texts.entries()) {
      const expected = ids[i];
      if (!expected) continue;
      const ours = [...tokenizer.tokenize(text, { contextLength: 10_000 }).inputIds];
      expect(ours, JSON.stringify(text)).toEqual(expected);
      compared++;
    }
    expect(compared).toBeGreaterThan(80);
  });

  it('says the same in the files of today', () => {
    const files = tokenizerJsonFiles(filesOf(repository), modelType === null ? {} : { modelType });
    const again = loadTokenizerFiles(files);
    expect(again.padTokenId).toBe(tokenizer.padTokenId);
    for (const text of golden.texts.slice(0, 20))
      expect(again.tokenize(text).inputIds).toEqual(tokenizer.tokenize(text).inputIds);
    expect(tokenizerJsonFiles(files)).toEqual(files);
  });

  it("has transformers' special tokens and size", () => {
    expect(tokenizer.bosTokenId ?? null).toBe(tokens.bos ?? tokens.cls);
    expect(tokenizer.eosTokenId ?? null).toBe(tokens.eos ?? tokens.sep);
    expect(tokenizer.padTokenId).toBe(tokens.pad ?? tokens.eos);
    expect(tokenizer.vocabSize).toBe(length);
  });
});

describe('loadTokenizerFiles', () => {
  const load = (files: Record<string, unknown>, modelType?: string) => () =>
    loadTokenizerFiles(files as TokenizerFiles, modelType === undefined ? {} : { modelType });

  it('cuts and pads as the options or the files say', () => {
    const clip = filesOf(repository('clip'));
    expect(loadTokenizerFiles(clip)).toMatchObject({ contextLength: 77, padding: 'longest' });
    const siglip = loadTokenizerFiles(filesOf(repository('google/siglip')), {
      contextLength: 8,
      padding: 'contextLength',
    });
    const { inputIds, shape } = siglip.tokenize(['a cat', 'a photo of the quick brown fox']);
    expect(shape).toEqual([2, 8]);
    expect([inputIds[7], inputIds[15]]).toEqual([1, 1]);
  });

  it('reads files as bytes, too', () => {
    const { vocab, ...others } = { vocab: filesOf(repository('bert'))['vocab.txt'] as string };
    const bytes = loadTokenizerFiles({ ...others, 'vocab.txt': new TextEncoder().encode(vocab) });
    expect(bytes.encode('the cat')).toEqual(loadTokenizerFiles({ 'vocab.txt': vocab }).encode('the cat'));
  });

  it('names the file and the key that it cannot use', () => {
    const gpt2 = filesOf(repository('gpt2'));
    const spiece = filesOf(repository('without tokenizer.json'))['spiece.model'] as Uint8Array;
    expect(load({})).toThrow(
      'loadTokenizerFiles: files: expected tokenizer.json, vocab.txt, vocab.json and merges.txt, or the bytes of spiece.model, received none.',
    );
    expect(load({ 'tokenizer.json': '{' })).toThrow(
      'loadTokenizerFiles: tokenizer.json: not JSON. Is the file cut short?',
    );
    expect(load({ 'tokenizer.json': '[]' })).toThrow(
      'loadTokenizerFiles: tokenizer.json: expected an object.',
    );
    expect(load({ 'vocab.txt': new Uint8Array([255]) })).toThrow(
      'loadTokenizerFiles: vocab.txt: is not UTF-8.',
    );
    expect(load({ 'vocab.txt': 'a\nb\n' })).toThrow(
      'loadTokenizerFiles: vocab.txt: no [UNK] (unk_token) in its 2 lines.',
    );
    expect(load({ 'vocab.txt': 'a\n', 'tokenizer_config.json': '{"tokenizer_class":"XTokenizer"}' })).toThrow(
      'loadTokenizerFiles: tokenizer_config.json: tokenizer_class: expected BertTokenizer for vocab.txt without tokenizer.json, received "XTokenizer".',
    );
    expect(load(gpt2, 'whisper')).toThrow(
      'loadTokenizerFiles: modelType: expected CLIPTokenizer, GPT2Tokenizer or Qwen2Tokenizer for vocab.json and merges.txt without tokenizer.json, received "whisper".',
    );
    expect(load({ ...gpt2, 'merges.txt': 'a b c\n' }, 'gpt2')).toThrow(
      'loadTokenizerFiles: merges.txt: line 1: expected two tokens, received "a b c".',
    );
    expect(load({ ...gpt2, 'merges.txt': 'Q Q\n' }, 'gpt2')).toThrow(
      'loadTokenizerFiles: vocab.json: no token "QQ", which line 1 of merges.txt needs.',
    );
    expect(load({ ...gpt2, 'vocab.json': '{"a":-1}' }, 'gpt2')).toThrow(
      'loadTokenizerFiles: vocab.json: "a": expected an id from 0 to ',
    );
    expect(load({ ...gpt2, 'special_tokens_map.json': '{"pad_token":"[P]"}' }, 'gpt2')).toThrow(
      'loadTokenizerFiles: tokenizer_config.json: pad_token: "[P]" is not in vocab.json.',
    );
    expect(load({ ...gpt2, 'added_tokens.json': '{"[P]":"x"}' }, 'gpt2')).toThrow(
      'loadTokenizerFiles: added_tokens.json: "[P]": expected an id, received "x".',
    );
    expect(load({ 'spiece.model': spiece.subarray(0, 3000) }, 'siglip')).toThrow(
      /^loadTokenizerFiles: spiece.model: is damaged at byte \d+. Is the file cut short\?$/,
    );
    expect(load({ 'spiece.model': new Uint8Array() }, 'siglip')).toThrow(
      'loadTokenizerFiles: spiece.model: has no pieces. Is it a SentencePiece model?',
    );
    expect(load({ 'spiece.model': spiece }, 't5')).toThrow(
      'loadTokenizerFiles: modelType: expected SiglipTokenizer for spiece.model without tokenizer.json, received "t5".',
    );
  });
});
