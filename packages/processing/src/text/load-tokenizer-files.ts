import { ConfigError, DataError } from '../errors';
import { addedTokens } from './added-tokens';
import { bertTokenizerJson } from './bert-tokenizer-json';
import { bytePairTokenizerJson } from './byte-pair-tokenizer-json';
import { type Json, loadTokenizer } from './load-tokenizer';
import { siglipTokenizerJson } from './siglip-tokenizer-json';
import type { TokenizeOptions, Tokenizer } from './tokenizer';
import { type TokenizerClass, tokenizerClasses, tokenizerClassNames } from './tokenizer-classes';

/** The names that a tokenizer's files have in a repository. */
export const tokenizerFileNames = [
  'tokenizer.json',
  'tokenizer_config.json',
  'special_tokens_map.json',
  'added_tokens.json',
  'vocab.txt',
  'vocab.json',
  'merges.txt',
  'spiece.model',
] as const;

/** Files of a tokenizer by name, as their bytes; as text or bytes all but `spiece.model`. */
export type TokenizerFiles = Readonly<
  Partial<Record<(typeof tokenizerFileNames)[number], Uint8Array | string>>
>;

export interface LoadTokenizerFilesOptions extends TokenizeOptions {
  /** The `model_type` of the model's `config.json`, for files that do not say whose tokenizer they are. */
  modelType?: string;
}

const WHERE = 'loadTokenizerFiles';

/**
 * The tokenizer of a Hugging Face checkpoint from the files it has: its `tokenizer.json`, or what older ones have in
 * its place, which is `vocab.txt` (BERT's kind), `vocab.json` and `merges.txt` (CLIP's, GPT-2's and Qwen2's) or
 * `spiece.model` (SigLIP's). Ids are those of `transformers`; special tokens written in a text are recognised, as there.
 *
 * @param options `contextLength` and `padding` are what `tokenize` does unless told otherwise: without any, it cuts
 *   to the `model_max_length` of `tokenizer_config.json` and pads to the longest row.
 * @throws DataError when a file is damaged or the files are not enough (it names the file and the key); ConfigError
 *   for a tokenizer class that we cannot build from older files.
 *
 * @example
 * const vocab = await readFile('gpt2/vocab.json');
 * const merges = await readFile('gpt2/merges.txt');
 * const tokenizer = loadTokenizerFiles({ 'vocab.json': vocab, 'merges.txt': merges }, { modelType: 'gpt2' });
 */
export function loadTokenizerFiles(
  files: TokenizerFiles,
  { modelType, ...defaults }: LoadTokenizerFilesOptions = {},
): Tokenizer {
  const { json, config } = describe(files, modelType);
  return loadTokenizer(json, config, defaults);
}

/**
 * The `tokenizer.json` and `tokenizer_config.json` of a checkpoint, as their texts, with all that its files say: for
 * libraries that read no others.
 *
 * @param options `modelType` as of {@link loadTokenizerFiles}.
 * @throws DataError or ConfigError as {@link loadTokenizerFiles}.
 *
 * @example
 * const { 'tokenizer.json': json } = tokenizerJsonFiles({ 'vocab.txt': await readFile('bert/vocab.txt') });
 */
export function tokenizerJsonFiles(
  files: TokenizerFiles,
  { modelType }: Pick<LoadTokenizerFilesOptions, 'modelType'> = {},
): Record<'tokenizer.json' | 'tokenizer_config.json', string> {
  const { json, config } = describe(files, modelType);
  const given = files['tokenizer.json'] === undefined ? undefined : text(files, 'tokenizer.json');
  return {
    'tokenizer.json': given ?? `${JSON.stringify(json, undefined, 2)}\n`,
    'tokenizer_config.json': `${JSON.stringify(config, undefined, 2)}\n`,
  };
}

/** What the files say, as `tokenizer.json` and `tokenizer_config.json` would. */
function describe(files: TokenizerFiles, modelType: string | undefined): { json: Json; config: Json } {
  const given = readJson(files, 'tokenizer_config.json');
  const known = classOf(given?.['tokenizer_class'] ?? undefined, modelType, files);
  const config = {
    ...(known && tokenizerClasses[known].tokens),
    ...readJson(files, 'special_tokens_map.json'),
    ...given,
  };
  const json = readJson(files, 'tokenizer.json') ?? build(files, known, config, modelType);
  return { json, config };
}

/** By the name in the files, or else the model's; nothing but BERT's kind has a `vocab.txt`. */
function classOf(
  name: unknown,
  modelType: string | undefined,
  files: TokenizerFiles,
): TokenizerClass | undefined {
  if (name !== undefined)
    return tokenizerClassNames.find((known) => name === known || name === `${known}Fast`);
  if (modelType === undefined) return files['vocab.txt'] === undefined ? undefined : 'BertTokenizer';
  return tokenizerClassNames.find((known) => tokenizerClasses[known].modelTypes.includes(modelType));
}

/** What would be the `tokenizer.json` of older files. */
function build(
  files: TokenizerFiles,
  known: TokenizerClass | undefined,
  config: Json,
  modelType: string | undefined,
): Json {
  const added = addedTokens(config, readJson(files, 'added_tokens.json'));
  const unknown = (file: string, able: string) => {
    const name = config['tokenizer_class'];
    const [key, received] =
      typeof name === 'string' ? ['tokenizer_config.json: tokenizer_class', name] : ['modelType', modelType];
    return new ConfigError(
      `${WHERE}: ${key}: expected ${able} for ${file} without tokenizer.json, received ${JSON.stringify(received)}.`,
    );
  };
  if (files['vocab.txt'] !== undefined) {
    if (known !== 'BertTokenizer') throw unknown('vocab.txt', 'BertTokenizer');
    return bertTokenizerJson(text(files, 'vocab.txt'), config, added);
  }
  if (files['vocab.json'] !== undefined && files['merges.txt'] !== undefined) {
    if (known !== 'CLIPTokenizer' && known !== 'GPT2Tokenizer' && known !== 'Qwen2Tokenizer') {
      throw unknown('vocab.json and merges.txt', 'CLIPTokenizer, GPT2Tokenizer or Qwen2Tokenizer');
    }
    const pair = { vocab: text(files, 'vocab.json'), merges: text(files, 'merges.txt') };
    return bytePairTokenizerJson(pair, known, config, added);
  }
  if (files['spiece.model'] instanceof Uint8Array) {
    if (known !== 'SiglipTokenizer') throw unknown('spiece.model', 'SiglipTokenizer');
    return siglipTokenizerJson(files['spiece.model'], config, added);
  }
  throw new DataError(
    `${WHERE}: files: expected tokenizer.json, vocab.txt, vocab.json and merges.txt, or the bytes of spiece.model, ` +
      `received ${Object.keys(files).join(', ') || 'none'}.`,
  );
}

function text(files: TokenizerFiles, name: keyof TokenizerFiles): string {
  const content = files[name]!;
  if (typeof content === 'string') return content;
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(content);
  } catch (cause) {
    throw new DataError(`${WHERE}: ${name}: is not UTF-8.`, { cause });
  }
}

function readJson(files: TokenizerFiles, name: keyof TokenizerFiles): Json | undefined {
  if (files[name] === undefined) return undefined;
  let value: unknown;
  try {
    value = JSON.parse(text(files, name));
  } catch (cause) {
    if (cause instanceof DataError) throw cause;
    throw new DataError(`${WHERE}: ${name}: not JSON. Is the file cut short?`, { cause });
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Json;
  throw new DataError(`${WHERE}: ${name}: expected an object.`);
}
