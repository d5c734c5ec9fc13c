import {
  Dropout,
  type ForwardContext,
  LayerNorm,
  MLP,
  Module,
  MultiHeadAttention,
  type TransformerBlockConfig,
} from '@crossmodal/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Sequence } from '../modality-inputs';
import { CrossModalAttention } from './cross-modal-attention';

type Tokens = Pick<Sequence, 'features' | 'mask'>;

/** A modality's part of a layer: attention to itself, attention to others, MLP, each after a norm of its own. */
export class CoAttentionBlock extends Module {
  readonly layerNorm1: LayerNorm;
  readonly selfAttn: MultiHeadAttention;
  readonly layerNorm2: LayerNorm;
  readonly crossAttn: CrossModalAttention;
  readonly layerNorm3: LayerNorm;
  readonly mlp: MLP;
  private readonly dropout: Dropout;

  constructor({ hiddenSize, numHeads, intermediateSize, dropout = 0, rng }: TransformerBlockConfig) {
    super();
    this.layerNorm1 = new LayerNorm(hiddenSize);
    this.selfAttn = new MultiHeadAttention({ hiddenSize, numHeads, rng });
    this.layerNorm2 = new LayerNorm(hiddenSize);
    this.crossAttn = new CrossModalAttention({ hiddenSize, numHeads, rng });
    this.layerNorm3 = new LayerNorm(hiddenSize);
    this.mlp = new MLP({ hiddenSize, intermediateSize, dropout, rng });
    this.dropout = new Dropout(dropout);
  }

  /** `x + attention(norm1(x))`: [batch, length, hiddenSize] to the same. */
  attendToItself({ features: x, mask: attentionMask }: Tokens, context?: ForwardContext): tf.Tensor3D {
    const attended = this.selfAttn.forward(this.layerNorm1.forward(x), { attentionMask }, context);
    return tf.add(x, this.dropout.forward(attended, context));
  }

  /** What others are shown of the modality, and what it asks them with: `norm2(x)`. */
  show(x: tf.Tensor3D): tf.Tensor3D {
    return this.layerNorm2.forward(x) as tf.Tensor3D;
  }

  /** `x + attention(norm2(x), others)`, then `x + mlp(norm3(x))`, and where it looked. */
  attendToOthers(
    x: tf.Tensor3D,
    shown: tf.Tensor3D,
    { features: others, mask: attentionMask }: Tokens,
    context?: ForwardContext,
  ): { features: tf.Tensor3D; weights: tf.Tensor4D } {
    const { output, weights } = this.crossAttn.forward(shown, others, { attentionMask }, context);
    const attended = tf.add(x, this.dropout.forward(output, context)) as tf.Tensor3D;
    const features = tf.add(attended, this.mlp.forward(this.layerNorm3.forward(attended), context));
    return { features: features as tf.Tensor3D, weights };
  }
}
