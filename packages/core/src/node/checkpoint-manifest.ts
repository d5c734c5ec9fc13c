import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { CheckpointError } from '../errors';
import { type FileDigest, readRange } from './durable-file';

/** Name of the list of a checkpoint's files. */
export const MANIFEST = 'manifest.json';
const MOST_MANIFEST_BYTES = 1_000_000;

/** The files of a checkpoint, and what they must be. Nothing of it is trusted: names are plain, sizes are numbers. */
export async function readManifest(folder: string): Promise<Map<string, FileDigest>> {
  let manifest: { format?: unknown; version?: unknown; files?: unknown };
  try {
    const path = join(folder, MANIFEST);
    const bytes = await readRange(
      path,
      ({ size }) => ({ offset: 0, length: Math.min(size, MOST_MANIFEST_BYTES) }),
      {
        follow: false,
      },
    );
    manifest = Object(JSON.parse(new TextDecoder().decode(bytes)));
  } catch (cause) {
    throw new CheckpointError(`${MANIFEST} cannot be read: ${(cause as Error).message}`, { cause });
  }
  if (manifest.format !== 'crossmodal-checkpoint' || manifest.version !== 1) {
    throw new CheckpointError(`${MANIFEST}: expected format crossmodal-checkpoint, version 1.`);
  }
  const files = Object.entries(Object(manifest.files) as Record<string, Partial<FileDigest> | null>);
  return new Map(
    files.map(([file, digest]) => {
      const { bytes, sha256 } = digest ?? {};
      if (!Number.isSafeInteger(bytes) || bytes! < 0 || typeof sha256 !== 'string') {
        throw new CheckpointError(`${MANIFEST}: ${JSON.stringify(file)}: expected bytes and sha256.`);
      }
      return [requireFileName(file), { bytes: bytes!, sha256 }];
    }),
  );
}

/** A file of a checkpoint, whole and as it was written. */
export async function readVerified(folder: string, file: string, expected: FileDigest): Promise<Uint8Array> {
  const bytes = await readRange(
    join(folder, file),
    ({ size }) => {
      if (size === expected.bytes) return { offset: 0, length: size };
      throw new CheckpointError(`${file}: expected ${expected.bytes} bytes, found ${size}.`);
    },
    { follow: false },
  );
  if (createHash('sha256').update(bytes).digest('hex') === expected.sha256) return bytes;
  throw new CheckpointError(`${file}: its checksum differs from the one written: the file is damaged.`);
}

/** The name, if it is a plain one: no path, nothing hidden. */
export function requireFileName(name: string): string {
  if (/^[a-z0-9][a-z0-9._-]{0,99}$/i.test(name)) return name;
  throw new CheckpointError(`${JSON.stringify(name)} is no plain file name.`);
}
