import {
  assertShape,
  checkpointedBlock,
  Embedding,
  type ForwardContext,
  KeyValueCache,
  LayerNorm,
  Linear,
  Module,
  normal,
  Parameter,
  type Rng,
  ShapeError,
} from '@crossmodal/core';
import {
  type TextEncoder,
  type TextEncoderOutput,
  type TextInput,
  TransformerEncoder,
} from '@crossmodal/encoders';
import * as tf from '@tensorflow/tfjs-core';
import type { CoCaConfig, CoCaTextConfig } from './coca-config';
import { blockKeys } from './coca-tensors';

export interface CoCaTextOutput extends TextEncoderOutput {
  /** [batch, embedDim]; the class token's, projected. */
  pooledOutput: tf.Tensor2D;
  /** [batch, length, width]; the tokens', which go on into the decoder. */
  textTokens: tf.Tensor3D;
}

/**
 * CoCa's text tower, the lower half of its decoder: a causal transformer, at whose end a class token sees the whole
 * text. Yu et al. 2022, section 3.2.
 *
 * The position of the class token is the length of the rows, padding included: published models were trained on rows
 * of `contextLength`. As in open_clip's, the class token sees the first token of padding, and itself only if there
 * is none.
 */
export class CoCaTextTransformer extends Module implements TextEncoder {
  static override readonly checkpointKeys = {
    class_embedding: 'cls_emb',
    position_embedding: 'positional_embedding',
    ...blockKeys('encoder.layers', 'transformer.resblocks'),
    final_layer_norm: 'ln_final',
  };
  readonly padding = 'contextLength';
  readonly tokenEmbedding: Embedding;
  /** [width] */
  readonly classEmbedding: Parameter;
  /** [contextLength + 1, width] */
  readonly positionEmbedding: Parameter;
  readonly encoder: TransformerEncoder;
  readonly finalLayerNorm: LayerNorm;
  readonly textProjection: Linear;
  readonly hiddenSize: number;
  private readonly config: CoCaTextConfig;

  constructor({ embedDim, quickGelu, textCfg: config, rng }: CoCaConfig & { rng: Rng }) {
    super();
    const { vocabSize, width, contextLength } = config;
    this.tokenEmbedding = new Embedding(vocabSize, width, { rng });
    this.tokenEmbedding.weight.assign(normal([vocabSize, width], rng, 0, 0.02));
    this.classEmbedding = new Parameter(normal([width], rng, 0, 0.01));
    this.positionEmbedding = new Parameter(normal([contextLength + 1, width], rng, 0, 0.01));
    this.encoder = new TransformerEncoder(
      {
        hiddenSize: width,
        intermediateSize: Math.floor(width * config.mlpRatio),
        numHiddenLayers: config.layers,
        numAttentionHeads: config.heads,
        hiddenAct: quickGelu ? 'quick_gelu' : 'gelu',
        layerNormEps: 1e-5,
      },
      rng,
    );
    this.finalLayerNorm = new LayerNorm(width);
    this.textProjection = new Linear(width, embedDim, { bias: false, rng });
    this.hiddenSize = embedDim;
    this.config = config;
  }

  get contextLength(): number {
    return this.config.contextLength;
  }

  /**
   * @param input Padding is on the right; without an `attentionMask`, it is the ids that are `padId`.
   * @returns The caller disposes every output.
   * @throws ShapeError when the texts are too long.
   */
  forward(input: TextInput, context?: ForwardContext): CoCaTextOutput {
    return tf.tidy(() => {
      const inputIds = this.padded(input);
      const [batch, length] = inputIds.shape;
      const [, width] = this.positionEmbedding.shape as [number, number];
      const words = this.embed(inputIds, 0);
      const lastPosition = tf.slice(this.positionEmbedding.value, [length, 0], [1, -1]);
      const classToken = tf.add(this.classEmbedding.value, lastPosition); // [1, width]
      const x = tf.concat([words, tf.broadcastTo(classToken, [batch, 1, width])], 1);
      // One place late, as published models were trained: see above.
      const attentionMask = tf.concat(
        [tf.ones([batch, 1], 'int32'), tf.cast(tf.notEqual(inputIds, this.config.padId), 'int32')],
        1,
      ); // [batch, length + 1]
      const hidden = this.encoder.forward(x as tf.Tensor3D, { causal: true, attentionMask }, context);
      const last = tf.reshape(tf.slice(hidden, [0, length, 0], [-1, 1, -1]), [batch, width]);
      return {
        pooledOutput: this.textProjection.forward(this.finalLayerNorm.forward(last), context) as tf.Tensor2D,
        textTokens: tf.slice(hidden, [0, 0, 0], [-1, length, -1]) as tf.Tensor3D,
      };
    });
  }

  /** The ids, int32 [batch, length], with `padId` where the mask says padding; the caller disposes them. */
  padded({ inputIds, attentionMask }: TextInput): tf.Tensor2D {
    const caller = 'CoCaTextTransformer';
    assertShape(inputIds.shape, [null, null], `${caller}: inputIds`);
    const [length, most] = [inputIds.shape[1], this.contextLength];
    if (length > most) {
      throw new ShapeError(
        `${caller}: inputIds: expected at most ${most} tokens, received ${length}. Cut texts with ` +
          `tokenizer.tokenize(texts, { contextLength: ${most} }).`,
      );
    }
    if (!attentionMask) return tf.clone(inputIds);
    assertShape(attentionMask.shape, inputIds.shape, `${caller}: attentionMask`);
    return tf.tidy(() => {
      const padding = tf.fill<tf.Rank.R2>(inputIds.shape, this.config.padId, 'int32');
      return tf.where(tf.cast(attentionMask, 'bool'), inputIds, padding);
    });
  }

  /**
   * The tokens alone, which see no class token, of texts without padding: what generating takes.
   *
   * @param caches What {@link createCaches} gave: they hold the past, and are added to.
   * @returns [batch, length, width]; the caller disposes it.
   */
  continue(inputIds: tf.Tensor2D, caches: readonly KeyValueCache[], context?: ForwardContext): tf.Tensor3D {
    return tf.tidy(() => {
      let x = this.embed(inputIds, caches[0]!.length);
      for (const [i, layer] of [...this.encoder.layers].entries())
        x = checkpointedBlock(layer, x, { causal: true, cache: caches[i] }, context);
      return x;
    });
  }

  /** Empty caches, one for each layer; the caller disposes each. */
  createCaches(): KeyValueCache[] {
    return Array.from(this.encoder.layers, () => new KeyValueCache());
  }

  /** [batch, length, width]: tokens, with positions from `start` on. */
  private embed(inputIds: tf.Tensor2D, start: number): tf.Tensor3D {
    const positions = tf.slice(this.positionEmbedding.value, [start, 0], [inputIds.shape[1], -1]);
    return tf.add(this.tokenEmbedding.forward(inputIds), positions);
  }
}
