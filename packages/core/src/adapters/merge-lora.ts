import type { Module } from '../module';
import { linearsByPath } from './lora-targets';

/**
 * Adds the active adapter to the weights, `W + alpha / rank · A B`: inference then costs what it does without,
 * and `stateDict()` is that of a plain model. `removeLoRA` afterwards leaves it there for good.
 *
 * @example
 * mergeLoRA(clip);
 * removeLoRA(clip);
 * await writeFile('merged.safetensors', serializeSafetensors(await clip.stateDict()));
 */
export function mergeLoRA(module: Module): void {
  setMerged(module, true);
}

/**
 * Takes a merged adapter out of the weights again, which are what they were to within rounding: to go to and fro
 * between adapters, leave them unmerged and use {@link setAdapter}.
 */
export function unmergeLoRA(module: Module): void {
  setMerged(module, false);
}

function setMerged(module: Module, merged: boolean): void {
  for (const linear of linearsByPath(module).values()) linear.lora?.merge(linear.weight, merged);
}
