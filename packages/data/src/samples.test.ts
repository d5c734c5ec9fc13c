import { DataError, Rng } from '@crossmodal/core';
import { describe, expect, it } from 'vitest';
import { mapSamples } from './map-samples';
import type { SampleSource } from './sample-source';
import type { SampleStreamState, SamplesOptions } from './sample-stream';
import { samples } from './samples';
import { SkipSample } from './skip-sample';
import { collect, numbers } from './testing/fixtures';

const sorted = (values: number[]) => [...values].sort((a, b) => a - b);
const range = (n: number) => Array.from({ length: n }, (_, i) => i);
const shuffled = (): SamplesOptions => ({ shuffle: true, rng: new Rng(3) });

describe('samples', () => {
  it('come in order, or in a random one that depends on seed and epoch alone', async () => {
    expect(await collect(samples(numbers(4, 10)))).toEqual(range(40));
    const stream = samples(numbers(4, 10), shuffled());
    const first = await collect(stream);
    const second = await collect(stream);
    expect(sorted(first)).toEqual(range(40));
    expect(sorted(second)).toEqual(range(40));
    expect(second).not.toEqual(first);
    const again = samples(numbers(4, 10), shuffled());
    expect([await collect(again), await collect(again)]).toEqual([first, second]);
    expect(await collect(samples(numbers(4, 10), { shuffle: true, rng: new Rng(4) }))).not.toEqual(first);
    // Shards as wholes and samples within: neither order is kept.
    const inShards = await collect(samples(numbers(4, 10), { ...shuffled(), shuffleBuffer: 0 }));
    expect(inShards.map((n) => n % 10)).toEqual([0, 1, 2, 3].flatMap(() => range(10)));
    expect(inShards).not.toEqual(range(40));
    expect(first).not.toEqual(inShards);
  });

  it.each([
    ['in order', {}],
    ['shuffled', shuffled()],
    ['shuffled, buffer above the data', { ...shuffled(), shuffleBuffer: 99 }],
    ['repeated and limited', { ...shuffled(), repeat: 3, limit: 45 }],
    ['one part of two, by shard', { ...shuffled(), part: { index: 1, count: 2 } }],
    ['one part of three, by shard', { ...shuffled(), part: { index: 2, count: 3 } }],
    ['one part of seven, by sample', { ...shuffled(), part: { index: 2, count: 7 } }],
  ] as [string, SamplesOptions][])('go on exactly from any place: %s', async (_, options) => {
    const whole = samples(numbers(4, 5), options);
    const expected = [await collect(whole), await collect(whole), await collect(whole)].flat();
    const perEpoch = expected.length / 3;
    for (let stop = 0; stop <= 2 * perEpoch; stop++) {
      const before = samples(numbers(4, 5), options);
      const taken: number[] = [];
      while (taken.length < stop) taken.push(...(await collect(before, stop - taken.length)));
      const state = JSON.parse(JSON.stringify(before.state())) as SampleStreamState;
      const after = samples(numbers(4, 5), { ...options, ...(options.rng && { rng: new Rng(99) }) });
      after.restore(state);
      while (taken.length < expected.length) {
        const rest = await collect(after);
        taken.push(...rest);
      }
      expect(taken).toEqual(expected);
      // The same object goes on after a break, too.
      const rest = await collect(before);
      expect(rest).toEqual(expected.slice(stop, stop + rest.length));
    }
  });

  it('go on exactly past samples that are left out and shards that break', async () => {
    const holes = mapSamples(numbers(3, 8), (n) => {
      if (n % 3 === 1) throw new SkipSample('bad');
      return n;
    });
    const source: SampleSource<number> = {
      shuffleBuffer: 4,
      shards: async () =>
        (await holes.shards()).map(({ name, read }) => ({
          name,
          async *read(from) {
            for await (const entry of read(from)) {
              if (name === 'shard 1' && entry.place[0] === 5) throw new DataError('cut off');
              yield entry;
            }
          },
        })),
    };
    for (const options of [{}, shuffled()]) {
      const whole = await collect(samples(source, options));
      expect(sorted(whole)).toEqual(range(24).filter((n) => n % 3 !== 1 && (n < 13 || n > 15)));
      for (let stop = 1; stop <= whole.length; stop++) {
        const before = samples(source, options);
        await collect(before, stop);
        const after = samples(source, options);
        after.restore(before.state());
        expect(await collect(after)).toEqual(whole.slice(stop));
      }
    }
  });

  it('that lay side by side are mixed by the buffer', async () => {
    const all = await collect(samples(numbers(1, 400), { ...shuffled(), shuffleBuffer: 50 }));
    const neighbours = all.filter((n, i) => n + 1 === all[i + 1]).length;
    expect(neighbours).toBeLessThan(25); // of 399; at random, 50 places apart, some 8
    const early = all.slice(0, 100).filter((n) => n < 100).length;
    expect(early).toBeGreaterThan(55); // what is held stays near its place
    expect(early).toBeLessThan(90);
  });

  it('that are not needed to resume are not loaded again', async () => {
    const stream = samples(numbers(2, 100), { ...shuffled(), shuffleBuffer: 10 });
    await collect(stream, 60);
    const loaded: number[] = [];
    const resumed = samples(numbers(2, 100, loaded), { ...shuffled(), shuffleBuffer: 10 });
    resumed.restore(stream.state());
    await collect(resumed, 1);
    expect(loaded.length).toBeLessThanOrEqual(10 + 1 + 17 + 1); // the buffer, one, and what is read ahead
  });

  it.each([2, 3, 4, 7])('are shared by %i parts without loss or repetition', async (count) => {
    for (const options of [{}, shuffled()]) {
      const parts = range(count).map((index) =>
        collect(samples(numbers(4, 10), { ...options, part: { index, count } })),
      );
      expect(sorted((await Promise.all(parts)).flat())).toEqual(range(40));
    }
  });

  it('repeat in other orders, up to a limit', async () => {
    const stream = samples(numbers(2, 5), { ...shuffled(), repeat: 3 });
    const all = await collect(stream);
    expect(sorted(all)).toEqual(range(10).flatMap((n) => [n, n, n]));
    expect(all.slice(0, 10)).not.toEqual(all.slice(10, 20));
    expect(stream.state().epoch).toBe(1);
    const endless = samples(numbers(2, 5), { repeat: Infinity, limit: 23 });
    expect(await collect(endless)).toEqual(range(23).map((i) => i % 10));
    expect(endless.state()).toMatchObject({ epoch: 1, position: 0 });
  });

  it('that cannot be used are counted by reason, with examples', async () => {
    const skips: string[] = [];
    const source = mapSamples(numbers(2, 10), (n) => {
      if (n % 3 === 0) throw new SkipSample('a multiple of three', `${n} is`);
      if (n === 7) throw new DataError('seven is broken');
      return n;
    });
    const stream = samples(source, { onSkip: ({ key, reason }) => skips.push(`${key} ${reason}`) });
    expect(await collect(stream)).toEqual([1, 2, 4, 5, 8, 10, 11, 13, 14, 16, 17, 19]);
    const { read, skipped, reasons } = stream.report();
    expect([read, skipped]).toEqual([20, 8]);
    expect(reasons.map(({ reason, count }) => [reason, count])).toEqual([
      ['a multiple of three', 7],
      ['damaged sample', 1],
    ]);
    expect(reasons[0]!.examples).toHaveLength(3);
    expect(reasons[1]!.examples).toEqual([{ key: '7', reason: 'damaged sample', detail: 'seven is broken' }]);
    expect(skips[0]).toBe('0 a multiple of three');
    expect(skips).toHaveLength(8);
  });

  it('mostly bad stop the run with a summary', async () => {
    const source = mapSamples(numbers(1, 1000), (n) => {
      if (n > 60) throw new SkipSample('too great', `${n} is`);
      return n;
    });
    await expect(collect(samples(source))).rejects.toThrow(
      'samples: 62 of 123 samples cannot be used, more than maxSkipShare = 0.5.\n  too great: 62, first 61 (61 is)',
    );
    expect(await collect(samples(source, { maxSkipShare: 1 }))).toHaveLength(61);
    const few = mapSamples(numbers(1, 9), (): number => {
      throw new SkipSample('bad');
    });
    await expect(collect(samples(few))).rejects.toThrow(
      'samples: no sample to use: 9 of 9 were left out.\n  bad: 9, first 0',
    );
    await expect(collect(samples(numbers(0, 0)))).rejects.toThrow(
      'samples: no sample to use: none is there.',
    );
    const later = samples(numbers(1, 1000));
    await collect(later, 150);
    const skip = () => later.skip({ key: 'x', reason: 'blurred', detail: 'blurred' });
    for (let i = 0; i < 75; i++) skip();
    expect(skip).toThrow('samples: 76 of 150 samples cannot be used');
  });

  it('a shard that breaks counts once; what is no fault of the data is thrown', async () => {
    const broken = (error: Error): SampleSource<number> => ({
      shuffleBuffer: 0,
      shards: async () => {
        const [first, second] = await numbers(2, 4).shards();
        return [
          {
            name: 'first',
            async *read(from) {
              for await (const entry of first!.read(from)) {
                if (entry.place[0] === 2) throw error;
                yield entry;
              }
            },
          },
          second!,
        ];
      },
    });
    const stream = samples(broken(new DataError('cut off')));
    expect(await collect(stream)).toEqual([0, 1, 4, 5, 6, 7]);
    expect(stream.report().reasons[0]!.examples).toEqual([
      { key: 'first', reason: 'damaged shard', detail: 'cut off' },
    ]);
    await expect(collect(samples(broken(new TypeError('a bug'))))).rejects.toThrow('a bug');
    const bug = mapSamples(numbers(1, 3), (): number => {
      throw new TypeError('a bug');
    });
    await expect(collect(samples(bug))).rejects.toThrow('a bug');
  });

  it('refuse bad options, and states of something else', async () => {
    expect(() => samples(numbers(1, 1), { shuffle: true })).toThrow(
      'samples: shuffle needs rng: new Rng(seed).',
    );
    expect(() => samples(numbers(1, 1), { part: { index: 2, count: 2 } })).toThrow(
      'samples: part: expected an index below count, received index 2 and count 2.',
    );
    expect(() => samples(numbers(1, 1), { limit: 0 })).toThrow(
      'samples: limit: expected an integer from 1, received 0.',
    );
    const stream = samples(numbers(2, 5));
    await collect(stream, 3);
    const state = stream.state();
    const other = samples(numbers(3, 5));
    other.restore(state);
    await expect(collect(other)).rejects.toThrow(
      /^samples: the state is of other data: of 2 shards \(\w+\); here are 3 shards/,
    );
    const changed = samples(numbers(2, 5), shuffled());
    await collect(changed, 3);
    const shrunk = samples(numbers(2, 1), shuffled());
    shrunk.restore(changed.state());
    await expect(collect(shrunk)).rejects.toThrow(
      /^samples: shard \d has changed since the state was stored\.$/,
    );
    expect(() => samples(numbers(2, 5), shuffled()).restore(state)).toThrow(
      'samples: restore: the state is of a stream without rng, this one is not.',
    );
    expect(() => stream.restore({ ...state, place: [1] as never })).toThrow(
      'samples: restore: expected what state() gave, received something else.',
    );
  });
});
