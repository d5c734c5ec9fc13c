import {
  type CheckpointKeys,
  Dropout,
  type ForwardContext,
  LayerNorm,
  MASKED,
  Module,
  ModuleList,
  type Rng,
  TransformerBlock,
} from '@crossmodal/core';
import type { Sequence } from '@crossmodal/fusion';
import * as tf from '@tensorflow/tfjs-core';

export interface CrossModalTransformerConfig {
  hiddenSize: number;
  numHeads: number;
  numLayers: number;
  /** Rate of dropout after attention and in the MLPs. */
  dropout: number;
  /** Rate of dropout of the embeddings. */
  embedDropout: number;
  /** Whether a step sees no later steps of the source. */
  causal: boolean;
  rng: Rng;
}

/**
 * A transformer in which each layer of one sequence attends to another, which stays as it came; or to itself, where
 * there is no other. Tsai et al. 2019, section 3.2.
 */
export class CrossModalTransformer extends Module {
  static override readonly checkpointKeys: CheckpointKeys = {
    'layers.*.layer_norm1': 'layers.*.layer_norms.0',
    'layers.*.layer_norm2': 'layers.*.layer_norms.1',
    'layers.*.mlp.fc1': 'layers.*.fc1',
    'layers.*.mlp.fc2': 'layers.*.fc2',
  };
  readonly embedDropout: Dropout;
  readonly layers: ModuleList<TransformerBlock>;
  readonly layerNorm: LayerNorm;
  readonly causal: boolean;

  constructor({ numLayers, embedDropout, causal, ...config }: CrossModalTransformerConfig) {
    super();
    this.embedDropout = new Dropout(embedDropout);
    this.layers = new ModuleList(
      Array.from({ length: numLayers }, () => new TransformerBlock({ ...config, activation: 'relu' })),
    );
    this.layerNorm = new LayerNorm(config.hiddenSize);
    this.causal = causal;
  }

  /** [batch, length, hiddenSize] to the same. Within `tf.tidy`. */
  forward(target: Sequence, source?: Sequence, context?: ForwardContext): Sequence {
    const from = source ?? target;
    const positions = positionsOf(target.mask); // [batch, length]
    const sourcePositions = source ? positionsOf(source.mask) : positions;
    const inputs = {
      attentionMask: from.mask,
      bias: this.causal ? futureBias(positions, sourcePositions) : undefined,
    };
    let x: tf.Tensor = this.embed(target.features, positions, context);
    const embeddedSource = source && this.embed(source.features, sourcePositions, context);
    for (const layer of this.layers) {
      // The source is normalised as the target is, by the layer's own norm.
      const normed = embeddedSource && layer.layerNorm1.forward(embeddedSource);
      x = layer.forward(x, { ...inputs, source: normed }, context);
    }
    return { ...target, features: this.layerNorm.forward(x) as tf.Tensor3D };
  }

  private embed(x: tf.Tensor3D, positions: tf.Tensor2D, context: ForwardContext | undefined): tf.Tensor3D {
    const [batch, length, size] = x.shape;
    const table = sinusoids(length + 1, size);
    const rows = tf.gather(table, tf.reshape(tf.cast(positions, 'int32'), [batch * length])); // [batch * length, size]
    const scaled = tf.mul(x, Math.sqrt(size));
    return this.embedDropout.forward(tf.add(scaled, tf.reshape(rows, x.shape)) as tf.Tensor3D, context);
  }
}

/** 1, 2, 3 ... for the steps that are there, 0 for padding: [batch, length]. */
const positionsOf = (mask: tf.Tensor2D): tf.Tensor2D => tf.mul(tf.cumsum(mask, 1), mask);

/**
 * {@link MASKED} where a step would see a later one, [batch, 1, queries, keys]. A sequence that differs in length from
 * the other by n steps is seen n steps ahead.
 */
function futureBias(queries: tf.Tensor2D, keys: tf.Tensor2D): tf.Tensor4D {
  const ahead = tf.abs(tf.sub(tf.max(keys, 1, true), tf.max(queries, 1, true))); // [batch, 1]
  const last = tf.expandDims(tf.add(queries, ahead), 2); // [batch, queries, 1]
  const future = tf.greater(tf.expandDims(keys, 1), last); // [batch, queries, keys]
  return tf.expandDims(tf.mul(tf.cast(future, 'float32'), MASKED), 1);
}

/** Sines, then cosines, of positions from 0; the row of 0 is zeros. Vaswani et al. 2017, in tensor2tensor's form. */
function sinusoids(count: number, size: number): tf.Tensor2D {
  const half = Math.floor(size / 2);
  const rate = Math.log(10000) / Math.max(half - 1, 1);
  const values = new Float32Array(count * size);
  for (let position = 1; position < count; position++)
    for (let i = 0; i < half; i++) {
      const angle = position * Math.exp(-rate * i);
      values[position * size + i] = Math.sin(angle);
      values[position * size + half + i] = Math.cos(angle);
    }
  return tf.tensor2d(values, [count, size]);
}
