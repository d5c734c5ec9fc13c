interface TokenizerClassFacts {
  /** The `model_type`s whose tokenizer it is where nothing says so. */
  modelTypes: readonly string[];
  /** Its special tokens where the files name none. */
  tokens: Readonly<Record<string, string>>;
}

/** `transformers`' tokenizer classes that are built from files older than `tokenizer.json`. */
export type TokenizerClass =
  | 'BertTokenizer'
  | 'CLIPTokenizer'
  | 'GPT2Tokenizer'
  | 'Qwen2Tokenizer'
  | 'SiglipTokenizer';

const end = '<|endoftext|>';

export const tokenizerClasses: Readonly<Record<TokenizerClass, TokenizerClassFacts>> = {
  BertTokenizer: {
    modelTypes: ['bert', 'chinese_clip', 'align'],
    tokens: {
      unk_token: '[UNK]',
      sep_token: '[SEP]',
      pad_token: '[PAD]',
      cls_token: '[CLS]',
      mask_token: '[MASK]',
    },
  },
  CLIPTokenizer: {
    modelTypes: ['clip'],
    tokens: { unk_token: end, bos_token: '<|startoftext|>', eos_token: end, pad_token: end },
  },
  GPT2Tokenizer: {
    modelTypes: ['gpt2'],
    tokens: { unk_token: end, bos_token: end, eos_token: end },
  },
  Qwen2Tokenizer: {
    modelTypes: ['qwen2', 'qwen2_vl'],
    tokens: { unk_token: end, eos_token: end, pad_token: end },
  },
  SiglipTokenizer: {
    modelTypes: ['siglip'],
    tokens: { unk_token: '<unk>', eos_token: '</s>', pad_token: '</s>' },
  },
};

export const tokenizerClassNames = Object.keys(tokenizerClasses) as TokenizerClass[];
