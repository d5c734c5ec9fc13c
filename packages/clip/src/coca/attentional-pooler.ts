import {
  type ForwardContext,
  LayerNorm,
  Module,
  MultiHeadAttention,
  normal,
  Parameter,
  type Rng,
} from '@crossmodal/core';
import * as tf from '@tensorflow/tfjs-core';

export interface AttentionalPoolerConfig {
  /** Of the vectors that come out. */
  hiddenSize: number;
  /** Of the vectors that go in. */
  sourceSize: number;
  numHeads: number;
  /** How many vectors come out. */
  numQueries: number;
  rng: Rng;
}

/**
 * A fixed number of vectors of any number: learned queries attend to all of them. Yu et al. 2022, section 3.2,
 * "attentional poolers".
 */
export class AttentionalPooler extends Module {
  static override readonly checkpointKeys = { query_norm: 'ln_q', source_norm: 'ln_k' };
  /** [numQueries, hiddenSize] */
  readonly query: Parameter;
  readonly queryNorm: LayerNorm;
  readonly sourceNorm: LayerNorm;
  readonly attn: MultiHeadAttention;

  constructor({ numQueries, ...config }: AttentionalPoolerConfig) {
    super();
    const { hiddenSize, sourceSize, rng } = config;
    this.query = new Parameter(normal([numQueries, hiddenSize], rng));
    this.queryNorm = new LayerNorm(hiddenSize);
    this.sourceNorm = new LayerNorm(sourceSize);
    this.attn = new MultiHeadAttention(config);
  }

  /** float32 [batch, length, sourceSize] to [batch, numQueries, hiddenSize]; the caller disposes it. */
  forward(x: tf.Tensor3D, context?: ForwardContext): tf.Tensor3D {
    return tf.tidy(() => {
      const query = this.queryNorm.forward(this.query.value); // [numQueries, hiddenSize]
      const queries = tf.broadcastTo(query, [x.shape[0], ...this.query.shape]);
      return this.attn.forward(queries, { source: this.sourceNorm.forward(x) }, context);
    });
  }
}
