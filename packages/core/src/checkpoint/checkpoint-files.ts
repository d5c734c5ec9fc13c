import { CheckpointError, isCrossmodalError } from '../errors';

// How a checkpoint is kept in files, wherever they are: step-00000060/ with a manifest, trainer.json and *.safetensors.

/** Name of the list of a checkpoint's files. */
export const MANIFEST = 'manifest.json';
export const MOST_MANIFEST_BYTES = 1_000_000;
export const TRAINER = 'trainer.json';
export const SAFETENSORS = '.safetensors';

/** Size and SHA-256 of a file. */
export interface FileDigest {
  bytes: number;
  sha256: string;
}

/** The folder of a step; `where` is for the error. */
export function stepFolderName(step: number, where: string): string {
  if (!Number.isSafeInteger(step) || step < 0) {
    throw new CheckpointError(`${where}: step: expected an integer from 0, received ${step}.`);
  }
  return `step-${String(step).padStart(8, '0')}`;
}

/** The steps that folders of these names are of, ascending. */
export function stepsOf(names: readonly string[]): number[] {
  return names
    .filter((name) => /^step-\d{8,15}$/.test(name))
    .map((name) => Number(name.slice('step-'.length)))
    .sort((a, b) => a - b);
}

export function writeManifest(files: Readonly<Record<string, FileDigest>>): Uint8Array {
  return jsonBytes({ format: 'crossmodal-checkpoint', version: 1, files });
}

/**
 * The files of a checkpoint, and what they must be. Nothing of it is trusted: names are plain, sizes are numbers.
 *
 * @param bytes Of the manifest, at most {@link MOST_MANIFEST_BYTES}.
 */
export async function readManifest(bytes: () => Promise<Uint8Array>): Promise<Map<string, FileDigest>> {
  let manifest: { format?: unknown; version?: unknown; files?: unknown };
  try {
    manifest = Object(JSON.parse(new TextDecoder().decode(await bytes())));
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

/** Throws unless a file of a checkpoint is as long as it was written. */
export function requireSize(file: string, expected: FileDigest, bytes: number): void {
  if (bytes === expected.bytes) return;
  throw new CheckpointError(`${file}: expected ${expected.bytes} bytes, found ${bytes}.`);
}

/** Throws unless a file of a checkpoint is what was written. */
export function requireDigest(file: string, expected: FileDigest, sha256: string): void {
  if (sha256 === expected.sha256) return;
  throw new CheckpointError(`${file}: its checksum differs from the one written: the file is damaged.`);
}

/** The name, if it is a plain one: no path, nothing hidden. */
export function requireFileName(name: string): string {
  if (/^[a-z0-9][a-z0-9._-]{0,99}$/i.test(name)) return name;
  throw new CheckpointError(`${JSON.stringify(name)} is no plain file name.`);
}

export function jsonBytes(value: unknown): Uint8Array {
  return new TextEncoder().encode(`${JSON.stringify(value, null, 2)}\n`);
}

/** As a sentence. */
export function messageOf(cause: unknown): string {
  const message = cause instanceof Error ? cause.message : String(cause);
  return isCrossmodalError(cause) || message.endsWith('.') ? message : `${message}.`;
}
