import { isCrossmodalError } from '../errors';
import type { Checkpoint, CheckpointStore } from './checkpoint-store';

/**
 * The newest checkpoint that is intact, or undefined when there is none.
 *
 * @param warn Is told of each damaged one that was passed over.
 */
export async function loadLatestCheckpoint(
  store: CheckpointStore,
  warn: (message: string) => void | Promise<void> = () => {},
): Promise<Checkpoint | undefined> {
  for (const step of (await store.list()).toReversed()) {
    try {
      return await store.load(step);
    } catch (error) {
      if (!isCrossmodalError(error)) throw error;
      await warn(`The checkpoint of step ${step} is passed over: ${error.message}`);
    }
  }
  return undefined;
}
