import type { Module } from '../module';
import { assertUnmerged, linearsByPath, linearsWithAdapter } from './lora-targets';

/**
 * Makes one of a module's adapters the active one, or none: the module then computes as it did without them.
 * It alone is trained; the weights of the module stay as they are.
 *
 * @throws ConfigError when there is no adapter of this name, or one is merged.
 * @example
 * setAdapter(clip, 'sketches');
 * setAdapter(clip, undefined); // the base
 */
export function setAdapter(module: Module, name: string | undefined): void {
  if (name !== undefined) linearsWithAdapter(module, name, 'setAdapter');
  assertUnmerged(module, 'setAdapter');
  for (const linear of linearsByPath(module).values()) linear.lora?.activate(name);
}
