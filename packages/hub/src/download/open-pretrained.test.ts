import { mkdir, mkdtemp, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { HubServer } from '../../test/hub-server';
import { filesInMemory } from '../model-files';
import { readJson } from '../read-json';
import { openPretrained } from './open-pretrained';

let server: HubServer;
let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'crossmodal-hub-'));
  server = await HubServer.start({});
});
afterEach(async () => {
  await server.close();
  await rm(folder, { recursive: true, force: true });
});

const open = (name: string, options = {}) =>
  openPretrained(name, {
    cacheDir: join(folder, 'cache'),
    endpoint: server.url,
    progress: false,
    ...options,
  });

describe('a repository', () => {
  const files = {
    'config.json': '{"model_type":"clip"}',
    'merges.txt': '#version: 0.2',
    'vocab.bpe': 'a b',
    'model.safetensors': new Uint8Array(100),
    'pytorch_model.bin': new Uint8Array(200),
    'flax_model.msgpack': new Uint8Array(300),
    'tf_model.h5': new Uint8Array(400),
    'onnx/model.onnx': new Uint8Array(500),
    'onnx/config.json': '{}',
    '.gitattributes': '',
  };

  it('comes with its configurations and weights in one format', async () => {
    server.repos['org/name'] = { files };
    const opened = await open('org/name');
    expect(await opened.list()).toEqual(['config.json', 'merges.txt', 'model.safetensors', 'vocab.bpe']);
    expect(await readJson(opened, 'config.json')).toEqual({ model_type: 'clip' });
    const source = await opened.open('model.safetensors');
    expect([source.size, await source.read(90, 10)]).toEqual([100, new Uint8Array(10)]);
    expect(source.name).toMatch(/snapshots.[0-9a-f]{40}.model\.safetensors$/);
    await expect(opened.open('pytorch_model.bin')).rejects.toThrow('no file pytorch_model.bin.');
    expect(server.sent(/\.(bin|msgpack|h5|onnx)/)).toBe(0);
    // All that was chosen is there, so nobody is asked.
    const before = server.requests.length;
    expect(await (await open('org/name', { offline: true })).list()).toEqual(await opened.list());
    expect(server.requests.length).toBe(before);
  });

  it('gives what the patterns say', async () => {
    server.repos['org/name'] = { files };
    const opened = await open('org/name', { patterns: ['*.json', '*.onnx'], ignore: ['config.json'] });
    expect(await opened.list()).toEqual(['onnx/config.json', 'onnx/model.onnx']);
    expect((await opened.open('onnx/model.onnx')).size).toBe(500);
    await expect(open('org/name', { offline: true })).rejects.toMatchObject({
      reason: 'offline',
      message:
        'openPretrained: org/name: offline, and the cache lacks config.json, merges.txt, model.safetensors, vocab.bpe. Go online once to fetch it.',
    });
  });
});

describe('a folder', () => {
  beforeEach(async () => {
    await mkdir(join(folder, 'model/onnx'), { recursive: true });
    await writeFile(join(folder, 'model/config.json'), '{"a":1}');
    await writeFile(join(folder, 'model/onnx/model.onnx'), 'x');
    await writeFile(join(folder, 'secret'), 'secret');
  });

  it('is opened as it is, and nobody is asked', async () => {
    const opened = await open(join(folder, 'model'));
    expect(opened.name).toBe(join(folder, 'model'));
    expect(await opened.list()).toEqual(['config.json', 'onnx/model.onnx']);
    expect(await readJson(opened, 'config.json')).toEqual({ a: 1 });
    expect(server.requests).toEqual([]);
    await expect(open(join(folder, 'none'))).rejects.toThrow(
      `${join(folder, 'none')}: there is no such folder.`,
    );
    await expect(open('~/no such folder')).rejects.toThrow(
      `${join(homedir(), 'no such folder')}: there is no such`,
    );
    await expect(open('./no-such')).rejects.toThrow(
      `${join(process.cwd(), 'no-such')}: there is no such folder.`,
    );
  });

  it('wins over a repository of the same name when there is something in it', async () => {
    server.repos['org/model'] = { files: { 'config.json': '{"hub":1}' } };
    const cwd = vi.spyOn(process, 'cwd').mockReturnValue(folder);
    try {
      expect(await readJson(await open('org/model'), 'config.json')).toEqual({ hub: 1 });
    } finally {
      cwd.mockRestore();
    }
    // Vitest's workers cannot change their folder: the real one is used.
    expect((await open('packages/hub')).name).toBe(join(process.cwd(), 'packages/hub'));
  });

  it.each(['../secret', '/etc/passwd', 'onnx/../../secret', 'a\0b', '', 'onnx/'])(
    'has no %j',
    async (path) => {
      const opened = await open(join(folder, 'model'));
      await expect(opened.open(path)).rejects.toThrow(`${JSON.stringify(path)} is no path within it.`);
    },
  );

  it.skipIf(process.platform === 'win32')('is not left through links', async () => {
    const model = join(folder, 'model');
    await symlink('../secret', join(model, 'stolen.json'));
    await symlink('..', join(model, 'up'));
    await mkdir(join(folder, 'model-2'));
    await writeFile(join(folder, 'model-2/config.json'), '{}');
    await symlink('../model-2/config.json', join(model, 'neighbour.json'));
    await symlink('config.json', join(model, 'alias.json'));
    await symlink('nowhere', join(model, 'broken.json'));
    const opened = await open(model);
    await expect(opened.open('stolen.json')).rejects.toThrow(
      `${model}: stolen.json is a link out of the folder: refused. Copy the file there.`,
    );
    await expect(opened.open('neighbour.json')).rejects.toThrow('is a link out of the folder');
    await expect(opened.open('up/secret')).rejects.toThrow('is a link out of the folder');
    await expect(opened.open('broken.json')).rejects.toThrow('no file broken.json.');
    expect(await readJson(opened, 'alias.json')).toEqual({ a: 1 });
    expect(await opened.list()).not.toContain('up/secret');
  });

  it.skipIf(process.platform === 'win32')(
    "is a snapshot: only its own cache's links are followed",
    async () => {
      server.repos['org/name'] = { files: { 'config.json': '{"a":2}' } };
      const snapshot = (await open('org/name')).name;
      expect(await readJson(await open(snapshot), 'config.json')).toEqual({ a: 2 });
      await mkdir(join(folder, 'cache/models--org--other/blobs'), { recursive: true });
      await writeFile(join(folder, 'cache/models--org--other/blobs/b'), '{}');
      await symlink('../../../models--org--other/blobs/b', join(snapshot, 'other.json'));
      await expect((await open(snapshot)).open('other.json')).rejects.toThrow('is a link out of the folder');
      // The Python library may keep content in a store that repositories share.
      await mkdir(join(folder, 'cache/blobs/ab'), { recursive: true });
      await writeFile(join(folder, 'cache/blobs/ab/abc'), '{"shared":1}');
      await symlink('../../../blobs/ab/abc', join(snapshot, 'shared.json'));
      expect(await readJson(await open(snapshot), 'shared.json')).toEqual({ shared: 1 });
      // A folder that only looks like one in a cache is not trusted with what is beside it.
      await rename(join(folder, 'cache/models--org--name'), join(folder, 'cache/name'));
      await expect(
        (await open(snapshot.replace('models--org--name', 'name'))).open('config.json'),
      ).rejects.toThrow('is a link out of the folder');
    },
  );
});

it('gives open files back', async () => {
  const files = filesInMemory({ 'config.json': '{}' });
  expect(await openPretrained(files)).toBe(files);
});
