import {
  type Activation,
  attention,
  ConfigError,
  type ForwardContext,
  joinHeads,
  KeyValueCache,
  LayerNorm,
  MLP,
  Module,
  MultiHeadAttention,
  type Rng,
  residualAdd,
  splitHeads,
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
      const { qProj, outProj, numHeads } = this.crossAttn;
      const query = splitHeads(qProj.forward(this.layerNorm1.forward(x), context), numHeads);
      const { keys, values } =
        source instanceof KeyValueCache ? heldBy(source) : this.keysAndValues(source, context);
      const mixed = attention(query, keys, values); // [batch, heads, length, headDim]
      const attended = residualAdd<tf.Tensor>(x, outProj.forward(joinHeads(mixed), context));
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
    const { kProj, vProj, numHeads } = this.crossAttn;
    const normed = this.layerNorm1Source.forward(source);
    return {
      keys: splitHeads(kProj.forward(normed, context), numHeads),
      values: splitHeads(vProj.forward(normed, context), numHeads),
    };
  }
}

function heldBy(cache: KeyValueCache) {
  if (cache.tensors) return cache.tensors;
  throw new ConfigError(
    'CrossAttentionBlock: source: expected a cache of createCache, received one that holds nothing.',
  );
}
