import {
  type CheckpointKeys,
  Dropout,
  type ForwardContext,
  LayerNorm,
  Linear,
  LSTM,
  Module,
  type Rng,
  relu,
  TransformerBlock,
} from '@crossmodal/core';
import type { Sequence } from '@crossmodal/fusion';
import * as tf from '@tensorflow/tfjs-core';
import {
  type FeatureDims,
  type FeatureSequences,
  type PerModality,
  perModality,
  readSequences,
} from './feature-sequences';

export interface MISAConfig {
  dims: FeatureDims;
  /** Size of the spaces that the modalities share, and have each. Default 128. */
  hiddenSize?: number | undefined;
  /** Default 2. */
  numHeads?: number | undefined;
  /** Size within the transformer's MLP. Default 2048. */
  intermediateSize?: number | undefined;
  /** 1 for scores (the default), or the number of classes. */
  outputDim?: number | undefined;
  /** Rate of dropout in the transformer and before the last layer. Default 0.1. */
  dropout?: number | undefined;
  rng: Rng;
}

/** Vectors of each modality, [batch, hiddenSize]. */
export type MISAVectors = PerModality<tf.Tensor2D>;

export interface MISAOutput {
  /** [batch, outputDim] */
  prediction: tf.Tensor2D;
  /** The utterance in each modality, brought to one size: what is to be reconstructed. */
  projected: MISAVectors;
  /** What a modality has of its own. */
  private: MISAVectors;
  /** What it has in common with the others. */
  shared: MISAVectors;
  /** The projection, from the sum of the two. */
  reconstructed: MISAVectors;
}

/**
 * MISA: each modality in a space shared by all and in one of its own, and a transformer over the six vectors. Hazarika et
 * al. 2020, "MISA: Modality-invariant and -specific representations for multimodal sentiment analysis". Train it with
 * {@link misaLoss}.
 *
 * Every modality is read by two bidirectional LSTMs, text too, as the authors do without BERT. Padding changes nothing.
 * A missing modality is a sequence of no steps. Keys are the authors', whose transformer's `in_proj` is three here
 * (`q_proj`, `k_proj`, `v_proj`) and whose discriminators, without effect on what is trained, are left out.
 *
 * @example
 * const model = new MISA({ dims: { text: 300, audio: 74, vision: 35 }, rng: new Rng(0) });
 * const { prediction } = model.forward({ text, audio, vision }); // [batch, 1]
 */
export class MISA extends Module {
  static override readonly checkpointKeys: CheckpointKeys = {
    ...branchKeys('text', 't', 'private_t_1'),
    ...branchKeys('audio', 'a', 'private_a_3'),
    ...branchKeys('vision', 'v', 'private_v_1'),
    shared: 'shared.shared_1',
    'transformer.self_attn': 'transformer_encoder.layers.0.self_attn',
    'transformer.mlp.fc1': 'transformer_encoder.layers.0.linear1',
    'transformer.mlp.fc2': 'transformer_encoder.layers.0.linear2',
    'transformer.layer_norm1': 'transformer_encoder.layers.0.norm1',
    'transformer.layer_norm2': 'transformer_encoder.layers.0.norm2',
    fusion1: 'fusion.fusion_layer_1',
    fusion2: 'fusion.fusion_layer_3',
  };
  readonly dims: FeatureDims;
  readonly text: Branch;
  readonly audio: Branch;
  readonly vision: Branch;
  readonly shared: Linear;
  readonly transformer: TransformerBlock;
  readonly fusion1: Linear;
  readonly fusionDropout: Dropout;
  readonly fusion2: Linear;

  /** @throws ConfigError when `numHeads` does not divide `hiddenSize`. */
  constructor({
    dims,
    hiddenSize = 128,
    numHeads = 2,
    intermediateSize = 2048,
    outputDim = 1,
    dropout = 0.1,
    rng,
  }: MISAConfig) {
    super();
    this.dims = dims;
    this.text = new Branch(dims.text, hiddenSize, rng);
    this.audio = new Branch(dims.audio, hiddenSize, rng);
    this.vision = new Branch(dims.vision, hiddenSize, rng);
    this.shared = new Linear(hiddenSize, hiddenSize, { rng });
    this.transformer = new TransformerBlock({
      hiddenSize,
      numHeads,
      intermediateSize,
      activation: 'relu',
      normPosition: 'post',
      dropout,
      rng,
    });
    this.fusion1 = new Linear(6 * hiddenSize, 3 * hiddenSize, { rng });
    this.fusionDropout = new Dropout(dropout);
    this.fusion2 = new Linear(3 * hiddenSize, outputDim, { rng });
  }

  /**
   * The caller disposes every output.
   *
   * @throws DataError when no modality is given; ShapeError when shapes do not fit.
   */
  forward(inputs: FeatureSequences, context?: ForwardContext): MISAOutput {
    return tf.tidy(() => {
      const sequences = readSequences(inputs, this.dims, 'MISA');
      const through = (layer: Linear, x: tf.Tensor) => layer.forward(x, context) as tf.Tensor2D;
      const projected = perModality((modality) => this[modality].project(sequences[modality], context));
      const own = perModality((modality) => tf.sigmoid(through(this[modality].private, projected[modality])));
      const shared = perModality((modality) => tf.sigmoid(through(this.shared, projected[modality])));
      const reconstructed = perModality((modality) =>
        through(this[modality].reconstruct, tf.add(own[modality], shared[modality])),
      );
      const order = [own.text, own.vision, own.audio, shared.text, shared.vision, shared.audio];
      const mixed = this.transformer.forward(tf.stack(order, 1), {}, context); // [batch, 6, hiddenSize]
      const joined = tf.reshape(mixed, [mixed.shape[0], mixed.shape[1] * mixed.shape[2]]);
      const hidden = relu(this.fusionDropout.forward(through(this.fusion1, joined), context));
      return { prediction: through(this.fusion2, hidden), projected, private: own, shared, reconstructed };
    });
  }
}

/** What one modality has for itself. */
class Branch extends Module {
  readonly rnn1: LSTM;
  readonly rnnNorm: LayerNorm;
  readonly rnn2: LSTM;
  readonly projection: Linear;
  readonly projectionNorm: LayerNorm;
  readonly private: Linear;
  readonly reconstruct: Linear;

  constructor(inputSize: number, hiddenSize: number, rng: Rng) {
    super();
    this.rnn1 = new LSTM({ inputSize, hiddenSize: inputSize, bidirectional: true, rng });
    this.rnnNorm = new LayerNorm(2 * inputSize);
    this.rnn2 = new LSTM({ inputSize: 2 * inputSize, hiddenSize: inputSize, bidirectional: true, rng });
    this.projection = new Linear(4 * inputSize, hiddenSize, { rng });
    this.projectionNorm = new LayerNorm(hiddenSize);
    this.private = new Linear(hiddenSize, hiddenSize, { rng });
    this.reconstruct = new Linear(hiddenSize, hiddenSize, { rng });
  }

  /** [batch, length, inputSize] to [batch, hiddenSize]. */
  project({ features, mask }: Sequence, context: ForwardContext | undefined): tf.Tensor2D {
    const first = this.rnn1.forward(features, mask);
    const second = this.rnn2.forward(this.rnnNorm.forward(first.output), mask);
    const [ahead1, back1] = tf.split(first.hidden, 2, 1);
    const [ahead2, back2] = tf.split(second.hidden, 2, 1);
    const utterance = tf.concat([ahead1!, ahead2!, back1!, back2!], 1); // [batch, 4 inputSize]
    return this.projectionNorm.forward(relu(this.projection.forward(utterance, context))) as tf.Tensor2D;
  }
}

/** The authors' names of a {@link Branch}. */
function branchKeys(name: string, letter: string, privateLayer: string): CheckpointKeys {
  return {
    [`${name}.rnn1`]: `${letter}rnn1`,
    [`${name}.rnn2`]: `${letter}rnn2`,
    [`${name}.rnn_norm`]: `${letter}layer_norm`,
    [`${name}.projection`]: `project_${letter}.project_${letter}`,
    [`${name}.projection_norm`]: `project_${letter}.project_${letter}_layer_norm`,
    [`${name}.private`]: `private_${letter}.${privateLayer}`,
    [`${name}.reconstruct`]: `recon_${letter}.recon_${letter}_1`,
  };
}
