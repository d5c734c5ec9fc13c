import { DataError } from '../errors';
import { type AddedTokens, withIds } from './added-tokens';
import type { Json } from './load-tokenizer';
import { tokenizerClasses } from './tokenizer-classes';

/** The `tokenizer.json` of a `vocab.txt` of BERT's kind: a token a line, its id the line's number from 0. */
export function bertTokenizerJson(vocab: string, config: Json, added: AddedTokens): Json {
  const lines = vocab.split(/\r?\n/);
  if (lines.at(-1) === '') lines.pop();
  const ids = new Map(lines.map((token, id) => [token, id]));
  const presets = tokenizerClasses.BertTokenizer.tokens;
  const tokens = withIds(added, ids, Object.values(presets), 'vocab.txt');
  const needed = (key: string) => {
    const token = config[key] ?? presets[key];
    const content = typeof token === 'string' ? token : (token as { content: string }).content;
    const id = tokens.find((token) => token.content === content)?.id;
    if (id !== undefined) return [content, id] as const;
    throw new DataError(
      `loadTokenizerFiles: vocab.txt: no ${content} (${key}) in its ${lines.length} lines. Is it one of BERT's kind?`,
    );
  };
  const [unk] = needed('unk_token');
  const [cls, clsId] = needed('cls_token');
  const [sep, sepId] = needed('sep_token');
  const special = (id: string, type_id: number) => ({ SpecialToken: { id, type_id } });
  const sequence = (id: string, type_id: number) => ({ Sequence: { id, type_id } });
  const single = [special(cls, 0), sequence('A', 0), special(sep, 0)];
  return {
    version: '1.0',
    truncation: null,
    padding: null,
    added_tokens: tokens,
    normalizer: {
      type: 'BertNormalizer',
      clean_text: true,
      handle_chinese_chars: config['tokenize_chinese_chars'] !== false,
      strip_accents: config['strip_accents'] ?? null,
      lowercase: config['do_lower_case'] !== false,
    },
    pre_tokenizer: { type: 'BertPreTokenizer' },
    post_processor: {
      type: 'TemplateProcessing',
      single,
      pair: [...single, sequence('B', 1), special(sep, 1)],
      special_tokens: {
        [cls]: { id: cls, ids: [clsId], tokens: [cls] },
        [sep]: { id: sep, ids: [sepId], tokens: [sep] },
      },
    },
    decoder: { type: 'WordPiece', prefix: '##', cleanup: true },
    model: {
      type: 'WordPiece',
      unk_token: unk,
      continuing_subword_prefix: '##',
      max_input_chars_per_word: 100,
      vocab: Object.fromEntries(ids),
    },
  };
}
