import {
  type ConfigField,
  type ConfigFields,
  checkModelType,
  configObject,
  field,
  readConfig,
} from '@crossmodal/hub';
import { HIDDEN_ACTS, type HiddenAct } from '../shared/activation-names';
import { checkHeads } from '../shared/check-blocks';

/** Sizes of a {@link BertModel}: transformers' `BertConfig`, in camelCase, and `pooler`. */
export interface BertConfig {
  vocabSize: number;
  hiddenSize: number;
  intermediateSize: number;
  numHiddenLayers: number;
  numAttentionHeads: number;
  /** The longest text, in tokens. */
  maxPositionEmbeddings: number;
  /** Number of kinds of tokens: those of a first text, those of a second. */
  typeVocabSize: number;
  hiddenAct: HiddenAct;
  layerNormEps: number;
  /** Rate of dropout in training: of the embeddings, and at the end of both halves of a block. */
  hiddenDropoutProb: number;
  /** Standard deviation of the weights' first values. */
  initializerRange: number;
  /** The token whose vector starts as zeros and is not trained. */
  padTokenId: number;
  /** Whether the first token goes through a dense layer and tanh. Default true; not transformers'. */
  pooler?: boolean | undefined;
}

const FIELDS: ConfigFields<BertConfig> = {
  vocabSize: field.integer(30522),
  hiddenSize: field.integer(768),
  intermediateSize: field.integer(3072),
  numHiddenLayers: field.integer(12),
  numAttentionHeads: field.integer(12),
  maxPositionEmbeddings: field.integer(512),
  typeVocabSize: field.integer(2),
  hiddenAct: field.oneOf(HIDDEN_ACTS, 'gelu'),
  layerNormEps: field.number(1e-12),
  hiddenDropoutProb: field.number(0.1),
  initializerRange: field.number(0.02),
  padTokenId: field.integer(0, 0),
  pooler: field.optional(field.boolean(true)),
};

const always = (preset: boolean): ConfigField<boolean> => ({
  preset,
  expected: String(preset),
  check: (value) => value === preset,
});

/** What has to be so, and is not kept. */
const REQUIRED = {
  positionEmbeddingType: field.oneOf(['absolute'], 'absolute'),
  isDecoder: always(false),
  addCrossAttention: always(false),
  tieWordEmbeddings: always(true),
};

/**
 * Reads transformers' `BertConfig`, parsed: a `config.json`, or the section `text_config` of a Chinese-CLIP's or an ALIGN's.
 * Dropout of attention's weights (`attention_probs_dropout_prob`) is passed over: ours has none.
 *
 * @param caller What errors begin with; `path` what they say before a key.
 * @throws ConfigError when it is of another kind of model, or a value cannot be.
 * @example
 * const bert = new BertModel({ ...readBertConfig(JSON.parse(text)), rng: new Rng(0) });
 */
export function readBertConfig(json: unknown, caller = 'readBertConfig', path = ''): BertConfig {
  const what = path === '' ? 'the file' : path.slice(0, -1);
  checkModelType(
    configObject(json, what, caller),
    ['bert', 'chinese_clip_text_model', 'align_text_model'],
    caller,
  );
  readConfig(json, REQUIRED, caller, path);
  return checkHeads(readConfig(json, FIELDS, caller, path), caller, path);
}
