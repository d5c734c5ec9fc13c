import type { Module } from '@crossmodal/core';
import type * as tf from '@tensorflow/tfjs-core';

/** A small model with a batch, both from fixed seeds, made on the engine that is active. */
export interface TrainingTask {
  model: Module;
  /** The loss of the batch; called in every step. */
  loss(): tf.Scalar;
  /** The batch, for whoever disposes it. */
  batch: tf.Tensor[];
}

/** A model that every engine must train as cpu does. */
export interface ModelCase {
  name: string;
  create(): TrainingTask;
}
