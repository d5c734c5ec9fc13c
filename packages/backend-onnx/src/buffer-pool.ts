/** A piece of memory on loan from a {@link BufferPool}, shared by everything that holds a reference to it. */
export interface PooledBuffer {
  readonly bytes: ArrayBuffer;
  references: number;
}

/** Requests between two looks at what lay unused all along. */
const TRIM_INTERVAL = 8192;

interface SizeClass {
  free: PooledBuffer[];
  /** The fewest that lay free since the last trim: so many were not needed. */
  leastFree: number;
}

/**
 * Reuses memory by size, because fresh memory costs a page fault for every 4 KiB. A buffer returns when its last
 * reference is released: whoever keeps `values` on it counts one up. What lay unused through a whole interval is given back to the system, and never more
 * than `maxFreeBytes` lies free.
 */
export class BufferPool {
  private readonly classes = new Map<number, SizeClass>();
  private readonly owners = new WeakMap<ArrayBufferLike, PooledBuffer>();
  private requests = 0;
  /** Bytes that lie free for reuse. */
  freeBytes = 0;
  /** Bytes on loan. */
  usedBytes = 0;

  constructor(public maxFreeBytes: number) {}

  acquire(byteLength: number): PooledBuffer {
    if (++this.requests % TRIM_INTERVAL === 0) this.trim();
    const size = sizeClass(byteLength);
    const entry = this.classes.get(size);
    let buffer = entry?.free.pop();
    if (buffer) {
      this.freeBytes -= size;
      entry!.leastFree = Math.min(entry!.leastFree, entry!.free.length);
    } else {
      buffer = { bytes: this.newBytes(size), references: 0 };
      this.owners.set(buffer.bytes, buffer);
    }
    this.usedBytes += size;
    return buffer;
  }

  /** Where memory is full, what lies free is given up for it. */
  private newBytes(size: number): ArrayBuffer {
    try {
      return new ArrayBuffer(size);
    } catch (error) {
      if (this.freeBytes === 0) throw error;
      this.clear();
      return new ArrayBuffer(size);
    }
  }

  /** The buffer of this pool that `values` lie in, if any. */
  ownerOf(values: ArrayBufferView): PooledBuffer | undefined {
    return this.owners.get(values.buffer);
  }

  release(buffer: PooledBuffer): void {
    if (--buffer.references > 0) return;
    buffer.references = 0; // also of one that nobody came to hold
    const size = buffer.bytes.byteLength;
    this.usedBytes -= size;
    if (this.freeBytes + size > this.maxFreeBytes) return;
    let entry = this.classes.get(size);
    if (!entry) {
      entry = { free: [], leastFree: 0 };
      this.classes.set(size, entry);
    }
    entry.free.push(buffer);
    this.freeBytes += size;
  }

  /** Gives back what was not needed since the last call. */
  trim(): void {
    for (const [size, entry] of this.classes) {
      entry.free.splice(0, entry.leastFree);
      this.freeBytes -= size * entry.leastFree;
      entry.leastFree = entry.free.length;
      if (entry.free.length === 0) this.classes.delete(size);
    }
  }

  /** Gives back everything that lies free. */
  clear(): void {
    this.classes.clear();
    this.freeBytes = 0;
  }
}

/** The next size up among four to an octave: at most a quarter more than asked. */
function sizeClass(byteLength: number): number {
  if (byteLength <= 256) return 256;
  const step = 2 ** (Math.floor(Math.log2(byteLength - 1)) - 2);
  return Math.ceil(byteLength / step) * step;
}
