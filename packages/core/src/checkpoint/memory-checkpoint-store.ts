import { CheckpointError } from '../errors';
import type { Checkpoint, CheckpointStore } from './checkpoint-store';

/** Keeps checkpoints in memory, as long as the process lives. */
export class MemoryCheckpointStore implements CheckpointStore {
  private readonly checkpoints = new Map<number, Checkpoint>();

  async save(checkpoint: Checkpoint): Promise<void> {
    this.checkpoints.set(checkpoint.step, structuredClone(checkpoint));
  }

  async list(): Promise<number[]> {
    return [...this.checkpoints.keys()].sort((a, b) => a - b);
  }

  async load(step: number): Promise<Checkpoint> {
    const checkpoint = this.checkpoints.get(step);
    if (checkpoint) return structuredClone(checkpoint);
    const known = (await this.list()).join(', ') || 'none';
    throw new CheckpointError(`MemoryCheckpointStore: no checkpoint of step ${step}. There are: ${known}.`);
  }

  async remove(step: number): Promise<void> {
    this.checkpoints.delete(step);
  }
}
