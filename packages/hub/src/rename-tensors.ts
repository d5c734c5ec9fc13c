import { CheckpointError, type TensorReader, tensorReader } from '@crossmodal/core';

/**
 * The weights of a file under other names.
 *
 * @param rename From a key of the file to the new one; undefined for a tensor that is not wanted.
 * @throws CheckpointError when two tensors come under the same name.
 * @example
 * const renamed = renameTensors(file, (key) => key.replace(/^module\./, ''));
 */
export function renameTensors(
  reader: TensorReader,
  rename: (key: string) => string | undefined,
): TensorReader {
  const entries = new Map<string, ReturnType<TensorReader['info']> & { file: string }>();
  for (const file of reader.keys()) {
    const key = rename(file);
    if (key === undefined) continue;
    const other = entries.get(key);
    if (other) throw new CheckpointError(`renameTensors: ${other.file} and ${file} are both ${key}.`);
    entries.set(key, { ...reader.info(file), file });
  }
  const read = async ({ file }: { file: string }) => (await reader.tensor(file)).bytes;
  return tensorReader('renameTensors', { ...reader.metadata }, entries, read);
}
