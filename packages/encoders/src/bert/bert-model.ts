import {
  assertShape,
  type CheckpointKeys,
  Dropout,
  Embedding,
  type ForwardContext,
  LayerNorm,
  Linear,
  Module,
  type Rng,
} from '@crossmodal/core';
import { type PretrainedFamily, PretrainedModule, writeConfig } from '@crossmodal/hub';
import * as tf from '@tensorflow/tfjs-core';
import { hasPooler } from '../shared/has-pooler';
import { initializeNormal } from '../shared/initialize-linears';
import { PositionEmbedding } from '../shared/position-embedding';
import { checkInputIds, type TextTransformerInput } from '../shared/text-input';
import { tokenAt } from '../shared/token-at';
import type { TextEncoder, TextEncoderOutput } from '../shared/tower';
import { TransformerEncoder } from '../shared/transformer-encoder';
import { type BertConfig, readBertConfig } from './bert-config';

export interface BertInput extends TextTransformerInput {
  /** int32 [batch, length]; 0 for a token of the first text, 1 of the second. Default: all 0. */
  tokenTypeIds?: tf.Tensor2D | undefined;
  /**
   * What the embeddings go through before the first block, [batch, length, hiddenSize] to the same: other modalities may
   * come in here. Default: nothing.
   */
  adaptEmbeddings?: ((embedded: tf.Tensor3D) => tf.Tensor3D) | undefined;
}

export interface BertOutput extends TextEncoderOutput {
  /** [batch, hiddenSize]; the pooler's, or without one the first token's ([CLS]). */
  pooledOutput: tf.Tensor2D;
  /** [batch, length, hiddenSize] */
  lastHiddenState: tf.Tensor3D;
  /** On request: what goes into the first block and comes out of each, [batch, length, hiddenSize]. */
  hiddenStates?: tf.Tensor3D[];
}

/**
 * BERT: a transformer that sees the whole text, with its norms after each half of a block. Devlin et al. 2018,
 * "BERT: Pre-training of deep bidirectional transformers", section 3.
 *
 * Checkpoint keys are those of transformers' `BertModel`.
 *
 * @example
 * const bert = new BertModel({ ...readBertConfig({ num_hidden_layers: 2 }), rng: new Rng(0) });
 * const { pooledOutput } = bert.forward({ inputIds, attentionMask }); // [batch, 768]
 */
export class BertModel extends PretrainedModule implements TextEncoder {
  static readonly family: PretrainedFamily<BertModel> = {
    prefix: ['bert', 'text_model'], // alone, with a head, or an ALIGN's or Chinese-CLIP's
    build(json, rng, weights) {
      const config = readBertConfig(json['text_config'] ?? json, 'BertModel.fromPretrained');
      return new BertModel({ ...config, pooler: hasPooler(weights) ?? config.pooler, rng });
    },
  };
  static override readonly checkpointKeys: CheckpointKeys = {
    'encoder.layers.*.self_attn.q_proj': 'encoder.layer.*.attention.self.query',
    'encoder.layers.*.self_attn.k_proj': 'encoder.layer.*.attention.self.key',
    'encoder.layers.*.self_attn.v_proj': 'encoder.layer.*.attention.self.value',
    'encoder.layers.*.self_attn.out_proj': 'encoder.layer.*.attention.output.dense',
    'encoder.layers.*.layer_norm1': 'encoder.layer.*.attention.output.LayerNorm',
    'encoder.layers.*.mlp.fc1': 'encoder.layer.*.intermediate.dense',
    'encoder.layers.*.mlp.fc2': 'encoder.layer.*.output.dense',
    'encoder.layers.*.layer_norm2': 'encoder.layer.*.output.LayerNorm',
    pooler: 'pooler.dense',
  };
  readonly embeddings: BertEmbeddings;
  readonly encoder: TransformerEncoder;
  readonly pooler: Linear | undefined;
  readonly config: BertConfig;

  constructor({ rng, ...config }: BertConfig & { rng: Rng }) {
    super();
    const { hiddenSize, initializerRange, pooler = true } = config;
    const initialize = (module: Module) => initializeNormal(module, initializerRange, rng);
    this.embeddings = new BertEmbeddings(config, rng);
    this.encoder = new TransformerEncoder(config, rng, { normPosition: 'post', initialize });
    this.pooler = pooler ? new Linear(hiddenSize, hiddenSize, { rng }) : undefined;
    if (this.pooler) initialize(this.pooler);
    this.config = config;
  }

  get hiddenSize(): number {
    return this.config.hiddenSize;
  }

  get contextLength(): number {
    return this.config.maxPositionEmbeddings;
  }

  /** The caller disposes every output. */
  forward(
    { inputIds, attentionMask, tokenTypeIds, adaptEmbeddings, outputHiddenStates = false }: BertInput,
    context?: ForwardContext,
  ): BertOutput {
    checkInputIds(inputIds, this.contextLength, 'BertModel');
    if (tokenTypeIds) assertShape(tokenTypeIds.shape, inputIds.shape, 'BertModel: tokenTypeIds');
    return tf.tidy(() => {
      const embedded = this.embeddings.forward(inputIds, tokenTypeIds, context); // [batch, length, hiddenSize]
      const adapted = adaptEmbeddings ? adaptEmbeddings(embedded) : embedded;
      const hiddenStates = this.encoder.hiddenStates(adapted, { attentionMask }, context);
      const lastHiddenState = tf.clone(hiddenStates.at(-1)!);
      const first = tokenAt(lastHiddenState, 0); // [batch, hiddenSize]
      const pooledOutput = this.pooler
        ? (tf.tanh(this.pooler.forward(first, context)) as tf.Tensor2D)
        : first;
      const output = { pooledOutput, lastHiddenState };
      return outputHiddenStates ? { ...output, hiddenStates } : output;
    });
  }

  protected override configJson(): Record<string, unknown> {
    return { architectures: ['BertModel'], model_type: 'bert', ...writeConfig(this.config) };
  }
}

/** Words, kinds of tokens and positions, added and normalised. */
class BertEmbeddings extends Module {
  static override readonly checkpointKeys = { layer_norm: 'LayerNorm' };
  readonly wordEmbeddings: Embedding;
  readonly positionEmbeddings: PositionEmbedding;
  readonly tokenTypeEmbeddings: Embedding;
  readonly layerNorm: LayerNorm;
  readonly dropout: Dropout;

  constructor(config: BertConfig, rng: Rng) {
    super();
    const { hiddenSize, maxPositionEmbeddings, initializerRange: std } = config;
    const table = (rows: number, paddingIndex?: number) => {
      const embedding = new Embedding(rows, hiddenSize, { paddingIndex, rng });
      embedding.weight.assign(tf.tidy(() => tf.mul(embedding.weight.value, std))); // from N(0, 1)
      return embedding;
    };
    this.wordEmbeddings = table(config.vocabSize, config.padTokenId);
    this.positionEmbeddings = new PositionEmbedding(maxPositionEmbeddings, hiddenSize, { std, rng });
    this.tokenTypeEmbeddings = table(config.typeVocabSize);
    this.layerNorm = new LayerNorm(hiddenSize, { epsilon: config.layerNormEps });
    this.dropout = new Dropout(config.hiddenDropoutProb);
  }

  forward(
    inputIds: tf.Tensor2D,
    tokenTypeIds: tf.Tensor2D | undefined,
    context: ForwardContext | undefined,
  ): tf.Tensor3D {
    return tf.tidy(() => {
      const words = this.wordEmbeddings.forward(inputIds); // [batch, length, hiddenSize]
      const types = this.tokenTypeEmbeddings.forward(tokenTypeIds ?? tf.zerosLike(inputIds));
      const added = this.positionEmbeddings.forward(tf.add(words, types) as tf.Tensor3D);
      return this.dropout.forward(this.layerNorm.forward(added), context) as tf.Tensor3D;
    });
  }
}
