/** Free buffers hold this much at any time, in bytes. */
const KEPT_BYTES = 256 * 2 ** 20;

/** So many calls of `trim` (submits) make a window over which the greatest use is remembered. */
const WINDOW = 256;

/**
 * Buffers to use again, in place of tfjs's `BufferManager`, which never gives one back to the GPU: a run of ever new
 * shapes would take all of its memory. Here free buffers hold at most as many bytes as were in use at once of late
 * (a step's activations come back in the next), or 256 MiB; what has been free for longest goes first.
 */
export class BufferPool {
  numBytesUsed = 0;
  numBytesAllocated = 0;
  /** Of one size and usage; the first one has been free for the longest time. */
  private readonly free = new Map<string, GPUBuffer[]>();
  /** All free buffers; the first has been so for longest. */
  private readonly idle = new Set<GPUBuffer>();
  private readonly used = new Set<GPUBuffer>();
  /** When a buffer was made: its number. */
  private readonly numbers = new WeakMap<GPUBuffer, number>();
  private made = 0;
  private readonly peaks = { window: 0, windowBefore: 0 };
  private trims = 0;
  private disposed = false;

  constructor(
    private readonly device: GPUDevice,
    private readonly keptBytes = KEPT_BYTES,
  ) {}

  /** A buffer whose content is undefined; one that was used before is not mapped, whatever is asked. */
  acquireBuffer(size: number, usage: number, mappedAtCreation = false, reuse = true): GPUBuffer {
    let buffer = reuse ? this.takeOldest(this.free.get(keyOf(size, usage))) : undefined;
    if (buffer) {
      this.idle.delete(buffer);
    } else {
      buffer = this.device.createBuffer({ size, usage, mappedAtCreation });
      this.numbers.set(buffer, this.made++);
      this.numBytesAllocated += size;
    }
    this.used.add(buffer);
    this.numBytesUsed += size;
    this.peaks.window = Math.max(this.peaks.window, this.numBytesUsed);
    return buffer;
  }

  releaseBuffer(buffer: GPUBuffer, reuse = true): void {
    if (this.disposed) return;
    if (!this.used.delete(buffer)) throw new Error('BufferPool: the buffer is not in use.');
    const { size } = buffer;
    this.numBytesUsed -= size;
    if (!reuse) {
      this.destroy(buffer);
      return;
    }
    const key = keyOf(size, buffer.usage);
    const alike = this.free.get(key);
    if (alike) alike.push(buffer);
    else this.free.set(key, [buffer]);
    this.idle.add(buffer);
  }

  /** Gives back what is too much. Only between submits: what waits to be submitted may use free buffers. */
  trim(): void {
    const { peaks } = this;
    if (++this.trims % WINDOW === 0) {
      peaks.windowBefore = peaks.window;
      peaks.window = this.numBytesUsed;
    }
    const most = Math.max(this.keptBytes, peaks.window, peaks.windowBefore);
    for (const buffer of this.idle) {
      if (this.numBytesAllocated - this.numBytesUsed <= most) break;
      this.idle.delete(buffer);
      const key = keyOf(buffer.size, buffer.usage);
      const alike = this.free.get(key)!;
      alike.shift(); // the one that has been free for longest
      if (alike.length === 0) this.free.delete(key);
      this.destroy(buffer);
    }
  }

  getNumUsedBuffers(): number {
    return this.used.size;
  }

  getNumFreeBuffers(): number {
    return this.idle.size;
  }

  dispose(): void {
    for (const buffer of [...this.idle, ...this.used]) buffer.destroy();
    this.free.clear();
    this.idle.clear();
    this.used.clear();
    this.numBytesUsed = 0;
    this.numBytesAllocated = 0;
    this.disposed = true;
  }

  /** The one made first: so a step that asks for and releases what the last one did gets the same, whose bind groups are there. */
  private takeOldest(alike: GPUBuffer[] = []): GPUBuffer | undefined {
    const numberOf = (i: number) => this.numbers.get(alike[i]!)!;
    let oldest = 0;
    for (let i = 1; i < alike.length; i++) if (numberOf(i) < numberOf(oldest)) oldest = i;
    return alike.splice(oldest, 1)[0];
  }

  private destroy(buffer: GPUBuffer): void {
    this.numBytesAllocated -= buffer.size;
    buffer.destroy();
  }
}

const keyOf = (size: number, usage: number) => `${size} ${usage}`;
