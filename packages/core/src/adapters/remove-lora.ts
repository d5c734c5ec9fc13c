import type { Module } from '../module';
import { linearsByPath, linearsWithAdapter } from './lora-targets';

/**
 * Releases a module's adapters, or the one of this name. What is merged stays in the weights; everything stays
 * frozen that was: `module.unfreeze()` trains the weights again.
 *
 * @throws ConfigError when there is no adapter of this name.
 */
export function removeLoRA(module: Module, name?: string): void {
  const linears = name === undefined ? linearsByPath(module) : linearsWithAdapter(module, name, 'removeLoRA');
  for (const linear of linears.values()) {
    for (const known of linear.lora?.names ?? [])
      if (name === undefined || known === name) linear.lora!.remove(known);
    if (linear.lora?.names.length === 0) linear.lora = undefined;
  }
}
