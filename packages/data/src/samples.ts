import { DataError, mapAhead, type Rng } from '@crossmodal/core';
import { type Place, type SampleEntry, type SampleSource, type Shard, START } from './sample-source';
import type { SampleStream, SampleStreamState, SamplesOptions } from './sample-stream';
import { checkOptions, checkState, fingerprint } from './sample-stream-checks';
import { type Skip, SkipLog, type SkipReport } from './skip-log';
import { isDataError, SkipSample } from './skip-sample';

/** Samples loaded (files checked, pictures fetched) at a time. */
const AHEAD = 16;

/**
 * A data set as a stream of samples: shuffled by seed, shared out among processes, resumable at any sample. A sample
 * that cannot be used is counted and left out; a damaged shard is left where it is damaged, and counts as one.
 *
 * @throws ConfigError on a bad option. Iterating throws a DataError when the data cannot be found, when nothing or
 *   less than `maxSkipShare` allows can be used, or when they are not those of a restored state.
 * @example
 * const stream = samples(webDataset('shards/{0000..0099}.tar'), { shuffle: true, rng: new Rng(0) });
 * for await (const { key, image, texts } of stream) ...
 * console.log(stream.report());
 */
export function samples<S>(source: SampleSource<S>, options: SamplesOptions = {}): SampleStream<S> {
  return new Samples(source, options);
}

type Ref = SampleStreamState['held'][number];
interface Cursor {
  shard: number;
  place: Place;
}
/** An entry with its place, or what a shard failed with; and where reading goes on after it. */
type Item<S> = { next: Cursor } & ({ entry: SampleEntry<S>; ref: Ref } | { skip: Skip });
type Loaded<S> = { next: Cursor } & ({ sample: S; ref: Ref } | { skip: Skip });

class Samples<S> implements SampleStream<S> {
  private readonly source: SampleSource<S>;
  private readonly options: SamplesOptions;
  private readonly log: SkipLog;
  private readonly rng: Rng | undefined;
  private readonly bufferSize: number;
  private epoch = 0;
  private position = 0;
  private pass = 0;
  private given = 0;
  private cursor: Cursor = { shard: 0, place: START };
  private held: Ref[] = [];
  /** Fingerprint: of a restored state, or of what has been opened. */
  private data = '';

  constructor(source: SampleSource<S>, options: SamplesOptions) {
    checkOptions(options);
    this.source = source;
    this.options = options;
    this.log = new SkipLog('samples', options.maxSkipShare ?? 0.5, options.onSkip);
    this.rng = options.rng?.split('samples');
    this.bufferSize = options.shuffle ? (options.shuffleBuffer ?? source.shuffleBuffer) : 0;
  }

  state(): SampleStreamState {
    const { epoch, position, pass, given, cursor, data } = this;
    const rng = this.rng?.state() ?? null;
    return { epoch, position, rng, pass, given, ...cursor, held: [...this.held], data };
  }

  restore(state: SampleStreamState): void {
    checkState(state, this.rng !== undefined);
    if (state.rng) this.rng?.restore(state.rng);
    this.epoch = state.epoch;
    this.position = state.position;
    this.pass = state.pass;
    this.given = state.given;
    this.cursor = { shard: state.shard, place: state.place };
    this.held = [...state.held];
    this.data = state.data;
  }

  skip(skip: Skip): void {
    this.log.skip(skip);
  }

  report(): SkipReport {
    return this.log.report();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<S, void, undefined> {
    const { limit = Infinity, repeat = 1 } = this.options;
    const shards = await this.open();
    while (this.pass < repeat && this.position < limit) {
      for await (const sample of this.onePass(shards)) {
        yield sample;
        if (this.position >= limit) break;
      }
      if (this.given === 0) {
        const { read, skipped } = this.log.report();
        const words =
          skipped > 0 ? `${skipped} of ${read} were left out.\n${this.log.summary()}` : 'none is there.';
        throw new DataError(`samples: no sample to use: ${words}`);
      }
      this.startPass(this.pass + 1);
    }
    this.epoch++;
    this.position = 0;
    this.startPass(0);
  }

  /** Counts a sample, at the moment when cursor and buffer are those after it. */
  private give(sample: S): S {
    this.position++;
    this.given++;
    return sample;
  }

  private startPass(pass: number): void {
    this.pass = pass;
    this.given = 0;
    this.cursor = { shard: 0, place: START };
    this.held = [];
  }

  private async open(): Promise<readonly Shard<S>[]> {
    const shards = await this.source.shards();
    const data = fingerprint(shards, this.options.part);
    if (this.data !== '' && this.data !== data) {
      throw new DataError(`samples: the state is of other data: of ${this.data}; here are ${data}.`);
    }
    this.data = data;
    return shards;
  }

  /** The rest of a pass through the data. */
  private async *onePass(all: readonly Shard<S>[]): AsyncGenerator<S, void, undefined> {
    const rng = this.rng?.split(this.epoch).split(this.pass);
    const shards = this.inOrder(all, rng?.split('shards'));
    const draws = rng?.split('buffer');
    const draw = () => draws!.split(this.given).integer(buffer.length);
    const buffer = await this.refill(shards);
    for await (const item of mapAhead(this.entries(shards, all.length), load, AHEAD)) {
      this.cursor = item.next;
      this.log.look();
      if ('skip' in item) {
        this.log.skip(item.skip);
        continue;
      }
      const { sample, ref } = item;
      if (buffer.length < this.bufferSize) {
        buffer.push(sample);
        this.held.push(ref);
      } else if (this.bufferSize === 0) {
        yield this.give(sample);
      } else {
        const i = draw();
        const given = buffer[i]!;
        buffer[i] = sample;
        this.held[i] = ref;
        yield this.give(given);
      }
    }
    while (buffer.length > 0) {
      const i = draw();
      const given = buffer[i]!;
      const last = buffer.pop()!;
      const lastRef = this.held.pop()!;
      if (i < buffer.length) {
        buffer[i] = last;
        this.held[i] = lastRef;
      }
      yield this.give(given);
    }
  }

  /** The shards of this part, in the order of a pass; all of them where parts share shards. */
  private inOrder(all: readonly Shard<S>[], rng: Rng | undefined): Shard<S>[] {
    const order = this.options.shuffle ? Array.from(rng!.permutation(all.length), (i) => all[i]!) : [...all];
    const { part } = this.options;
    return part && all.length >= part.count ? order.filter((_, i) => i % part.count === part.index) : order;
  }

  /** Entries from the present place on. */
  private async *entries(shards: Shard<S>[], count: number): AsyncGenerator<Item<S>, void, undefined> {
    const { part } = this.options;
    const isShared = part && count < part.count;
    let { shard, place } = this.cursor;
    for (; shard < shards.length; shard++, place = START) {
      try {
        for await (const entry of shards[shard]!.read(place)) {
          if (isShared && entry.place[1] % part.count !== part.index) continue;
          yield { entry, ref: [shard, ...entry.place], next: { shard, place: entry.next } };
        }
      } catch (error) {
        if (!isDataError(error)) throw error;
        const skip = { key: shards[shard]!.name, reason: 'damaged shard', detail: error.message };
        yield { skip, next: { shard: shard + 1, place: START } };
      }
    }
  }

  /** The samples of a buffer, read again from where they lie. */
  private async refill(shards: Shard<S>[]): Promise<S[]> {
    const slots = new Map(this.held.map((ref, slot) => [String(ref), slot]));
    const buffer: (S | undefined)[] = this.held.map(() => undefined);
    const { held } = this;
    async function* find() {
      for (const shard of new Set(held.map(([shard]) => shard))) {
        const places = held.flatMap((ref) => (ref[0] === shard ? [ref] : []));
        const [, at, index] = places.reduce((a, b) => (b[2] < a[2] ? b : a));
        let left = places.length;
        for await (const entry of shards[shard]?.read([at, index]) ?? []) {
          const slot = slots.get(String([shard, ...entry.place]));
          if (slot === undefined) continue;
          yield { entry, ref: held[slot]!, next: { shard, place: entry.next } };
          if (--left === 0) break;
        }
        if (left > 0)
          throw new DataError(
            `samples: ${shards[shard]?.name ?? 'a shard'} has changed since the state was stored.`,
          );
      }
    }
    for await (const item of mapAhead(find(), load<S>, AHEAD)) {
      if ('sample' in item) buffer[slots.get(String(item.ref))!] = item.sample;
      else this.log.skip(item.skip); // has gone since
    }
    this.held = held.filter((_, slot) => buffer[slot] !== undefined);
    return buffer.filter((sample) => sample !== undefined);
  }
}

async function load<S>(item: Item<S>): Promise<Loaded<S>> {
  if ('skip' in item) return item;
  const { entry, ref, next } = item;
  try {
    return { sample: await entry.load(), ref, next };
  } catch (error) {
    if (!isDataError(error)) throw error;
    const reason = error instanceof SkipSample ? error.reason : 'damaged sample';
    return { skip: { key: entry.key, reason, detail: error.message }, next };
  }
}
