import fs from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Checkpoint } from '../checkpoint/checkpoint-store';
import { loadLatestCheckpoint } from '../checkpoint/load-latest-checkpoint';
import { CheckpointError } from '../errors';
import { hostTensorFromValues } from '../host-values';
import { FolderCheckpointStore } from './folder-checkpoint-store';

const checkpoint = (step: number): Checkpoint => ({
  step,
  states: {
    model: { 'fc.weight': hostTensorFromValues(Float32Array.of(step, 2), [2], 'F32') },
    optimizer: { 'fc.weight.step': hostTensorFromValues(Int32Array.of(step), [], 'I64') },
  },
  trainer: {
    step,
    rng: [1, 2, 3, 4],
    data: { epoch: 0, position: 8, rng: null },
    nonFiniteInARow: 0,
    metrics: { recall: 0.5 },
    best: null,
    config: { width: 3 },
  },
});

describe('FolderCheckpointStore', () => {
  let folder: string;
  let store: FolderCheckpointStore;
  beforeEach(async () => {
    folder = join(await fs.mkdtemp(join(tmpdir(), 'crossmodal-')), 'runs');
    store = new FolderCheckpointStore(folder);
  });
  afterEach(() => fs.rm(folder, { recursive: true, force: true }));

  const latest = async () => {
    const warnings: string[] = [];
    const found = await loadLatestCheckpoint(store, (message) => void warnings.push(message));
    return { step: found?.step, warnings };
  };

  it('keeps what it is given', async () => {
    expect(await store.list()).toEqual([]);
    for (const step of [40, 3, 123_456_789]) await store.save(checkpoint(step));
    expect(await store.list()).toEqual([3, 40, 123_456_789]);
    expect(await store.load(40)).toEqual(checkpoint(40));
    expect((await fs.readdir(join(folder, 'step-00000040'))).sort()).toEqual([
      'manifest.json',
      'model.safetensors',
      'optimizer.safetensors',
      'trainer.json',
    ]);
    await store.remove(40);
    await store.remove(40);
    expect(await store.list()).toEqual([3, 123_456_789]);
    await expect(store.load(40)).rejects.toThrow(
      `FolderCheckpointStore: no checkpoint of step 40 in ${folder}. There are: 3, 123456789.`,
    );
  });

  it('replaces a checkpoint of the same step, and clears what a killed process left', async () => {
    await fs.mkdir(join(folder, '.writing-step-00000001'), { recursive: true });
    await fs.mkdir(join(folder, '.removing-step-00000002', 'x'), { recursive: true });
    await store.save(checkpoint(1));
    await store.save({ ...checkpoint(1), states: {} });
    expect(await fs.readdir(folder)).toEqual(['step-00000001']);
    expect((await store.load(1)).states).toEqual({});
  });

  describe('passes over, and names, one with', () => {
    const damages: [string, (path: string) => Promise<unknown>, string][] = [
      [
        'a file cut off',
        (path) => fs.truncate(join(path, 'optimizer.safetensors'), 90),
        'optimizer.safetensors: expected',
      ],
      [
        'a bit changed',
        (path) => flip(join(path, 'model.safetensors'), -1),
        'model.safetensors: its checksum differs',
      ],
      [
        'a digit changed in JSON',
        (path) => flip(join(path, 'trainer.json'), 20),
        'trainer.json: its checksum differs',
      ],
      ['a file missing', (path) => fs.rm(join(path, 'model.safetensors')), 'model.safetensors'],
      ['no manifest', (path) => fs.rm(join(path, 'manifest.json')), 'manifest.json cannot be read'],
      [
        'half a manifest',
        (path) => fs.truncate(join(path, 'manifest.json'), 50),
        'manifest.json cannot be read',
      ],
      [
        'an empty manifest',
        (path) => fs.writeFile(join(path, 'manifest.json'), 'null'),
        'manifest.json: expected format',
      ],
      [
        'a path in the manifest',
        (path) => manifest(path, { '../../secret.safetensors': { bytes: 1, sha256: '' } }),
        '"../../secret.safetensors" is no plain file name',
      ],
      ['no trainer.json listed', (path) => manifest(path, {}), 'trainer.json is missing'],
      [
        'nonsense for a size',
        (path) => manifest(path, { x: { bytes: -1, sha256: '' } }),
        'expected bytes and sha256',
      ],
      [
        'a link for a file',
        async (path) => {
          await fs.rename(join(path, 'model.safetensors'), join(folder, 'moved'));
          await fs.symlink(join(folder, 'moved'), join(path, 'model.safetensors'));
        },
        process.platform === 'win32' ? '' : 'model.safetensors',
      ],
    ];
    it.each(damages)('%s', async (_, damage, message) => {
      await store.save(checkpoint(1));
      await store.save(checkpoint(2));
      const path = join(folder, 'step-00000002');
      await damage(path);
      await expect(store.load(2)).rejects.toThrow(CheckpointError);
      const { step, warnings } = await latest();
      expect(step).toBe(1);
      expect(warnings).toHaveLength(1);
      expect(warnings[0]).toContain('The checkpoint of step 2 is passed over');
      expect(warnings[0]).toContain(path);
      expect(warnings[0]).toContain(message);
    });
  });

  it('does not follow a link for a checkpoint', async () => {
    await store.save(checkpoint(1));
    await fs.rename(join(folder, 'step-00000001'), join(folder, 'elsewhere'));
    await fs.symlink(join(folder, 'elsewhere'), join(folder, 'step-00000002'));
    expect(await store.list()).toEqual([]);
  });

  describe('when the disk is full', () => {
    const { open } = fs;
    afterEach(() => {
      fs.open = open;
      syncBuiltinESMExports();
    });

    it.each(['model.safetensors', 'optimizer.safetensors', 'trainer.json', 'manifest.json'])(
      'while %s is written, says so and leaves the others intact',
      async (file) => {
        await store.save(checkpoint(1));
        fs.open = (async (...args: Parameters<typeof open>) => {
          const handle = await open(...args);
          if (String(args[0]).endsWith(file) && args[1] === 'wx') {
            handle.write = async () => {
              throw Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' });
            };
          }
          return handle;
        }) as typeof open;
        syncBuiltinESMExports();
        const save = store.save(checkpoint(2));
        await expect(save).rejects.toThrow(CheckpointError);
        await expect(save).rejects.toThrow(
          `FolderCheckpointStore: the checkpoint of step 2 cannot be written to ${folder}: ENOSPC: no space left ` +
            'on device, write. Those saved before are intact.',
        );
        expect(await fs.readdir(folder)).toEqual(['step-00000001']);
        expect(await latest()).toEqual({ step: 1, warnings: [] });
      },
    );
  });

  it('says when its folder cannot be made or read', async () => {
    await fs.writeFile(folder, 'a file');
    await expect(store.save(checkpoint(1))).rejects.toThrow(`cannot be written to ${folder}`);
    await expect(store.list()).rejects.toThrow(`FolderCheckpointStore: ${folder} cannot be read: ENOTDIR`);
  });

  it('takes plain names and steps only', async () => {
    const bad = { ...checkpoint(1), states: { '../model': {} } };
    await expect(store.save(bad)).rejects.toThrow('"../model.safetensors" is no plain file name.');
    await expect(store.save(checkpoint(-1))).rejects.toThrow(
      'step: expected an integer from 0, received -1.',
    );
    expect(await fs.readdir(folder)).toEqual([]);
  });
});

async function flip(path: string, at: number): Promise<void> {
  const bytes = await fs.readFile(path);
  const index = at < 0 ? bytes.length + at : at;
  bytes[index] = bytes[index]! ^ 1;
  await fs.writeFile(path, bytes);
}

function manifest(path: string, files: object): Promise<void> {
  return fs.writeFile(
    join(path, 'manifest.json'),
    JSON.stringify({ format: 'crossmodal-checkpoint', version: 1, files }),
  );
}
