import { ConfigError } from '../errors';
import { Linear } from '../layers/linear';
import type { Module } from '../module';

/** Every {@link Linear} of a module by its path in checkpoints, without `.weight`. */
export function linearsByPath(module: Module): Map<string, Linear> {
  const paths = new Map([...module.namedParameters()].map(([key, parameter]) => [parameter, key]));
  const linears = new Map<string, Linear>();
  for (const linear of module.allModules()) {
    if (linear instanceof Linear) linears.set(paths.get(linear.weight)!.replace(/\.?weight$/, ''), linear);
  }
  return linears;
}

/** Every {@link Linear} that has the adapter, by path. @throws ConfigError when none has. */
export function linearsWithAdapter(module: Module, name: string, who: string): Map<string, Linear> {
  const linears = linearsByPath(module);
  const found = new Map([...linears].filter(([, linear]) => linear.lora?.get(name)));
  if (found.size > 0) return found;
  const names = new Set([...linears.values()].flatMap((linear) => linear.lora?.names ?? []));
  const known = names.size > 0 ? `There are: ${[...names].join(', ')}.` : 'There are none: see addLoRA.';
  throw new ConfigError(`${who}: name: there is no adapter ${name}. ${known}`);
}

/** Refuses a name that cannot be part of a key or is taken, and a module whose adapter is merged. */
export function assertCanAdd(module: Module, name: string, who: string): void {
  if (!/^[\w-]+$/.test(name))
    throw new ConfigError(
      `${who}: name: expected letters, digits, _ and -, received ${JSON.stringify(name)}.`,
    );
  for (const linear of linearsByPath(module).values()) {
    if (linear.lora?.get(name))
      throw new ConfigError(
        `${who}: name: there is an adapter ${name} already. Remove it, or take another name.`,
      );
  }
  assertUnmerged(module, who);
}

/** @throws ConfigError when the module's adapter is in its weights. */
export function assertUnmerged(module: Module, who: string): void {
  for (const linear of linearsByPath(module).values()) {
    if (linear.lora?.isMerged)
      throw new ConfigError(`${who}: an adapter is merged into the weights. Call unmergeLoRA first.`);
  }
}
