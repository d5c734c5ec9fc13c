import { createReadStream, existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { decodeImage } from '@crossmodal/processing';
import { extract } from 'tar-stream';
import { findObjects } from './find-objects';
import type { Scene } from './scene';

export interface NlvrExample {
  /** Examples of one group have the same sentence, or were shown together. */
  group: string;
  sentence: string;
  label: boolean;
  /** What is found in the pixels of its pictures: the same boxes in six orders. */
  scenes: Scene[];
}

/**
 * The development part of NLVR, as its authors publish it: `dev.json` and the pictures in a tar. Suhr et al. 2017; CC-BY-4.0.
 *
 * @throws Error that says where to get the files when they are not there.
 */
export async function readNlvr(folder: string): Promise<NlvrExample[]> {
  const [sentences, pictures] = [join(folder, 'dev.json'), join(folder, 'nlvr_dev.tar')];
  if (!existsSync(sentences) || !existsSync(pictures))
    throw new Error(
      `fusion-nlvr: ${folder}: expected dev.json and nlvr_dev.tar, the folder nlvr/dev of https://github.com/lil-lab/nlvr ` +
        'as a tar (CC-BY-4.0). Name the folder that has them with --data.',
    );
  const scenes = await readScenes(pictures);
  const lines = (await readFile(sentences, 'utf8')).trim().split('\n');
  const rows = lines.map(
    (line) => JSON.parse(line) as { sentence: string; label: string; identifier: string },
  );
  const groups = groupsOf(rows.map((row) => [row.identifier.split('-')[0]!, plain(row.sentence)]));
  return rows.map(({ sentence, label, identifier }, i) => ({
    group: groups[i]!,
    sentence,
    label: label === 'true',
    scenes: scenes.get(identifier) ?? [],
  }));
}

const plain = (sentence: string) =>
  sentence
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, ' ')
    .trim();

async function readScenes(path: string): Promise<Map<string, Scene[]>> {
  const scenes = new Map<string, Scene[]>();
  for await (const entry of createReadStream(path).pipe(extract())) {
    const name = /dev-(\d+-\d+)-\d+\.png$/.exec(entry.header.name)?.[1];
    const chunks: Uint8Array[] = [];
    for await (const chunk of entry) chunks.push(chunk as Uint8Array);
    if (name === undefined) continue;
    const scene = findObjects(await decodeImage(Buffer.concat(chunks)));
    scenes.set(name, [...(scenes.get(name) ?? []), scene]);
  }
  return scenes;
}

/** A name for each row, shared by rows that share a key, or that others connect. */
function groupsOf(rows: readonly (readonly string[])[]): string[] {
  const parents = new Map<string, string>();
  const root = (key: string): string => {
    const parent = parents.get(key) ?? key;
    return parent === key ? key : root(parent);
  };
  for (const [first, ...others] of rows) for (const other of others) parents.set(root(other), root(first!));
  return rows.map(([first]) => root(first!));
}
