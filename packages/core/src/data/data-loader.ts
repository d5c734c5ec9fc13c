import * as tf from '@tensorflow/tfjs-core';
import { ConfigError, DataError } from '../errors';
import type { Rng, RngState } from '../rng';
import type { Dataset, SampleContext } from './dataset';
import { mapAhead } from './map-ahead';

/** Where a loader is, as plain JSON. */
export interface DataLoaderState {
  /** Times that the data have been gone through. */
  epoch: number;
  /** Samples given in this epoch. */
  position: number;
  /** State of the generator that shuffles. */
  rng: RngState | null;
}

export interface DataLoaderOptions<T, B> {
  /** Samples in a batch. */
  batchSize: number;
  /** Makes a batch of samples; tensors in it belong to whoever takes the batch. Default: the array of samples. */
  collate?: (samples: T[], context: SampleContext) => B | Promise<B>;
  /** Visits the samples in another random order each epoch. Needs `rng` and a data set with indices. */
  shuffle?: boolean;
  /** Source of shuffling and of the randomness that samples and `collate` are given. It is not advanced. */
  rng?: Rng;
  /** Leaves out a last batch that is not full. Default false. */
  dropLast?: boolean;
  /** Batches read ahead while one is used. Default 2. */
  prefetch?: number;
}

/**
 * Batches of a data set. Each `for await` goes through the rest of the present epoch (so after a `break`, the next
 * one goes on there), then the next epoch begins. Everything random follows from `rng` and the epoch alone:
 * {@link restore} of a {@link state} goes on exactly there.
 *
 * Of an async iterable, which has no indices, the epoch is read again from its start to find a restored position.
 *
 * @example
 * const loader = new DataLoader(dataset, { batchSize: 32, shuffle: true, rng: new Rng(0), collate: toTensors });
 * for await (const batch of loader) tf.dispose(batch);
 */
export class DataLoader<T, B = T[]> implements AsyncIterable<B> {
  readonly batchSize: number;
  private readonly dataset: Dataset<T> | AsyncIterable<T>;
  private readonly options: DataLoaderOptions<T, B>;
  private rng: Rng | undefined;
  private epoch = 0;
  private position = 0;

  constructor(dataset: Dataset<T> | AsyncIterable<T>, options: DataLoaderOptions<T, B>) {
    const { batchSize, shuffle = false, rng, prefetch = 2 } = options;
    if (!Number.isInteger(batchSize) || batchSize < 1) {
      throw new ConfigError(`DataLoader: batchSize: expected an integer from 1, received ${batchSize}.`);
    }
    if (!Number.isInteger(prefetch) || prefetch < 0) {
      throw new ConfigError(`DataLoader: prefetch: expected an integer from 0, received ${prefetch}.`);
    }
    if (shuffle && !rng) throw new ConfigError('DataLoader: shuffle needs rng: new Rng(seed).');
    if (shuffle && !hasIndices(dataset)) {
      throw new ConfigError(
        'DataLoader: shuffle needs a data set with length and get, not an async iterable.',
      );
    }
    this.dataset = dataset;
    this.options = options;
    this.batchSize = batchSize;
    this.rng = rng?.split('DataLoader');
  }

  /** Batches of an epoch; undefined for an async iterable. */
  get length(): number | undefined {
    if (!hasIndices(this.dataset)) return undefined;
    const batches = this.dataset.length / this.batchSize;
    return this.options.dropLast ? Math.floor(batches) : Math.ceil(batches);
  }

  /** The place after the last batch that was taken (read-ahead does not count). */
  state(): DataLoaderState {
    return { epoch: this.epoch, position: this.position, rng: this.rng?.state() ?? null };
  }

  /** Goes on from a stored place: with the same data and options, with exactly the batches that were to come. */
  restore({ epoch, position, rng }: DataLoaderState): void {
    if ((rng !== null) !== (this.rng !== undefined)) {
      throw new ConfigError(
        `DataLoader.restore: the state is of a loader ${rng ? 'with' : 'without'} rng, this one is not.`,
      );
    }
    if (!isCount(epoch) || !isCount(position)) {
      throw new ConfigError(
        `DataLoader.restore: epoch ${epoch} and position ${position}: expected integers from 0.`,
      );
    }
    if (rng) this.rng?.restore(rng);
    this.epoch = epoch;
    this.position = position;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<B, void, undefined> {
    const { epoch } = this;
    const rng = this.rng?.split(epoch);
    const samples = hasIndices(this.dataset)
      ? this.byIndex(this.dataset, rng)
      : this.byIteration(this.dataset);
    const batches = mapAhead(
      samples,
      (group) => this.collate(group, epoch, rng),
      this.options.prefetch ?? 2,
      ({ batch }) => tf.dispose(batch as tf.TensorContainer),
    );
    for await (const { batch, end } of batches) {
      this.position = end;
      yield batch;
    }
    this.epoch = epoch + 1;
    this.position = 0;
  }

  /** The rest of the epoch in groups of one batch; reading begins when a group is taken. */
  private *byIndex(dataset: Dataset<T>, rng: Rng | undefined): Iterable<Group<T>> {
    const { epoch, batchSize } = this;
    const { length } = dataset;
    const order = this.options.shuffle ? rng!.split('order').permutation(length) : undefined;
    for (let start = this.position; start < length; start += batchSize) {
      const end = Math.min(start + batchSize, length);
      if (this.options.dropLast && end - start < batchSize) return;
      const indices = Array.from({ length: end - start }, (_, i) => order?.[start + i] ?? start + i);
      const read = async (index: number) => {
        try {
          return await dataset.get(index, { epoch, ...(rng && { rng: rng.split(index) }) });
        } catch (cause) {
          throw new DataError(`DataLoader: sample ${index} cannot be read: ${messageOf(cause)}`, { cause });
        }
      };
      yield { samples: Promise.all(indices.map(read)), indices, end };
    }
  }

  private async *byIteration(dataset: AsyncIterable<T>): AsyncIterable<Group<T>> {
    const { batchSize, position, epoch } = this;
    let samples: T[] = [];
    let count = 0;
    const group = (): Group<T> => ({
      samples,
      indices: samples.map((_, i) => count - samples.length + i),
      end: count,
    });
    const iterator = dataset[Symbol.asyncIterator]();
    try {
      for (;;) {
        const next = await iterator.next().catch((cause) => {
          throw new DataError(`DataLoader: sample ${count} cannot be read: ${messageOf(cause)}`, { cause });
        });
        if (next.done) break;
        count++;
        if (count <= position) continue;
        samples.push(next.value);
        if (samples.length < batchSize) continue;
        yield group();
        samples = [];
      }
    } finally {
      await iterator.return?.();
    }
    if (count === 0 && epoch > 0) {
      throw new DataError(
        `DataLoader: nothing to read in epoch ${epoch}. A generator runs once: give an object whose ` +
          '[Symbol.asyncIterator]() starts anew.',
      );
    }
    if (samples.length > 0 && !this.options.dropLast) yield group();
  }

  private async collate(
    group: Group<T>,
    epoch: number,
    rng: Rng | undefined,
  ): Promise<{ batch: B; end: number }> {
    const { collate } = this.options;
    const samples = await group.samples;
    const { end, indices } = group;
    if (!collate) return { batch: samples as B, end };
    try {
      return {
        batch: await collate(samples, { epoch, ...(rng && { rng: rng.split(`batch ${end}`) }) }),
        end,
      };
    } catch (cause) {
      const list = indices.slice(0, 10).join(', ') + (indices.length > 10 ? ', ...' : '');
      throw new DataError(`DataLoader: collate failed for samples ${list}: ${messageOf(cause)}`, { cause });
    }
  }
}

interface Group<T> {
  samples: T[] | Promise<T[]>;
  indices: number[];
  /** Samples of the epoch up to the end of this group. */
  end: number;
}

function hasIndices<T>(dataset: Dataset<T> | AsyncIterable<T>): dataset is Dataset<T> {
  return 'get' in dataset;
}

function isCount(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0;
}

function messageOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}
