import {
  type Activation,
  attention,
  type ForwardContext,
  KeyValueCache,
  LayerNorm,
  MLP,
  Module,
  MultiHeadAttention,
  type Rng,
  residualAdd,
} from '@crossmodal/core';
import * as tf from '@tensorflow/tfjs-core';

export interface CrossAttentionBlockConfig {
  hiddenSize: number;
  numHeads: number;
  /** Of the MLP. */
  activation: Activation;
  rng: Rng;
}

/**
 * A pre-norm transformer block that attends to something else: `x + attention(norm(x), norm(source))`, then
 * `x + mlp(norm(x))`. Vaswani et al. 2017, section 3.2.3.
 */
export class CrossAttentionBlock extends Module {
  readonly layerNorm1: LayerNorm;
  readonly layerNorm1Source: LayerNorm;
  readonly crossAttn: MultiHeadAttention;
  readonly layerNorm2: LayerNorm;
  readonly mlp: MLP;

  constructor(config: CrossAttentionBlockConfig) {
    super();
    this.layerNorm1 = new LayerNorm(config.hiddenSize);
    this.layerNorm1Source = new LayerNorm(config.hiddenSize);
    this.crossAttn = new MultiHeadAttention(config);
    this.layerNorm2 = new LayerNorm(config.hiddenSize);
    this.mlp = new MLP(config);
  }

  /**
   * @param x float32 [batch, length, hiddenSize]
   * @param inputs.source What is attended to, [batch, keys, hiddenSize], or what {@link createCache} made of it.
   * @returns float32 [batch, length, hiddenSize]; the caller disposes it.
   */
  forward(
    x: tf.Tensor3D,
    { source }: { source: tf.Tensor3D | KeyValueCache },
    context?: ForwardContext,
  ): tf.Tensor3D {
    return tf.tidy(() => {
      const { qProj, outProj } = this.crossAttn;
      const query = this.splitHeads(qProj.forward(this.layerNorm1.forward(x), context));
      const [batch, numHeads, , headDim] = query.shape;
      const { keys, values } =
        source instanceof KeyValueCache
          ? source.extend([batch, numHeads, 0, headDim]) // by none: what it holds
          : this.keysAndValues(source, context);
      const mixed = attention(query, keys, values); // [batch, heads, length, headDim]
      const joined = tf.reshape(tf.transpose(mixed, [0, 2, 1, 3]), x.shape);
      const attended = residualAdd(x, outProj.forward(joined, context));
      return residualAdd(
        attended,
        this.mlp.forward(this.layerNorm2.forward(attended), context),
      ) as tf.Tensor3D;
    });
  }

  /** Keys and values of a source, computed once; the caller disposes the cache. */
  createCache(source: tf.Tensor3D): KeyValueCache {
    const cache = new KeyValueCache();
    tf.tidy(() => {
      const { keys, values } = this.keysAndValues(source);
      cache.append(keys, values);
    });
    return cache;
  }

  private keysAndValues(source: tf.Tensor3D, context?: ForwardContext) {
    const { kProj, vProj } = this.crossAttn;
    const normed = this.layerNorm1Source.forward(source);
    return {
      keys: this.splitHeads(kProj.forward(normed, context)),
      values: this.splitHeads(vProj.forward(normed, context)),
    };
  }

  /** [batch, length, hiddenSize] to [batch, heads, length, headDim]. */
  private splitHeads(x: tf.Tensor): tf.Tensor4D {
    const [batch, length, size] = x.shape as [number, number, number];
    const { numHeads } = this.crossAttn;
    return tf.transpose(tf.reshape(x, [batch, length, numHeads, size / numHeads]), [0, 2, 1, 3]);
  }
}
