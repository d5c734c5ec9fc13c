import type * as tf from '@tensorflow/tfjs-core';
import type { StateDict } from '../host-tensor';

/** What a step needs beside the gradients. */
export interface OptimizerStepOptions {
  /** The learning rate of this step (a schedule gives it); a parameter group may scale it. */
  learningRate: number;
  /**
   * Multiplies every gradient first: clipping by global norm costs no pass of its own. A scalar (see
   * `clippedScale`) needs no wait for the device; one that is not finite makes the step change nothing. Default 1.
   */
  gradientScale?: number | tf.Scalar;
}

/** Updates parameters from gradients, and keeps what it must remember (moments, step count) as a state dict. */
export interface Optimizer {
  /**
   * One update of every parameter that has a gradient; the others stay as they are.
   *
   * @param gradients By checkpoint key, in engine layout. The caller still owns them.
   */
  step(gradients: ReadonlyMap<string, tf.Tensor>, options: OptimizerStepOptions): void;
  /** Whether `step` takes a scalar `gradientScale` without reading it, on the active engine. Default false. */
  readonly scalesOnDevice?: boolean;
  /** Counts the last step no more: to be called when its scalar `gradientScale` was read, and is not finite. */
  uncountStep?(): void;
  /** Everything that resuming needs, keys such as `text_model.fc1.weight.m` and `text_model.fc1.weight.step`. */
  stateDict(): Promise<StateDict>;
  /** @throws CheckpointError when a key is missing, unexpected or of another shape; nothing is changed then. */
  loadStateDict(state: StateDict): void;
  dispose(): void;
}
