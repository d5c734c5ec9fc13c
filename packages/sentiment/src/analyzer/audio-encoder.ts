import type { ForwardContext, Module } from '@crossmodal/core';
import type * as tf from '@tensorflow/tfjs-core';

/** A batch of sounds. */
export interface AudioInput {
  /** float32 [batch, frames, features], zeros after the end of a sound. */
  audioValues: tf.Tensor3D;
  /** int32 [batch, frames]; 1 for a frame, 0 for padding. Default: all 1. */
  audioMask?: tf.Tensor2D | undefined;
}

export interface AudioEncoderOutput {
  /** [batch, hiddenSize] */
  pooledOutput: tf.Tensor2D;
  /** [batch, frames, hiddenSize], or fewer frames. */
  lastHiddenState?: tf.Tensor3D;
  /** [batch, frames of lastHiddenState]: 1 for sound, 0 for padding. Needed where it has fewer frames. */
  mask?: tf.Tensor2D;
}

/** Any module that makes one vector, or a row of them, of a sound. */
export interface AudioEncoder extends Module {
  readonly hiddenSize: number;
  forward(input: AudioInput, context?: ForwardContext): AudioEncoderOutput;
}
