import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { Rng } from '@crossmodal/core';
import { describe, expect, it } from 'vitest';
import { samples } from '../samples';
import { collect, png, temporaryFolder } from '../testing/fixtures';
import { type FolderPairsOptions, folderPairs } from './folder-pairs';

const outside = temporaryFolder();
writeFileSync(join(outside, 'secret.txt'), 'a secret');
writeFileSync(join(outside, 'secret.png'), png(1, 1, [0, 0, 0]));

function folderOf(files: Record<string, string | Uint8Array>): string {
  const folder = temporaryFolder();
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), content);
  }
  return folder;
}
async function read(folder: string, options?: FolderPairsOptions) {
  const stream = samples(folderPairs(folder, options), { maxSkipShare: 1 });
  const all = await collect(stream);
  const pairs = all.map(({ key, texts }) => [key, ...texts]);
  const reasons = stream
    .report()
    .reasons.flatMap(({ reason, examples }) => examples.map(({ key }) => `${key} ${reason}`));
  return { all, pairs, reasons };
}
const dot = png(1, 1, [9, 9, 9]);

describe('folderPairs', () => {
  it('takes the text beside a picture, and leaves out what has none or leads outside', async () => {
    const folder = folderOf({
      'b.png': dot,
      'b.txt': 'the letter b\n',
      'deep/a.JPG': dot,
      'deep/a.txt': 'a',
      'c.png': dot,
      'd.png': dot,
      'notes.md': 'x',
      '.hidden/e.png': dot,
    });
    symlinkSync(join(outside, 'secret.txt'), join(folder, 'd.txt'));
    symlinkSync(join(outside, 'secret.png'), join(folder, 'f.png'));
    symlinkSync(outside, join(folder, 'linked'));
    const { pairs, reasons } = await read(folder);
    expect(pairs).toEqual([
      ['b.png', 'the letter b'],
      ['deep/a.JPG', 'a'],
    ]);
    expect(reasons).toEqual(['d.png outside the folder', 'f.png outside the folder', 'c.png no text']);
    expect((await read(folder, { pattern: 'deep/*.jpg' })).pairs).toEqual([['deep/a.JPG', 'a']]);
    await expect(read(folder, { pattern: '*.gif' })).rejects.toThrow(
      /^folderPairs: ".*" holds no picture that matches\.$/,
    );
    await expect(read('nowhere')).rejects.toThrow('folderPairs: folder: "nowhere" is not a folder.');
  });

  it('takes the names of folders as classes', async () => {
    const folder = folderOf({ 'red_panda/1.png': dot, 'cat/1.png': dot, 'cat/2.png': dot });
    const { all, pairs } = await read(folder, { captions: 'folders' });
    expect(pairs).toEqual([
      ['cat/1.png', 'cat'],
      ['cat/2.png', 'cat'],
      ['red_panda/1.png', 'red panda'],
    ]);
    expect(all.map(({ metadata }) => metadata)).toEqual([{ cls: 0 }, { cls: 0 }, { cls: 1 }]);
  });

  it.each([
    ['captions.csv', 'image,caption\na.png,"one, first"\nsub/b.png,two\na.png,again\n../x.png,up\n'],
    ['captions.txt', 'a.png\tone, first\n\nsub/b.png\ttwo\na.png\tagain\n../x.png\tup\n'],
    ['captions.json', '{"a.png": ["one, first", "again"], "sub/b.png": "two", "../x.png": "up"}'],
  ])('takes texts from %s', async (captions, content) => {
    const folder = folderOf({ 'a.png': dot, 'sub/b.png': dot, 'unlisted.png': dot, [captions]: content });
    const { pairs, reasons } = await read(folder, { captions });
    expect(pairs).toEqual([
      ['a.png', 'one, first', 'again'],
      ['sub/b.png', 'two'],
    ]);
    expect(reasons).toEqual(['../x.png outside the folder']);
  });

  it('says what is wrong with a file of captions', async () => {
    const folder = folderOf({
      'a.png': dot,
      'c.json': '{"a.png": 5}',
      'd.json': '{',
      'e.csv': 'a,b\n1\n',
      'f.txt': 'a.png one',
    });
    await expect(read(folder, { captions: 'c.json' })).rejects.toThrow(
      'folderPairs: c.json: expected paths with texts, received ["a.png",5].',
    );
    await expect(read(folder, { captions: 'd.json' })).rejects.toThrow('folderPairs: d.json: is no JSON.');
    await expect(read(folder, { captions: 'e.csv' })).rejects.toThrow(
      'folderPairs: e.csv:0: expected 2, received 1.',
    );
    await expect(read(folder, { captions: 'f.txt' })).rejects.toThrow(
      /expected paths with texts, received \["a\.png one",null\]/,
    );
    await expect(read(folder, { captions: 'x.xml' })).rejects.toThrow(
      "folderPairs: captions: expected 'txt', 'folders' or a .csv, .txt or .json file, received \"x.xml\".",
    );
  });

  it('shuffles to the last sample, shares out and resumes', async () => {
    const names = Array.from({ length: 12 }, (_, i) => `${String(i).padStart(2, '0')}.png`);
    const files = names.flatMap((name) => [
      [name, dot],
      [name.replace('png', 'txt'), name],
    ]);
    const source = folderPairs(folderOf(Object.fromEntries(files)));
    const make = (part = { index: 0, count: 1 }) => samples(source, { shuffle: true, rng: new Rng(2), part });
    const whole = await collect(make());
    expect(whole.map(({ key }) => key)).not.toEqual(names);
    expect(whole.map(({ key }) => key).sort()).toEqual(names);
    const before = make();
    await collect(before, 5);
    expect(before.state().held).toEqual([]);
    const after = make();
    after.restore(before.state());
    expect(await collect(after)).toEqual(whole.slice(5));
    const parts = [0, 1, 2, 3, 4].map((index) => collect(make({ index, count: 5 })));
    expect(
      (await Promise.all(parts))
        .flat()
        .map(({ key }) => key)
        .sort(),
    ).toEqual(names);
  });
});
