import { ConfigError } from '@crossmodal/core';
import type { SampleStreamState, SamplesOptions } from './sample-stream';

/** Fails on options that cannot be followed. */
export function checkOptions({
  shuffle,
  rng,
  part,
  limit = 1,
  repeat = 1,
  shuffleBuffer = 0,
  maxSkipShare = 0,
}: SamplesOptions) {
  const fail = (words: string): never => {
    throw new ConfigError(`samples: ${words}`);
  };
  if (shuffle && !rng) fail('shuffle needs rng: new Rng(seed).');
  if (!isCount(limit, 1)) fail(`limit: expected an integer from 1, received ${limit}.`);
  if (repeat !== Infinity && !isCount(repeat, 1))
    fail(`repeat: expected an integer from 1, or Infinity, received ${repeat}.`);
  if (!isCount(shuffleBuffer)) fail(`shuffleBuffer: expected an integer from 0, received ${shuffleBuffer}.`);
  if (!(maxSkipShare >= 0 && maxSkipShare <= 1))
    fail(`maxSkipShare: expected 0 to 1, received ${maxSkipShare}.`);
  if (part && !(isCount(part.count, 1) && isCount(part.index) && part.index < part.count)) {
    fail(`part: expected an index below count, received index ${part.index} and count ${part.count}.`);
  }
}

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
