import { mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { openPretrained } from './open-pretrained';
import { saveModelFiles } from './save-model-files';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'crossmodal-save-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

it('writes texts, bytes and lists of bytes, and leaves nothing else behind', async () => {
  const target = join(folder, 'a/model');
  await saveModelFiles(target, {
    'config.json': '{"é":1}',
    'model.safetensors': [Uint8Array.of(1, 2), Uint8Array.of(3)],
    'onnx/model.onnx': Uint8Array.of(4),
  });
  const files = await openPretrained(target);
  expect(await files.list()).toEqual(['config.json', 'model.safetensors', 'onnx/model.onnx']);
  expect(await readFile(join(target, 'config.json'), 'utf8')).toBe('{"é":1}');
  expect([...(await readFile(join(target, 'model.safetensors')))]).toEqual([1, 2, 3]);
});

it.skipIf(process.platform === 'win32')('replaces a link, not what it leads to', async () => {
  await writeFile(join(folder, 'other'), 'before');
  await symlink('other', join(folder, 'config.json'));
  await saveModelFiles(folder, { 'config.json': '{}' });
  expect(await readFile(join(folder, 'other'), 'utf8')).toBe('before');
  expect((await readdir(folder)).sort()).toEqual(['config.json', 'other']);
});

it.each(['../evil', '/evil', 'a\\evil', '', 'a/../b'])(
  'refuses the name %j before anything is written',
  async (name) => {
    await expect(saveModelFiles(folder, { 'config.json': '{}', [name]: 'x' })).rejects.toThrow(
      `saveModelFiles: files: expected names within the folder, received ${JSON.stringify(name)}.`,
    );
    expect(await readdir(folder)).toEqual([]);
  },
);

it('says what cannot be written, and leaves what was there', async () => {
  await writeFile(join(folder, 'file'), 'x');
  await expect(saveModelFiles(join(folder, 'file'), { 'config.json': '{}' })).rejects.toThrow(
    `${join(folder, 'file', 'config.json')} cannot be written: `,
  );
  const content = { get: 0 } as unknown as Uint8Array; // fails while it is written
  await saveModelFiles(folder, { 'config.json': 'old' });
  await expect(saveModelFiles(folder, { 'config.json': [content] })).rejects.toThrow('cannot be written');
  expect(await readFile(join(folder, 'config.json'), 'utf8')).toBe('old');
  expect((await readdir(folder)).sort()).toEqual(['config.json', 'file']);
});
