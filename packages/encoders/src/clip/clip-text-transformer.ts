import { Embedding, embedding, type ForwardContext, LayerNorm, Module, type Rng } from '@crossmodal/core';
import { type PretrainedFamily, PretrainedModule, writeConfig } from '@crossmodal/hub';
import * as tf from '@tensorflow/tfjs-core';
import { PositionEmbedding } from '../shared/position-embedding';
import { checkInputIds, type TextTransformerInput } from '../shared/text-input';
import type { TextEncoder, TextEncoderOutput } from '../shared/tower';
import { initialize, TransformerEncoder } from '../shared/transformer-encoder';
import { type CLIPTextConfig, readCLIPTextConfig } from './clip-tower-config';

export interface CLIPTextOutput extends TextEncoderOutput {
  /** [batch, hiddenSize]; the end-of-text token's. */
  pooledOutput: tf.Tensor2D;
  /** [batch, length, hiddenSize], normalised. */
  lastHiddenState: tf.Tensor3D;
  /** On request: what goes into the first block and comes out of each, [batch, length, hiddenSize]. */
  hiddenStates?: tf.Tensor3D[];
}

/**
 * CLIP's text tower: a causal transformer that reads the text from its end-of-text token, the first in the row
 * (or, with `eosTokenId` 2 as in old configurations, the greatest id). Every row must have one: the tokenizer
 * sees to it. Radford et al. 2021, section 2.4.
 *
 * @example
 * const textEncoder = new CLIPTextTransformer({ ...clipViTB32.config.textConfig, rng: new Rng(0) });
 */
export class CLIPTextTransformer extends PretrainedModule implements TextEncoder {
  static readonly family: PretrainedFamily<CLIPTextTransformer> = {
    prefix: 'text_model',
    build: (json, rng) =>
      new CLIPTextTransformer({
        ...readCLIPTextConfig(json['text_config'] ?? json, 'CLIPTextTransformer.fromPretrained'),
        rng,
      }),
  };
  readonly embeddings: CLIPTextEmbeddings;
  readonly encoder: TransformerEncoder;
  readonly finalLayerNorm: LayerNorm;
  readonly config: CLIPTextConfig;

  constructor({ rng, ...config }: CLIPTextConfig & { rng: Rng }) {
    super();
    this.embeddings = new CLIPTextEmbeddings(config, rng);
    this.encoder = new TransformerEncoder(config, rng);
    this.finalLayerNorm = new LayerNorm(config.hiddenSize, { epsilon: config.layerNormEps });
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
    { inputIds, attentionMask, outputHiddenStates = false }: TextTransformerInput,
    context?: ForwardContext,
  ): CLIPTextOutput {
    checkInputIds(inputIds, this.contextLength, 'CLIPTextTransformer');
    const [batch, length] = inputIds.shape;
    return tf.tidy(() => {
      const embedded = this.embeddings.forward(inputIds); // [batch, length, hiddenSize]
      const hiddenStates = this.encoder.hiddenStates(embedded, { causal: true, attentionMask }, context);
      const lastHiddenState = this.finalLayerNorm.forward(hiddenStates.at(-1)!) as tf.Tensor3D;
      const rows = tf.reshape(lastHiddenState, [batch * length, this.hiddenSize]);
      const firstOfText = tf.range(0, batch * length, length, 'int32'); // [batch]
      const end = tf.add(firstOfText, this.endOfText(inputIds));
      const output = { pooledOutput: embedding(rows, end) as tf.Tensor2D, lastHiddenState };
      return outputHiddenStates ? { ...output, hiddenStates } : output;
    });
  }

  /** Where each text's end-of-text token is: int32 [batch]. */
  private endOfText(inputIds: tf.Tensor2D): tf.Tensor1D {
    const { eosTokenId } = this.config;
    const score = eosTokenId === 2 ? inputIds : tf.equal(inputIds, tf.scalar(eosTokenId, 'int32'));
    return tf.argMax(tf.cast(score, 'float32'), 1); // the first of equals
  }

  protected override configJson(): Record<string, unknown> {
    return { architectures: ['CLIPTextModel'], model_type: 'clip_text_model', ...writeConfig(this.config) };
  }
}

/** Tokens, with positions. */
class CLIPTextEmbeddings extends Module {
  readonly tokenEmbedding: Embedding;
  readonly positionEmbedding: PositionEmbedding;

  constructor({ vocabSize, hiddenSize, maxPositionEmbeddings }: CLIPTextConfig, rng: Rng) {
    super();
    this.tokenEmbedding = new Embedding(vocabSize, hiddenSize, { rng });
    initialize(this.tokenEmbedding.weight, 0.02, rng);
    this.positionEmbedding = new PositionEmbedding(maxPositionEmbeddings, hiddenSize, { std: 0.02, rng });
  }

  forward(inputIds: tf.Tensor2D): tf.Tensor3D {
    return tf.tidy(() =>
      this.positionEmbedding.forward(this.tokenEmbedding.forward(inputIds) as tf.Tensor3D),
    );
  }
}
