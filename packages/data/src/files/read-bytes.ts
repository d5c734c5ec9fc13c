import { createReadStream } from 'node:fs';
import { pipeline } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { DataError } from '@crossmodal/core';
import { messageOf } from '../skip-sample';

/** Bytes read at a time. */
const CHUNK = 2 ** 18;

/**
 * The bytes of a file from `from` on, chunk by chunk; those of a `.gz` or `.tgz` unpacked on the way (there, what lies
 * before `from` is unpacked and dropped).
 *
 * @throws DataError when it cannot be read, is damaged, or has more than `maxBytes`.
 */
export async function* readBytes(
  path: string,
  { from = 0, maxBytes }: { from?: number; maxBytes: number },
): AsyncGenerator<Buffer, void, undefined> {
  const isPacked = /\.t?gz$/i.test(path);
  const file = createReadStream(path, { start: isPacked ? 0 : from, highWaterMark: CHUNK });
  // Errors of either end come out of the last.
  const bytes = isPacked ? pipeline(file, createGunzip({ chunkSize: CHUNK }), () => {}) : file;
  let at = isPacked ? 0 : from;
  try {
    for await (const chunk of bytes as AsyncIterable<Buffer>) {
      const skip = Math.min(Math.max(from - at, 0), chunk.length);
      at += chunk.length;
      if (at > maxBytes) {
        throw new DataError(
          `${path}: has more than maxShardBytes = ${maxBytes} bytes${isPacked ? ' unpacked' : ''}.`,
        );
      }
      if (skip < chunk.length) yield skip === 0 ? chunk : chunk.subarray(skip);
    }
  } catch (cause) {
    if (cause instanceof DataError) throw cause;
    throw new DataError(`${path}: cannot be read on from byte ${at}: ${messageOf(cause)}.`, { cause });
  } finally {
    file.destroy();
  }
}
