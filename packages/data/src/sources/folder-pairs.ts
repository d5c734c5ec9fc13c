import { DataError } from '@crossmodal/core';
import { expandBraces } from '../files/expand-braces';
import { fileInFolder, realFolder, textInFolder } from '../files/file-in-folder';
import { globPattern } from '../files/glob-pattern';
import { listFiles } from '../files/list-files';
import { type Limits, withLimits } from '../limits';
import type { ImageTextSample } from '../sample';
import { type SampleSource, type Shard, START } from '../sample-source';
import { SkipSample } from '../skip-sample';
import { readCaptions } from './read-captions';

export interface FolderPairsOptions extends Limits {
  /**
   * Where the texts are. `'txt'` (default): `cat.txt` beside `cat.jpg`. `'folders'`: the folder's name, as class
   * (`red_panda` reads `red panda`; its number, by name, is `metadata.cls`). Else a file in the folder that lists
   * pictures with their texts: see {@link readCaptions}.
   */
  captions?: 'txt' | 'folders' | (string & {});
  /** Which files are pictures: a pattern of paths in the folder. Default all PNG, JPEG, WebP and GIF files. */
  pattern?: string;
}

/**
 * Pictures in a folder and those below. Each is a shard of its own, so that a shuffle needs no buffer.
 *
 * @param folder Links in it that lead out of it are left out.
 * @example
 * const source = folderPairs('photos', { captions: 'captions.csv' });
 */
export function folderPairs(folder: string, options: FolderPairsOptions = {}): SampleSource<ImageTextSample> {
  const limits = withLimits(options, 'folderPairs');
  const { captions = 'txt', pattern = '**/*.{jpg,jpeg,png,webp,gif}' } = options;

  /** Names of pictures, and how each comes to its texts. */
  async function list(
    root: string,
  ): Promise<{ names: string[]; textsOf: (name: string) => Promise<Partial<ImageTextSample>> }> {
    if (captions !== 'txt' && captions !== 'folders') {
      const known = await readCaptions(root, captions, limits);
      return { names: [...known.keys()], textsOf: async (name) => ({ texts: known.get(name)! }) };
    }
    const patterns = expandBraces(pattern).map(globPattern);
    const names = (await listFiles(root)).filter((name) => patterns.some((p) => p.test(name)));
    if (captions === 'txt') {
      const rules = { allowOutside: false, maxBytes: limits.maxTextBytes };
      const textsOf = async (name: string) => ({
        texts: [await textInFolder(root, name.replace(/\.[^./]*$/, '.txt'), rules)],
      });
      return { names, textsOf };
    }
    const classes = [...new Set(names.map(classOf))].sort();
    const numbers = new Map(classes.map((name, i) => [name, i]));
    const textsOf = async (name: string) => ({
      texts: [classOf(name).replaceAll(/[_-]+/g, ' ')],
      metadata: { cls: numbers.get(classOf(name)) },
    });
    return { names, textsOf };
  }

  return {
    shuffleBuffer: 0,
    async shards(): Promise<Shard<ImageTextSample>[]> {
      const root = await realFolder(folder, 'folderPairs');
      const { names, textsOf } = await list(root);
      if (names.length === 0)
        throw new DataError(`folderPairs: ${JSON.stringify(folder)} holds no picture that matches.`);
      const load = async (key: string): Promise<ImageTextSample> => {
        const rules = { allowOutside: false, maxBytes: limits.maxImageBytes, what: 'image' } as const;
        const image = await fileInFolder(root, key, rules);
        const { texts = [], metadata = {} } = await textsOf(key);
        const whole = texts.map((text) => text.trim()).filter((text) => text !== '');
        if (whole.length === 0) throw new SkipSample('no text');
        return { key, image, texts: whole, metadata };
      };
      return names.map((key) => ({
        name: key,
        async *read([at]) {
          if (at === 0) yield { key, place: START, next: [1, 1] as const, load: () => load(key) };
        },
      }));
    },
  };
}

/** The name of the folder that a picture is in. */
function classOf(path: string): string {
  return path.split('/').at(-2) ?? '';
}
