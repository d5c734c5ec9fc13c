/** A place in a shard, as plain JSON: where it is (a byte, a row: the source knows), and the entries before it. */
export type Place = readonly [at: number, index: number];

/** Where every shard begins. */
export const START: Place = [0, 0];

/** A sample that has not been made yet. */
export interface SampleEntry<S> {
  /** Its name in the data set. */
  key: string;
  place: Place;
  /** The place after it. */
  next: Place;
  /** Makes the sample. Throws a {@link SkipSample}, or another DataError, where it cannot be used. */
  load(): S | Promise<S>;
}

/** A part of a data set that is read from its start, or from a place in it, to its end. */
export interface Shard<S> {
  /** The same wherever the data lie, so that a stored place can be checked. */
  readonly name: string;
  /** Throws a DataError where it is damaged; what came before counts. */
  read(from: Place): AsyncIterable<SampleEntry<S>>;
}

/** A data set on disk or elsewhere. What {@link samples} reads, and all that another format has to provide. */
export interface SampleSource<S> {
  /** The shards, in an order that is always the same. */
  shards(): Promise<readonly Shard<S>[]>;
  /** Samples that a shuffle should hold unless it is told otherwise; 0 where shards are single samples. */
  readonly shuffleBuffer: number;
}
