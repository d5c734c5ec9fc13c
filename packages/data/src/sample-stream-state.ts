import { ConfigError } from '@crossmodal/core';
import type { SampleStreamState, SamplesOptions } from './samples';

/** Fails on what is no state of a stream like this one. */
export function checkState(state: SampleStreamState, hasRng: boolean): void {
  const { epoch, position, rng, pass, given, shard, place, held, data } = state;
  const isPlace = (p: unknown, length: number) =>
    Array.isArray(p) && p.length === length && p.every((n) => isCount(n));
  const isState =
    [epoch, position, pass, given, shard].every((n) => isCount(n)) &&
    isPlace(place, 2) &&
    Array.isArray(held) &&
    held.every((ref) => isPlace(ref, 3)) &&
    typeof data === 'string';
  if (!isState)
    throw new ConfigError('samples: restore: expected what state() gave, received something else.');
  if ((rng !== null) !== hasRng) {
    throw new ConfigError(
      `samples: restore: the state is of a stream ${rng ? 'with' : 'without'} rng, this one is not.`,
    );
  }
}

/** Tells data sets apart by the names of their shards. */
export function fingerprint(shards: readonly { name: string }[], part: SamplesOptions['part']): string {
  let hash = 0x811c9dc5; // FNV-1a
  for (const { name } of shards) {
    for (let i = 0; i <= name.length; i++)
      hash = Math.imul(hash ^ (i < name.length ? name.charCodeAt(i) : 0), 0x01000193);
  }
  const share = part ? `, part ${part.index} of ${part.count}` : '';
  return `${shards.length} shards (${(hash >>> 0).toString(16)})${share}`;
}

export function isCount(value: unknown, least = 0): value is number {
  return Number.isSafeInteger(value) && (value as number) >= least;
}
