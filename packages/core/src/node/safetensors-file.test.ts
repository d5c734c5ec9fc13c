import { mkdtemp, readdir, readFile, rm, symlink, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { CheckpointError } from '../errors';
import { hostTensorFromValues } from '../host-values';
import { fileSource, readSafetensorsFile, saveSafetensorsFile } from './safetensors-file';

const state = {
  weight: hostTensorFromValues(Float32Array.of(1, 2, 3, 4), [2, 2], 'F32'),
  steps: hostTensorFromValues(Int32Array.of(7), [], 'I64'),
};

describe('safetensors files', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'crossmodal-'));
  });
  afterEach(() => rm(folder, { recursive: true }));

  it('are saved and read back', async () => {
    const path = join(folder, 'model.safetensors');
    await saveSafetensorsFile(path, state);
    const file = await readSafetensorsFile(path);
    expect(file.metadata).toEqual({ format: 'pt' });
    expect(await file.stateDict()).toEqual(state);
    expect(await readdir(folder)).toEqual(['model.safetensors']);
  });

  it('are saved and read back in shards', async () => {
    const path = join(folder, 'model.safetensors.index.json');
    await saveSafetensorsFile(path, state, { maxShardBytes: 16 });
    expect(await readdir(folder)).toEqual([
      'model-00001-of-00002.safetensors',
      'model-00002-of-00002.safetensors',
      'model.safetensors.index.json',
    ]);
    expect(await (await readSafetensorsFile(path)).stateDict()).toEqual(state);
    await expect(saveSafetensorsFile(join(folder, 'm'), state, { maxShardBytes: 16 })).rejects.toThrow(
      'saveSafetensorsFile: path: expected one that ends in .safetensors.index.json',
    );
  });

  it('replace what was there, also behind a link that they do not follow', async () => {
    const target = join(folder, 'target');
    await writeFile(target, 'precious');
    await symlink(target, join(folder, 'model.safetensors'));
    await saveSafetensorsFile(join(folder, 'model.safetensors'), state);
    expect(await readFile(target, 'utf8')).toBe('precious');
    expect(await (await readSafetensorsFile(join(folder, 'model.safetensors'))).stateDict()).toEqual(state);
  });

  it('that change while they are open are noticed', async () => {
    const path = join(folder, 'model.safetensors');
    await saveSafetensorsFile(path, state);
    const file = await readSafetensorsFile(path);
    await saveSafetensorsFile(path, { ...state, weight: state.steps });
    await expect(file.tensor('weight')).rejects.toThrow(`${path}: the file has changed since it was opened.`);
    await truncate(path, 10);
    await expect(readSafetensorsFile(path)).rejects.toThrow(CheckpointError);
  });

  it('that cannot be read or written are named', async () => {
    const missing = join(folder, 'no', 'model.safetensors');
    await expect(readSafetensorsFile(missing)).rejects.toThrow(`${missing} cannot be read: ENOENT`);
    await expect(saveSafetensorsFile(missing, state)).rejects.toThrow(`${missing} cannot be written: ENOENT`);
    await expect(saveSafetensorsFile(missing, state)).rejects.toThrow(CheckpointError);
    await expect(fileSource(folder)).rejects.toThrow(CheckpointError);
  });
});
