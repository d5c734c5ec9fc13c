import {
  Dropout,
  type ForwardContext,
  LayerNorm,
  MLP,
  Module,
  type TransformerBlockConfig,
} from '@crossmodal/core';
import * as tf from '@tensorflow/tfjs-core';
import { CrossModalAttention, type CrossModalAttentionOutput } from './cross-modal-attention';

/** Attention to a source, `x + attention(norm1(x), norm(source))`, then `x + mlp(norm2(x))`. */
export class CrossAttentionBlock extends Module {
  readonly layerNorm1: LayerNorm;
  readonly layerNormSource: LayerNorm;
  readonly crossAttn: CrossModalAttention;
  readonly layerNorm2: LayerNorm;
  readonly mlp: MLP;
  private readonly dropout: Dropout;

  constructor({ hiddenSize, numHeads, intermediateSize, dropout = 0, rng }: TransformerBlockConfig) {
    super();
    this.layerNorm1 = new LayerNorm(hiddenSize);
    this.layerNormSource = new LayerNorm(hiddenSize);
    this.crossAttn = new CrossModalAttention({ hiddenSize, numHeads, rng });
    this.layerNorm2 = new LayerNorm(hiddenSize);
    this.mlp = new MLP({ hiddenSize, intermediateSize, dropout, rng });
    this.dropout = new Dropout(dropout);
  }

  /** As {@link CrossModalAttention} takes and gives them. Within `tf.tidy`. */
  forward(
    x: tf.Tensor3D,
    source: tf.Tensor3D,
    attentionMask: tf.Tensor2D,
    context?: ForwardContext,
  ): CrossModalAttentionOutput {
    const query = this.layerNorm1.forward(x) as tf.Tensor3D;
    const keys = this.layerNormSource.forward(source) as tf.Tensor3D;
    const { output, weights } = this.crossAttn.forward(query, keys, { attentionMask }, context);
    const attended = tf.add(x, this.dropout.forward(output, context));
    const transformed = this.mlp.forward(this.layerNorm2.forward(attended), context);
    return { output: tf.add(attended, transformed) as tf.Tensor3D, weights };
  }
}
