import {
  type Activation,
  attention,
  LayerNorm,
  Linear,
  linear,
  MLP,
  Module,
  normal,
  Parameter,
  type Rng,
  splitHeads,
  xavierUniform,
} from '@crossmodal/core';
import * as tf from '@tensorflow/tfjs-core';

export interface AttentionPoolingConfig {
  hiddenSize: number;
  numHeads: number;
  /** Of the MLP. Default `4 * hiddenSize`. */
  intermediateSize?: number | undefined;
  /** Of the MLP. Default `gelu`. */
  activation?: Activation | undefined;
  /** Of the layer norm. Default 1e-5. */
  epsilon?: number | undefined;
  rng: Rng;
}

/**
 * One vector of many: a learned query attends to all of them, and an MLP follows. Named as SigLIP's head. Zhai et
 * al. 2021, "Scaling vision transformers", section 3.2; Lee et al. 2019, "Set transformer", section 3.2.
 *
 * @example
 * const pool = new AttentionPooling({ hiddenSize: 8, numHeads: 2, rng: new Rng(1) });
 * const y = pool.forward(tf.ones([3, 16, 8])); // [3, 8]
 */
export class AttentionPooling extends Module {
  /** [1, 1, hiddenSize] */
  readonly probe: Parameter;
  readonly attention: PackedAttention;
  readonly layernorm: LayerNorm;
  readonly mlp: MLP;

  constructor({ numHeads, epsilon, ...config }: AttentionPoolingConfig) {
    super();
    const { hiddenSize, rng } = config;
    this.probe = new Parameter(normal([1, 1, hiddenSize], rng, 0, hiddenSize ** -0.5));
    this.attention = new PackedAttention(hiddenSize, numHeads, rng);
    this.layernorm = new LayerNorm(hiddenSize, { epsilon });
    this.mlp = new MLP(config);
  }

  /** float32 [batch, length, hiddenSize] to [batch, hiddenSize]; the caller disposes it. */
  forward(x: tf.Tensor3D): tf.Tensor2D {
    return tf.tidy(() => {
      const seen = this.attention.forward(this.probe.value, x); // [batch, hiddenSize]
      return tf.add(seen, this.mlp.forward(this.layernorm.forward(seen)));
    });
  }
}

/** Attention of one query, with its three projections in one matrix, as PyTorch's `MultiheadAttention`. */
class PackedAttention extends Module {
  /** Queries, keys, values: engine [hiddenSize, 3 * hiddenSize], file [3 * hiddenSize, hiddenSize]. */
  readonly inProjWeight: Parameter;
  /** [3 * hiddenSize] */
  readonly inProjBias: Parameter;
  readonly outProj: Linear;

  constructor(
    hiddenSize: number,
    private readonly numHeads: number,
    rng: Rng,
  ) {
    super();
    this.inProjWeight = new Parameter(xavierUniform([hiddenSize, 3 * hiddenSize], rng), { layout: 'linear' });
    this.inProjBias = new Parameter(tf.zeros([3 * hiddenSize]));
    this.outProj = new Linear(hiddenSize, hiddenSize, { rng });
  }

  /** A query [1, 1, hiddenSize] that all samples share, and what it sees, [batch, length, hiddenSize]. */
  forward(query: tf.Tensor, x: tf.Tensor3D): tf.Tensor2D {
    const [batch, , hiddenSize] = x.shape;
    const { numHeads } = this;
    return tf.tidy(() => {
      const q = this.project(query, 0); // [1, heads, 1, headDim]
      const everywhere = tf.broadcastTo(q, [batch, numHeads, 1, hiddenSize / numHeads]) as tf.Tensor4D;
      const seen = attention(everywhere, this.project(x, 1), this.project(x, 2)); // [batch, heads, 1, headDim]
      return this.outProj.forward(tf.reshape(seen, [batch, hiddenSize])) as tf.Tensor2D;
    });
  }

  /** Queries (part 0), keys (1) or values (2): [batch, heads, length, headDim]. */
  private project(x: tf.Tensor, part: 0 | 1 | 2): tf.Tensor4D {
    const size = x.shape[2]!;
    const weight = tf.slice(this.inProjWeight.value, [0, part * size], [size, size]);
    const bias = tf.slice(this.inProjBias.value, [part * size], [size]);
    return splitHeads(linear(x, weight, bias), this.numHeads);
  }
}
