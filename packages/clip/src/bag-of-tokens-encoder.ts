import {
  assertShape,
  Embedding,
  type ForwardContext,
  LayerNorm,
  MLP,
  Module,
  normal,
  type Rng,
  requireRng,
  ShapeError,
} from '@crossmodal/core';
import type { TextEncoder, TextEncoderOutput, TextInput } from '@crossmodal/encoders';
import * as tf from '@tensorflow/tfjs-core';

export interface BagOfTokensEncoderConfig {
  vocabSize: number;
  hiddenSize: number;
  /** The longest text, in tokens. */
  contextLength: number;
  /** Share of the tokens that a text loses in training. Default 0. */
  tokenDropout?: number;
  rng: Rng;
}

/**
 * A light text tower for names and keywords: the mean of the tokens' vectors, whatever their order, normalised and
 * put through one residual MLP. Iyyer et al. 2015, "Deep unordered composition rivals syntactic methods" (with its
 * word dropout, section 3.1).
 *
 * @example
 * const textEncoder = new BagOfTokensEncoder({ vocabSize: 8192, hiddenSize: 256, contextLength: 16, rng });
 */
export class BagOfTokensEncoder extends Module implements TextEncoder {
  readonly tokenEmbedding: Embedding;
  readonly layerNorm: LayerNorm;
  readonly mlp: MLP;
  readonly hiddenSize: number;
  readonly contextLength: number;
  private readonly tokenDropout: number;

  constructor({ vocabSize, hiddenSize, contextLength, tokenDropout = 0, rng }: BagOfTokensEncoderConfig) {
    super();
    this.tokenEmbedding = new Embedding(vocabSize, hiddenSize, { rng });
    this.tokenEmbedding.weight.assign(normal([vocabSize, hiddenSize], rng, 0, 0.5));
    this.layerNorm = new LayerNorm(hiddenSize);
    this.mlp = new MLP({ hiddenSize, intermediateSize: 2 * hiddenSize, rng });
    this.hiddenSize = hiddenSize;
    this.contextLength = contextLength;
    this.tokenDropout = tokenDropout;
  }

  forward({ inputIds, attentionMask }: TextInput, context?: ForwardContext): TextEncoderOutput {
    assertShape(inputIds.shape, [null, null], 'BagOfTokensEncoder: inputIds');
    const [batch, length] = inputIds.shape;
    if (attentionMask) assertShape(attentionMask.shape, [batch, length], 'BagOfTokensEncoder: attentionMask');
    if (length > this.contextLength) {
      throw new ShapeError(
        `BagOfTokensEncoder: inputIds: expected at most ${this.contextLength} tokens, received ${length}. Cut texts ` +
          `with tokenizer.tokenize(texts, { contextLength: ${this.contextLength} }).`,
      );
    }
    return tf.tidy(() => {
      let counted: tf.Tensor = attentionMask ? tf.cast(attentionMask, 'float32') : tf.ones([batch, length]);
      if (context?.training && this.tokenDropout > 0) {
        const draws = requireRng(context, 'BagOfTokensEncoder').uniformArray(batch * length);
        const kept = draws.map((draw) => (draw < this.tokenDropout ? 0 : 1));
        counted = tf.mul(counted, tf.tensor2d(kept, [batch, length]));
      }
      const share = tf.div(counted, tf.maximum(tf.sum(counted, 1, true), 1)); // [batch, length]
      const tokens = this.tokenEmbedding.forward(inputIds); // [batch, length, hiddenSize]
      const mean = tf.matMul(tf.reshape(share, [batch, 1, length]), tokens); // [batch, 1, hiddenSize]
      const normalized = this.layerNorm.forward(tf.reshape(mean, [batch, this.hiddenSize]));
      return { pooledOutput: tf.add(normalized, this.mlp.forward(normalized, context)) as tf.Tensor2D };
    });
  }
}
