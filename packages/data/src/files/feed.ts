/** What both Node's and tar-stream's writable streams have. */
interface Sink {
  readonly destroyed: boolean;
  on(event: 'drain' | 'close', listener: () => void): unknown;
  write(chunk: Uint8Array): boolean;
  end(last?: undefined): unknown;
  destroy(error?: Error): unknown;
}

/** Writes chunks as fast as they are taken, until the sink is closed; an error in reading them comes out of the sink. */
export async function feed(sink: Sink, chunks: AsyncIterable<Uint8Array>): Promise<void> {
  let wake = () => {};
  sink.on('drain', () => wake());
  sink.on('close', () => wake());
  try {
    for await (const chunk of chunks) {
      if (sink.destroyed) return;
      const room = new Promise<void>((resolve) => {
        wake = resolve;
      });
      if (!sink.write(chunk) && !sink.destroyed) await room;
    }
    if (!sink.destroyed) sink.end();
  } catch (error) {
    sink.destroy(error as Error);
  }
}
