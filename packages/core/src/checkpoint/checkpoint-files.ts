import { CheckpointError, isCrossmodalError } from '../errors';
import type { StateDict } from '../host-tensor';
import type { TrainerState } from '../train/trainer-state';
import type { Checkpoint } from './checkpoint-store';
import { parseSafetensors, safetensorsChunks } from './safetensors';

// How a checkpoint is kept in files, wherever they are: step-00000060/ with a manifest, trainer.json and *.safetensors.

/** Name of the list of a checkpoint's files. */
export const MANIFEST = 'manifest.json';
export const MOST_MANIFEST_BYTES = 1_000_000;
const TRAINER = 'trainer.json';
const SAFETENSORS = '.safetensors';

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

/**
 * Writes the files of a checkpoint one after the other, the manifest last.
 *
 * @param write Writes one, and tells what it wrote.
 */
export async function writeFiles(
  { states, trainer }: Checkpoint,
  write: (file: string, chunks: readonly Uint8Array[]) => Promise<FileDigest>,
): Promise<void> {
  const files: Record<string, FileDigest> = {};
  for (const [part, state] of Object.entries(states)) {
    const file = requireFileName(part + SAFETENSORS);
    files[file] = await write(file, safetensorsChunks(state, { format: 'pt' }));
  }
  files[TRAINER] = await write(TRAINER, [jsonBytes(trainer)]);
  await write(MANIFEST, [writeManifest(files)]);
}

/**
 * The checkpoint of these files.
 *
 * @param where Names their folder in errors.
 * @param readManifestBytes At most {@link MOST_MANIFEST_BYTES}.
 * @param readFile A file as it was written: its size and its digest are to be required.
 */
export async function readFiles(
  step: number,
  where: string,
  readManifestBytes: () => Promise<Uint8Array>,
  readFile: (file: string, expected: FileDigest) => Promise<Uint8Array>,
): Promise<Checkpoint> {
  const states: Record<string, StateDict> = {};
  let trainer: TrainerState | undefined;
  try {
    for (const [file, digest] of await readManifest(readManifestBytes)) {
      const bytes = await readFile(file, digest);
      if (file === TRAINER) trainer = JSON.parse(new TextDecoder().decode(bytes));
      else if (file.endsWith(SAFETENSORS)) {
        states[file.slice(0, -SAFETENSORS.length)] = parseSafetensors(bytes, file).tensors;
      }
    }
  } catch (cause) {
    throw new CheckpointError(`${where}: ${messageOf(cause)}`, { cause });
  }
  if (!trainer) throw new CheckpointError(`${where}: ${TRAINER} is missing.`);
  return { step, states, trainer };
}

function writeManifest(files: Readonly<Record<string, FileDigest>>): Uint8Array {
  return jsonBytes({ format: 'crossmodal-checkpoint', version: 1, files });
}

/**
 * The files of a checkpoint, and what they must be. Nothing of it is trusted: names are plain, sizes are numbers.
 *
 * @param bytes Of the manifest, at most {@link MOST_MANIFEST_BYTES}.
 */
async function readManifest(bytes: () => Promise<Uint8Array>): Promise<Map<string, FileDigest>> {
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
function requireFileName(name: string): string {
  if (/^[a-z0-9][a-z0-9._-]{0,99}$/i.test(name)) return name;
  throw new CheckpointError(`${JSON.stringify(name)} is no plain file name.`);
}

function jsonBytes(value: unknown): Uint8Array {
  return new TextEncoder().encode(`${JSON.stringify(value, null, 2)}\n`);
}

/** As a sentence. */
export function messageOf(cause: unknown): string {
  const message = cause instanceof Error ? cause.message : String(cause);
  return isCrossmodalError(cause) || message.endsWith('.') ? message : `${message}.`;
}
