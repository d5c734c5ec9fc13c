import { readFile } from '#decode-image';
import { DataError } from '../errors';

/**
 * Where encoded bytes come from: a file's path (Node only), a URL (`http`, `https`, `data`, `blob`; `file` in
 * Node) as an object or a string, the bytes themselves, or a Blob (a File, too).
 */
export type ByteSource = string | URL | Uint8Array | Blob;

export interface ReadLimits {
  /** Bytes a source may have; more is refused before it is read, or while it comes in. */
  maxBytes: number;
  /** Ends a download. */
  signal?: AbortSignal | undefined;
}

/** The bytes of a source. `where` begins an error's text. */
export async function readSource(
  source: ByteSource,
  { maxBytes, signal }: ReadLimits,
  where: string,
): Promise<Uint8Array> {
  if (source instanceof Uint8Array) return checkLength(source.byteLength, maxBytes, where) && source;
  if (source instanceof Blob) {
    checkLength(source.size, maxBytes, where);
    return new Uint8Array(await source.arrayBuffer());
  }
  const isFetched = /^(https?|data|blob):/i.test(String(source));
  return isFetched
    ? download(String(source), { maxBytes, signal }, where)
    : readFile(source, maxBytes, where);
}

/** Fails when there are no bytes, or more than allowed. */
export function checkLength(length: number, maxBytes: number, where: string): true {
  if (length === 0) throw new DataError(`${where}: is empty (0 bytes).`);
  if (length > maxBytes) {
    throw new DataError(
      `${where}: has ${length} bytes, more than maxBytes = ${maxBytes}; pass a larger maxBytes to allow it.`,
    );
  }
  return true;
}

async function download(url: string, { maxBytes, signal }: ReadLimits, where: string): Promise<Uint8Array> {
  let response: Response;
  try {
    response = await fetch(url, signal ? { signal } : {});
  } catch (cause) {
    throw new DataError(`${where}: cannot be fetched: ${reason(cause)}.`, { cause });
  }
  if (!response.ok || !response.body) {
    await response.body?.cancel();
    throw new DataError(
      `${where}: the server answered ${response.status} ${response.statusText}`.trimEnd().concat('.'),
    );
  }
  const chunks: Uint8Array[] = [];
  let length = 0;
  const reader = response.body.getReader();
  try {
    // What the server declares is refused at once; what it sends is counted all the same.
    checkLength(Number(response.headers.get('content-length') ?? 1) || 1, maxBytes, where);
    for (let part = await reader.read(); !part.done; part = await reader.read()) {
      length += part.value.byteLength;
      checkLength(length, maxBytes, where);
      chunks.push(part.value);
    }
  } catch (cause) {
    await reader.cancel().catch(() => undefined);
    if (cause instanceof DataError) throw cause;
    throw new DataError(`${where}: the download broke off after ${length} bytes: ${reason(cause)}.`, {
      cause,
    });
  }
  checkLength(length, maxBytes, where);
  const bytes = new Uint8Array(length);
  let at = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, at);
    at += chunk.byteLength;
  }
  return bytes;
}

/** The words of an error, and of the one that caused it. */
export function reason(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const cause = error.cause instanceof Error ? ` (${error.cause.message})` : '';
  return `${error.message}${cause}`.replace(/\s+/g, ' ').replace(/\.$/, '');
}
