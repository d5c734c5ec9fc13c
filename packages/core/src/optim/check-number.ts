import { ConfigError } from '../errors';

/** Throws a {@link ConfigError} unless `value` is finite, at least `min`, and below `below` (or an integer). */
export function checkNumber(
  what: string,
  value: number,
  { min = -Infinity, below = Infinity, integer = false } = {},
): void {
  if (Number.isFinite(value) && value >= min && value < below && (!integer || Number.isInteger(value)))
    return;
  const kind = integer ? 'an integer' : 'a number';
  const range =
    below < Infinity ? ` in [${min}, ${below})` : min > -Infinity ? ` of at least ${min}` : ' that is finite';
  throw new ConfigError(`${what}: expected ${kind}${range}, received ${value}.`);
}
