import { CheckpointError } from '@crossmodal/core';
import type { ModelFiles } from './model-files';

/** The largest published tokenizer.json is 35 MB. */
const MOST_BYTES = 200_000_000;

/**
 * Reads a small file of a model, such as a tokenizer's.
 *
 * @throws CheckpointError when there is none, or it is larger than any such file.
 */
export async function readBytes(files: ModelFiles, path: string): Promise<Uint8Array> {
  const source = await files.open(path);
  if (source.size > MOST_BYTES)
    throw new CheckpointError(
      `${source.name}: expected at most ${MOST_BYTES} bytes of text, found ${source.size}.`,
    );
  return source.read(0, source.size);
}

/**
 * Reads a text file of a model.
 *
 * @throws CheckpointError when there is none, or it is too large for a text, or not UTF-8.
 */
export async function readText(files: ModelFiles, path: string): Promise<string> {
  const bytes = await readBytes(files, path);
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (cause) {
    if (cause instanceof TypeError)
      throw new CheckpointError(`${files.name}/${path}: is not UTF-8.`, { cause });
    throw cause;
  }
}

/**
 * Reads a JSON file of a model, such as `config.json`.
 *
 * @throws CheckpointError when there is none, or it is no JSON object.
 */
export async function readJson(files: ModelFiles, path: string): Promise<Record<string, unknown>> {
  const text = await readText(files, path);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new CheckpointError(`${files.name}/${path}: is not JSON. Is the file cut short?`, { cause });
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value))
    return value as Record<string, unknown>;
  throw new CheckpointError(`${files.name}/${path}: expected a JSON object.`);
}
