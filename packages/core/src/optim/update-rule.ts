import type * as tf from '@tensorflow/tfjs-core';

/** What a rule sees of one parameter in one step. */
export interface UpdateInput {
  parameter: tf.Tensor;
  gradient: tf.Tensor;
  /** What the rule remembers of this parameter; zeros before its first step. */
  state: Readonly<Record<string, tf.Tensor>>;
  /** How many steps this parameter has had, this one included. */
  step: number;
  /** Of this step and parameter (its group's scale included). */
  learningRate: number;
  weightDecay: number;
  /** Multiplies the gradient first. */
  gradientScale: number;
}

/** New tensors, for the parameter and for each tensor of its state. */
export type UpdateOutput = { parameter: tf.Tensor; state: Record<string, tf.Tensor> };

/** The mathematics of an optimizer: what it remembers of a parameter, and how a gradient changes both. */
export interface UpdateRule {
  /** In error messages: `AdamW`. */
  readonly name: string;
  /** Shapes of the state of a parameter of this shape, by name. */
  stateShapes(shape: readonly number[]): Record<string, number[]>;
  /** Runs in a `tf.tidy`; must not return one of its inputs. */
  update(input: UpdateInput): UpdateOutput;
}
