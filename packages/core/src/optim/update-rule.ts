import type * as tf from '@tensorflow/tfjs-core';
import type { FusedKernelName } from '../ops/fused-kernels';

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
  /** The same for many parameters at once, on engines that have a kernel for that. */
  readonly group?: GroupUpdate;
}

export interface GroupUpdate {
  readonly kernel: FusedKernelName;
  /**
   * As `UpdateRule.update` of each; with a scalar that is not finite, all is given back as it was. Parameters and
   * state may be changed in place, and then are what is returned.
   */
  update(
    inputs: readonly Omit<UpdateInput, 'gradientScale'>[],
    gradientScale: number | tf.Scalar,
  ): UpdateOutput[];
}
