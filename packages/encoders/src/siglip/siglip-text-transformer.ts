import { Embedding, type ForwardContext, LayerNorm, Linear, Module, type Rng } from '@crossmodal/core';
import { type PretrainedFamily, PretrainedModule, writeConfig } from '@crossmodal/hub';
import * as tf from '@tensorflow/tfjs-core';
import { initializeNormal, initializeXavier } from '../shared/initialize-linears';
import { PositionEmbedding } from '../shared/position-embedding';
import { checkInputIds, type TextTransformerInput } from '../shared/text-input';
import { tokenAt } from '../shared/token-at';
import type { TextEncoder, TextEncoderOutput } from '../shared/tower';
import { initialize, TransformerEncoder } from '../shared/transformer-encoder';
import { readSigLIPTextConfig, type SigLIPTextConfig } from './siglip-tower-config';

export interface SigLIPTextOutput extends TextEncoderOutput {
  /** [batch, projectionSize]; of the last position, padding or not. */
  pooledOutput: tf.Tensor2D;
  /** [batch, length, hiddenSize], normalised. */
  lastHiddenState: tf.Tensor3D;
  /** On request: what goes into the first block and comes out of each, [batch, length, hiddenSize]. */
  hiddenStates?: tf.Tensor3D[];
}

/**
 * SigLIP's text tower: a transformer that sees the whole text and is read from its last position. It was trained on
 * texts padded to `contextLength` (64) tokens, and sees the padding: pad them so; an attention mask is ignored. Zhai
 * et al. 2023, "Sigmoid loss for language image pre-training".
 *
 * Checkpoint keys are those of transformers' `SiglipTextModel`, below `text_model`.
 *
 * @example
 * const textEncoder = new SigLIPTextTransformer({ ...readSigLIPTextConfig({}), rng: new Rng(0) });
 */
export class SigLIPTextTransformer extends PretrainedModule implements TextEncoder {
  static readonly family: PretrainedFamily<SigLIPTextTransformer> = {
    prefix: 'text_model',
    build: (json, rng) =>
      new SigLIPTextTransformer({
        ...readSigLIPTextConfig(json['text_config'] ?? json, 'SigLIPTextTransformer.fromPretrained'),
        rng,
      }),
  };
  readonly embeddings: SigLIPTextEmbeddings;
  readonly encoder: TransformerEncoder;
  readonly finalLayerNorm: LayerNorm;
  readonly head: Linear;
  readonly padding = 'contextLength';
  readonly config: SigLIPTextConfig;

  constructor({ rng, ...config }: SigLIPTextConfig & { rng: Rng }) {
    super();
    const { hiddenSize, projectionSize } = config;
    this.embeddings = new SigLIPTextEmbeddings(config, rng);
    this.encoder = new TransformerEncoder(config, rng, { initialize: initializeXavier });
    this.finalLayerNorm = new LayerNorm(hiddenSize, { epsilon: config.layerNormEps });
    this.head = new Linear(hiddenSize, projectionSize, { rng });
    initializeNormal(this.head, hiddenSize ** -0.5, rng);
    this.config = config;
  }

  /** Size of `pooledOutput`: the configuration's `projectionSize`. */
  get hiddenSize(): number {
    return this.config.projectionSize;
  }

  get contextLength(): number {
    return this.config.maxPositionEmbeddings;
  }

  /** The caller disposes every output. */
  forward(
    { inputIds, outputHiddenStates = false }: TextTransformerInput,
    context?: ForwardContext,
  ): SigLIPTextOutput {
    checkInputIds(inputIds, this.contextLength, 'SigLIPTextTransformer');
    return tf.tidy(() => {
      const embedded = this.embeddings.forward(inputIds); // [batch, length, hiddenSize]
      const hiddenStates = this.encoder.hiddenStates(embedded, {}, context);
      const lastHiddenState = this.finalLayerNorm.forward(hiddenStates.at(-1)!) as tf.Tensor3D;
      const last = tokenAt(lastHiddenState, inputIds.shape[1] - 1); // [batch, hiddenSize]
      const output = { pooledOutput: this.head.forward(last, context) as tf.Tensor2D, lastHiddenState };
      return outputHiddenStates ? { ...output, hiddenStates } : output;
    });
  }

  protected override configJson(): Record<string, unknown> {
    return {
      architectures: ['SiglipTextModel'],
      model_type: 'siglip_text_model',
      ...writeConfig(this.config),
    };
  }
}

/** Tokens, with positions. */
class SigLIPTextEmbeddings extends Module {
  readonly tokenEmbedding: Embedding;
  readonly positionEmbedding: PositionEmbedding;

  constructor({ vocabSize, hiddenSize, maxPositionEmbeddings }: SigLIPTextConfig, rng: Rng) {
    super();
    const std = hiddenSize ** -0.5;
    this.tokenEmbedding = new Embedding(vocabSize, hiddenSize, { rng });
    initialize(this.tokenEmbedding.weight, std, rng);
    this.positionEmbedding = new PositionEmbedding(maxPositionEmbeddings, hiddenSize, { std, rng });
  }

  forward(inputIds: tf.Tensor2D): tf.Tensor3D {
    return tf.tidy(() =>
      this.positionEmbedding.forward(this.tokenEmbedding.forward(inputIds) as tf.Tensor3D),
    );
  }
}
