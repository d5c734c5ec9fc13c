import type { Measured } from './peer';

/**
 * Runs every contender once a round, in turn, so that other work on the machine falls on all alike.
 *
 * @param contenders By name; one that returns undefined (its peer is not installed) is left out of the result.
 * @returns Of each, the least of every figure over the rounds.
 */
export function rounds(
  contenders: Record<string, () => Measured | undefined>,
  count = 2,
): Record<string, Measured> {
  const least: Record<string, Measured> = {};
  const absent = new Set<string>();
  for (let round = 0; round < count; round++) {
    for (const [name, run] of Object.entries(contenders)) {
      if (absent.has(name)) continue;
      const measured = run();
      if (!measured) {
        absent.add(name);
        continue;
      }
      const before = least[name] ?? measured;
      const entries = Object.entries(measured).map(([key, x]) => [key, Math.min(x, before[key] ?? x)]);
      least[name] = Object.fromEntries(entries) as Measured;
    }
  }
  return least;
}
