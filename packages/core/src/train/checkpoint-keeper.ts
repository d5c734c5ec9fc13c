import type { Checkpoint, CheckpointStore } from '../checkpoint/checkpoint-store';
import { ConfigError } from '../errors';

export interface CheckpointOptions {
  store: CheckpointStore;
  /** Saves after each this many steps. */
  everySteps?: number;
  /** Saves after the step that ends this long after the last save. */
  everyMinutes?: number;
  /** Removes all but the last this many (and the best). Default 2. */
  keepLast?: number;
  /** Saves whenever the evaluation has a new best value of this metric, and keeps that checkpoint. */
  best?: { metric: string; mode: 'max' | 'min' };
}

/** Decides when to save, and which checkpoints stay. */
export class CheckpointKeeper {
  /** The best evaluation that is, or is about to be, saved. */
  best: { step: number; value: number } | null = null;
  readonly store: CheckpointStore;
  private readonly options: CheckpointOptions;
  private lastStep: number | undefined;
  private lastTime = performance.now();

  constructor(options: CheckpointOptions) {
    const { everySteps = 1, everyMinutes = 1, keepLast = 1 } = options;
    for (const [name, value] of Object.entries({ everySteps, everyMinutes, keepLast })) {
      if (!(value > 0) || (name !== 'everyMinutes' && !Number.isInteger(value))) {
        throw new ConfigError(`Trainer: checkpoints.${name}: expected a number above 0, received ${value}.`);
      }
    }
    this.options = options;
    this.store = options.store;
  }

  /** Notes that the state of `step` is stored, and that the clock starts anew. */
  stored(step: number): void {
    this.lastStep = step;
    this.lastTime = performance.now();
  }

  isStored(step: number): boolean {
    return this.lastStep === step;
  }

  /** Whether a checkpoint is due after `step`, whose evaluation (if it had one) gave `metrics`. */
  isDue(step: number, metrics: Record<string, number> | undefined): boolean {
    const { everySteps = Infinity, everyMinutes = Infinity } = this.options;
    const improved = metrics !== undefined && this.isBest(step, metrics);
    return improved || step % everySteps === 0 || performance.now() - this.lastTime >= everyMinutes * 60_000;
  }

  /**
   * Saves, then removes what need not stay.
   *
   * @param warn Is told of one that cannot be removed.
   */
  async save(checkpoint: Checkpoint, warn: (message: string) => Promise<void>): Promise<void> {
    const { keepLast = 2 } = this.options;
    await this.store.save(checkpoint);
    this.stored(checkpoint.step);
    const steps = (await this.store.list()).filter((step) => step <= checkpoint.step);
    for (const step of steps.slice(0, -keepLast)) {
      if (step === this.best?.step) continue;
      await this.store
        .remove(step)
        .catch((error) => warn(error instanceof Error ? error.message : String(error)));
    }
  }

  private isBest(step: number, metrics: Record<string, number>): boolean {
    if (!this.options.best) return false;
    const { metric, mode } = this.options.best;
    const value = metrics[metric];
    if (value === undefined) {
      const known = Object.keys(metrics).join(', ');
      throw new ConfigError(
        `Trainer: checkpoints.best: the evaluation gives no ${metric}; there are: ${known}.`,
      );
    }
    const sign = mode === 'max' ? 1 : -1;
    if (!Number.isFinite(value) || (this.best && sign * value <= sign * this.best.value)) return false;
    this.best = { step, value };
    return true;
  }
}
