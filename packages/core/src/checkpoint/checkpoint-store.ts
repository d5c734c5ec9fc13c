import type { StateDict } from '../host-tensor';
import type { TrainerState } from '../train/trainer-state';

/** All that a run needs to go on from a step as if it had never stopped. */
export interface Checkpoint {
  /** Steps done. */
  step: number;
  /** `model`, `optimizer` and, where weights are averaged, `average`. */
  states: Readonly<Record<string, StateDict>>;
  trainer: TrainerState;
}

/** Where checkpoints are kept. A save is whole or not at all; a load gives back what was saved, or throws. */
export interface CheckpointStore {
  /** @throws CheckpointError when it cannot be written; those there before are intact then. */
  save(checkpoint: Checkpoint): Promise<void>;
  /** Steps there are checkpoints of, ascending. */
  list(): Promise<number[]>;
  /** @throws CheckpointError when there is none of this step, or it is damaged. */
  load(step: number): Promise<Checkpoint>;
  remove(step: number): Promise<void>;
}
