/** A file that is being fetched; what is there survives an end of the process. */
export interface PartialFile {
  /** Bytes there so far. */
  readonly size: number;
  /** What is there so far. */
  chunks(): AsyncIterable<Uint8Array>;
  append(bytes: Uint8Array): Promise<void>;
  /** Throws away what is there. */
  clear(): Promise<void>;
  /** Puts it in its place, whole. */
  finish(): Promise<void>;
  /** Lets go of it; what is there is kept. */
  close(): Promise<void>;
}

/** A hash that is fed bit by bit. */
export interface ContentHash {
  update(bytes: Uint8Array): void;
  /** In lower-case hexadecimals. */
  hex(): Promise<string>;
}

export type CreateHash = (algorithm: 'sha1' | 'sha256') => ContentHash;
