import { DataError } from '@crossmodal/core';
import { extract, type Header } from 'tar-stream';
import { feed } from '../files/feed';
import { readBytes } from '../files/read-bytes';
import { isDataError, messageOf } from '../skip-sample';

/** An entry of an archive. Its content is passed over unless it is read before the next entry is asked for. */
export interface TarEntry {
  name: string;
  type: Header['type'];
  size: number;
  /** Bytes of the unpacked archive before it, and up to its end. */
  start: number;
  end: number;
  /** Takes memory for `size` bytes at once. */
  content(): Promise<Uint8Array>;
}

/**
 * The entries of a `.tar` or `.tar.gz`, from the start of one of them on, one in memory at a time.
 *
 * @throws DataError where the archive is cut off or damaged.
 */
export async function* readTar(
  path: string,
  options: { from: number; maxBytes: number },
): AsyncGenerator<TarEntry, void, undefined> {
  const archive = extract();
  const feeding = feed(archive, readBytes(path, options));
  let start = options.from;
  const damaged = (cause: unknown) =>
    isDataError(cause)
      ? cause
      : new DataError(`${path}: is damaged after byte ${start}: ${messageOf(cause)}.`, { cause });
  try {
    for await (const stream of archive) {
      const header = stream.header as Header & { byteOffset: number };
      const { name, type } = header;
      const size = type === 'directory' ? 0 : header.size;
      const end = options.from + header.byteOffset + Math.ceil(size / 512) * 512;
      const content = async () => {
        const bytes = new Uint8Array(size); // of its own: it travels to a worker
        let at = 0;
        try {
          for await (const chunk of stream as AsyncIterable<Uint8Array>) {
            bytes.set(chunk, at);
            at += chunk.length;
          }
        } catch (cause) {
          throw damaged(cause);
        }
        return bytes;
      };
      yield { name, type, size, start, end, content };
      start = end;
      stream.resume();
    }
    await feeding;
  } catch (cause) {
    throw damaged(cause);
  } finally {
    archive.destroy();
    await feeding;
  }
}
