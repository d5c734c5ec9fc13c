import { CheckpointError } from '@crossmodal/core';
import { quote } from './check-names';
import type { HubClient } from './hub-client';
import { HubError } from './hub-error';
import type { ContentHash, CreateHash, PartialFile } from './partial-file';
import type { RepoFile } from './repo-file';
import { type NetworkPatience, TransientError, withRetries } from './retry';

export interface TransferOptions {
  client: HubClient;
  url: string;
  file: RepoFile;
  /** Where it goes; what it has already is not fetched again. */
  partial: PartialFile;
  createHash: CreateHash;
  network: NetworkPatience;
  signal: AbortSignal;
  onLoaded(bytes: number): void;
  /** What errors begin with. */
  where: string;
}

/**
 * Fetches a file's content, going on where an earlier attempt ended, and puts it in place once its size and hash are
 * those of the listing. Never more bytes are written than the listing says.
 *
 * @throws CheckpointError when the content is another one; HubError when it cannot be had.
 */
export async function transferFile(options: TransferOptions): Promise<void> {
  const { client, url, file, partial, createHash, network, signal, onLoaded } = options;
  const where = `${options.where}: ${file.path}`;
  let hash: ContentHash | undefined;
  let furthest = partial.size;
  const restart = async () => {
    await partial.clear();
    hash = newHash(file, createHash);
    onLoaded(0);
  };

  const attempt = async (progressed: () => void) => {
    if (partial.size > file.size) await restart();
    if (hash === undefined) {
      hash = newHash(file, createHash);
      for await (const chunk of partial.chunks()) hash.update(chunk);
      onLoaded(partial.size);
    }
    const resumed = partial.size > 0;
    if (partial.size < file.size) {
      // Compressed, the parts of a file could not be told apart.
      const asked = { 'accept-encoding': 'identity', ...(resumed && { range: `bytes=${partial.size}-` }) };
      const { status, headers, body, end } = await client.get(url, asked, where);
      try {
        if (resumed && !continues(status, headers, partial.size, file.size)) {
          await restart(); // an answer of 200 begins at the start by itself
          if (status !== 200)
            throw new TransientError(new HubError('refused', `${where}: the server gives no part of it.`));
        }
        checkLength(headers, file.size - partial.size, where);
        for await (const chunk of body) {
          if (partial.size + chunk.byteLength > file.size) {
            await restart();
            throw new CheckpointError(`${where}: expected ${file.size} bytes, received more: refused.`);
          }
          await partial.append(chunk);
          hash.update(chunk);
          onLoaded(partial.size);
          // The same bytes once more are no progress.
          if (partial.size > furthest) progressed();
          furthest = Math.max(furthest, partial.size);
        }
      } finally {
        end();
      }
      if (partial.size < file.size) {
        const message = `${where}: the server ended after ${partial.size} of ${file.size} bytes.`;
        throw new TransientError(new HubError('network', message));
      }
    }
    const found = await hash.hex();
    if (found === (file.sha256 ?? file.oid)) return;
    await restart();
    const error = new CheckpointError(
      `${where}: expected content with the hash ${file.sha256 ?? file.oid}, received ${found}: refused.`,
    );
    // What was there before may have been damaged: once more, from the start.
    throw resumed ? new TransientError(error) : error;
  };
  await withRetries(attempt, network, signal);
  await partial.finish();
}

/** Whether an answer goes on where the file ends. */
function continues(status: number, headers: Headers, from: number, size: number): boolean {
  if (status !== 206) return false;
  const range = headers.get('content-range'); // not every host shows it to a browser; the hash tells
  return range === null || range.replace(/\s+/g, ' ') === `bytes ${from}-${size - 1}/${size}`;
}

function checkLength(headers: Headers, expected: number, where: string): void {
  const length = headers.get('content-length');
  if (length === null || Number(length) === expected) return;
  if (headers.has('content-encoding')) return; // then it is the length of something else
  throw new CheckpointError(
    `${where}: expected ${expected} bytes, the server has ${quote(length)}: refused.`,
  );
}

/** git hashes a header before the content. */
function newHash(file: RepoFile, createHash: CreateHash): ContentHash {
  if (file.sha256 !== undefined) return createHash('sha256');
  const hash = createHash('sha1');
  hash.update(new TextEncoder().encode(`blob ${file.size}\0`));
  return hash;
}
