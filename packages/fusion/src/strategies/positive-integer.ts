import { ConfigError } from '@crossmodal/core';

/** `value`, when it is 1, 2, 3 and so on. @throws ConfigError otherwise. */
export function positiveInteger(value: number, what: string): number {
  if (!(Number.isInteger(value) && value > 0))
    throw new ConfigError(`${what}: expected a positive integer, received ${value}.`);
  return value;
}
