import { type ByteSource, DataError, openSafetensors, type TensorReader } from '@crossmodal/core';
import { type ModelFiles, openPretrained, readNumpyPickle } from '@crossmodal/hub';
import { mmsaPartOfPickle } from './mmsa-pickle';

/** Where feature files are: a pickle's path or bytes, or the folder of converted files in any of the hub's forms. */
export type FeatureFiles = Parameters<typeof openPretrained>[0] | ByteSource;

/** The arrays of a part of a data set, and what was said. */
export interface MmsaPart {
  /** What errors call it. */
  name: string;
  file: TensorReader;
  records(count: number): Promise<{ key: string; rawText: string }[]>;
}

export async function openMmsaPart(source: FeatureFiles, split: string): Promise<MmsaPart> {
  const pickle = await pickleOf(source);
  if (pickle) return mmsaPartOfPickle(await readNumpyPickle(pickle), split, pickle.name);
  const files = await openPretrained(source as Exclude<FeatureFiles, ByteSource>);
  return {
    name: `${files.name}/${split}.safetensors`,
    file: await openSafetensors(await files.open(`${split}.safetensors`)),
    records: (count) => readRecords(files, split, count),
  };
}

async function pickleOf(source: FeatureFiles): Promise<ByteSource | undefined> {
  if (typeof source === 'object') return 'read' in source ? source : undefined;
  const [, folder = '.', file] = /^(?:(.*)[\\/])?([^\\/]*\.pkl)$/i.exec(source) ?? [];
  if (file === undefined) return undefined;
  const isPath = /^(\.{0,2}[\\/]|\.{1,2}$|~|[a-z]:)/i.test(`${folder}/`);
  return (await openPretrained(isPath ? folder || '/' : `./${folder}`)).open(file);
}

async function readRecords(
  files: ModelFiles,
  split: string,
  count: number,
): Promise<{ key: string; rawText: string }[]> {
  const source = await files.open(`${split}.jsonl`);
  const lines = new TextDecoder().decode(await source.read(0, source.size)).split('\n');
  if (lines.at(-1)?.trim() === '') lines.pop();
  const where = `mmsaFeatures: ${files.name}/${split}.jsonl`;
  if (lines.length !== count)
    throw new DataError(
      `${where}: expected ${count} lines, as many as there are labels, received ${lines.length}.`,
    );
  return lines.map((line, i) => {
    try {
      const { id = String(i), raw_text: rawText = '' } = JSON.parse(line) as Record<string, unknown>;
      return { key: String(id), rawText: String(rawText) };
    } catch (cause) {
      throw new DataError(`${where}:${i + 1}: is no JSON.`, { cause });
    }
  });
}
