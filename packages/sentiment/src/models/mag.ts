import {
  Dropout,
  type ForwardContext,
  LayerNorm,
  Linear,
  Module,
  type Rng,
  relu,
  withoutGradient,
} from '@crossmodal/core';
import * as tf from '@tensorflow/tfjs-core';
import type { FeatureDims } from './feature-sequences';

export interface MAGConfig {
  /** Sizes of the vectors; `text` is that of the transformer's embeddings. */
  dims: FeatureDims;
  /** Greatest length of the displacement, as a share of the embedding's. Default 1. */
  betaShift?: number | undefined;
  /** Rate of dropout of the result. Default 0.5. */
  dropout?: number | undefined;
  rng: Rng;
}

/**
 * Multimodal adaptation gate: displaces the vector of each word by how it sounded and looked. Rahman et al. 2020,
 * "Integrating multimodal information in large pretrained transformers", equations 1 to 5.
 */
export class MAG extends Module {
  static override readonly checkpointKeys = {
    vision_gate: 'W_hv',
    audio_gate: 'W_ha',
    vision_shift: 'W_v',
    audio_shift: 'W_a',
    layer_norm: 'LayerNorm',
  };
  readonly visionGate: Linear;
  readonly audioGate: Linear;
  readonly visionShift: Linear;
  readonly audioShift: Linear;
  readonly layerNorm: LayerNorm;
  readonly dropout: Dropout;
  readonly betaShift: number;

  constructor({ dims: { text, audio, vision }, betaShift = 1, dropout = 0.5, rng }: MAGConfig) {
    super();
    this.visionGate = new Linear(vision + text, text, { rng });
    this.audioGate = new Linear(audio + text, text, { rng });
    this.visionShift = new Linear(vision, text, { rng });
    this.audioShift = new Linear(audio, text, { rng });
    this.layerNorm = new LayerNorm(text);
    this.dropout = new Dropout(dropout);
    this.betaShift = betaShift;
  }

  /**
   * @param text float32 [batch, length, dims.text]; `audio` and `vision` alike, with a vector for each word.
   * @returns float32 [batch, length, dims.text]; the caller disposes it.
   */
  forward(text: tf.Tensor3D, audio: tf.Tensor3D, vision: tf.Tensor3D, context?: ForwardContext): tf.Tensor3D {
    return tf.tidy(() => {
      const shiftBy = (gate: Linear, shift: Linear, x: tf.Tensor3D) =>
        tf.mul(relu(gate.forward(tf.concat([x, text], 2), context)), shift.forward(x, context));
      const byVision = shiftBy(this.visionGate, this.visionShift, vision);
      const displacement = tf.add(byVision, shiftBy(this.audioGate, this.audioShift, audio));
      const ratio = tf.div(length(text), tf.add(length(displacement), 1e-6)); // [batch, length, 1]
      const scale = tf.minimum(tf.mul(ratio, this.betaShift), 1);
      const moved = this.layerNorm.forward(tf.add(text, tf.mul(displacement, scale)));
      return this.dropout.forward(moved as tf.Tensor3D, context);
    });
  }
}

/** Length of each vector; 1 for one of zeros, which has no direction. */
function length(x: tf.Tensor): tf.Tensor {
  const squared = tf.sum(tf.square(x), -1, true);
  const hasDirection = withoutGradient(() => tf.greater(squared, 0));
  return tf.sqrt(tf.where(hasDirection, squared, tf.onesLike(squared)));
}
