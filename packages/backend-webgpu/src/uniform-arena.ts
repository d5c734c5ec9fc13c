/** Room for the uniforms of the commands of a submit, in bytes. */
const SIZE = 64 * 1024;

/**
 * One buffer for the uniforms of all commands that are submitted together, written once, just before them. Writes and
 * submits take place in order, so the next commands may use it anew.
 */
export class UniformArena {
  readonly buffer: GPUBuffer;
  private readonly bytes = new Uint8Array(SIZE);
  private readonly alignment: number;
  private end = 0;

  constructor(private readonly device: GPUDevice) {
    this.alignment = device.limits.minUniformBufferOffsetAlignment;
    this.buffer = device.createBuffer({
      label: 'uniforms',
      size: SIZE,
      usage: GPUBufferUsage.UNIFORM | GPUBufferUsage.COPY_DST,
    });
  }

  hasRoomFor(numBytes: number): boolean {
    return this.end + numBytes <= SIZE;
  }

  /** @returns Where the bytes are in the buffer. */
  add(bytes: ArrayBuffer): number {
    const offset = this.end;
    this.bytes.set(new Uint8Array(bytes), offset);
    this.end = Math.ceil((offset + bytes.byteLength) / this.alignment) * this.alignment;
    return offset;
  }

  /** To be called just before the commands are submitted. */
  write(): void {
    if (this.end > 0) this.device.queue.writeBuffer(this.buffer, 0, this.bytes, 0, Math.min(this.end, SIZE));
    this.end = 0;
  }

  dispose(): void {
    this.buffer.destroy();
  }
}
