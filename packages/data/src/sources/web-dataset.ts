import { basename } from 'node:path';
import { expandPaths } from '../files/expand-paths';
import { type Limits, withLimits } from '../limits';
import type { ImageTextSample } from '../sample';
import type { Place, SampleEntry, SampleSource } from '../sample-source';
import { isDataError } from '../skip-sample';
import { readTar } from './read-tar';
import { TarGroup } from './tar-group';

export interface WebDatasetOptions extends Limits {
  /** Fields of a sample's `.json` whose strings are texts, where it has no `.txt`. Default `caption` and `text`. */
  textFields?: readonly string[];
  /** Texts of the classes that `.cls` files number from 0, where there is no other text. */
  classNames?: readonly string[];
}

/**
 * WebDataset: tar archives (`.tar`, `.tar.gz`, `.tgz`) in which the files of a sample follow one another and share
 * their name up to the first dot: `0001.jpg` (or jpeg, png, webp, gif), `0001.txt`, `0001.json`, `0001.cls`.
 *
 * Archives are read as streams, one sample in memory at a time. Names in them are keys and nothing else: nothing is
 * written, links are not followed. What `.json` and `.cls` say is in `metadata`.
 *
 * @param paths Files or patterns: `shards/{0000..0099}.tar`, `shards/*.tar`.
 * @example
 * const stream = samples(webDataset('shards/{0000..0099}.tar'), { shuffle: true, rng: new Rng(0) });
 */
export function webDataset(
  paths: string | readonly string[],
  options: WebDatasetOptions = {},
): SampleSource<ImageTextSample> {
  const limits = withLimits(options, 'webDataset');
  const { textFields = ['caption', 'text'], classNames = [] } = options;
  const settings = { ...limits, textFields, classNames };

  async function* read(path: string, [at, index]: Place): AsyncGenerator<SampleEntry<ImageTextSample>> {
    let group: TarGroup | undefined;
    let isWhole = true;
    const finish = (last: TarGroup): SampleEntry<ImageTextSample> => ({
      key: last.key,
      place: [last.start, index],
      next: [last.end, ++index],
      load: () => last.sample(),
    });
    try {
      for await (const entry of readTar(path, { from: at, maxBytes: limits.maxShardBytes })) {
        const name = splitName(entry.name);
        if (!name || entry.type === 'directory') continue;
        if (group && group.key !== name.key) yield finish(group);
        if (group?.key !== name.key) group = new TarGroup(name.key, entry.start, settings);
        isWhole = false;
        await group.add(name.extension, entry);
        isWhole = true;
      }
    } catch (error) {
      if (isDataError(error) && group && isWhole) yield finish(group);
      throw error;
    }
    if (group) yield finish(group);
  }

  return {
    shuffleBuffer: 1000,
    shards: async () =>
      (await expandPaths(paths, 'webDataset')).map((path) => ({
        name: basename(path),
        read: (from) => read(path, from),
      })),
  };
}

/** `a/0001.seg.png` is file `seg.png` of sample `a/0001`; a name without both is no sample's. */
function splitName(name: string): { key: string; extension: string } | undefined {
  const match = /^((?:.*\/)?[^./][^/.]*)\.([^/]+)$/s.exec(name);
  return match ? { key: match[1]!.replace(/^(\.\/)+/, ''), extension: match[2]!.toLowerCase() } : undefined;
}
