import type { Rng, RngState } from '@crossmodal/core';
import type { Place } from './sample-source';
import type { Skip, SkipReport } from './skip-log';

export interface SamplesOptions {
  /** Visits shards in random order, and mixes their samples in a buffer; otherwise each epoch. Needs `rng`. */
  shuffle?: boolean;
  /**
   * Samples that a shuffle mixes, held in memory. Default: what suits the source (0 for {@link folderPairs}, whose
   * order is random to the last sample without).
   */
  shuffleBuffer?: number;
  /** Source of the order. It is not advanced. */
  rng?: Rng;
  /**
   * One of several processes that share the data; all with the same seed. Whole shards are dealt out where there
   * are enough (parts then differ in size: use `limit` to make them equal), else samples.
   */
  part?: { index: number; count: number };
  /** Times that an epoch goes through the data, each in another order. Default 1; Infinity has no end. */
  repeat?: number;
  /** Samples in an epoch, at most. */
  limit?: number;
  /** Is told of every sample that is left out. */
  onSkip?: (skip: Skip) => void;
  /** Share of samples left out, from the hundredth on, above which reading stops with a DataError. Default 0.5. */
  maxSkipShare?: number;
}

/** Where a stream is, as plain JSON. */
export interface SampleStreamState {
  /** Times that an epoch has ended. */
  epoch: number;
  /** Samples given in this epoch. */
  position: number;
  /** State of the generator that shuffles. */
  rng: RngState | null;
  /** Times that this epoch has gone through the data. */
  pass: number;
  /** Samples given in this pass. */
  given: number;
  /** Where reading goes on: a shard in the order of this pass, and a place in it. */
  shard: number;
  place: Place;
  /** Where the samples in the shuffle buffer lie. */
  held: [shard: number, at: number, index: number][];
  /** Which data these are. */
  data: string;
}

/**
 * Samples, one after the other. Each `for await` goes through the rest of the present epoch (so after a `break`, the
 * next one goes on there), then the next epoch begins.
 */
export interface SampleStream<S> extends AsyncIterable<S> {
  /** The place after the last sample that was taken. */
  state(): SampleStreamState;
  /** Goes on from a stored place: with the same data and options, with exactly the samples that were to come. */
  restore(state: SampleStreamState): void;
  /** Counts a sample that a later stage could not use. @throws DataError above `maxSkipShare`. */
  skip(skip: Skip): void;
  /** What was read and left out since this object was made. */
  report(): SkipReport;
}
