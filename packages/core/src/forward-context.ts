import { ConfigError } from './errors';
import type { Rng } from './rng';

/** What a forward pass is told: nothing about it is hidden in the module. Inference is the default. */
export interface ForwardContext {
  /** Whether dropout drops and batch norms use (and update) the statistics of the batch. Default false. */
  training?: boolean;
  /** Source of every random number of the pass; needed when something random is active in training. */
  rng?: Rng;
  /**
   * Whether stacks of blocks keep only what goes into each block for the backward pass, and compute the rest again
   * there ({@link checkpointedBlock}): less memory, a forward pass more. The result is the same. Default false.
   */
  gradientCheckpointing?: boolean;
}

/** The context's generator, or an error that says who needs it. */
export function requireRng(context: ForwardContext | undefined, who: string): Rng {
  if (context?.rng) return context.rng;
  throw new ConfigError(
    `${who}: needs a random generator in training. Pass { training: true, rng: new Rng(seed) }.`,
  );
}
