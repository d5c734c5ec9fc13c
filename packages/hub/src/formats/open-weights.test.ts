import { CheckpointError, ConfigError, parseSafetensors, serializeSafetensors } from '@crossmodal/core';
import { describe, expect, it } from 'vitest';
import { expectedTensors, goldenBytes } from '../../test/golden-files';
import { filesInMemory } from '../model-files';
import { openWeights } from './open-weights';

const f32 = (...values: number[]) => ({
  dtype: 'F32' as const,
  shape: [values.length],
  bytes: new Uint8Array(Float32Array.from(values).buffer),
});
const safetensors = (value: number) => serializeSafetensors({ x: f32(value) }, { format: 'pt' });
const module = expectedTensors('torch_files.safetensors', 'module.bin');
const nested = expectedTensors('torch_files.safetensors', 'nested.pt');
const open = (files: Record<string, Uint8Array | string>, file?: string) =>
  openWeights(filesInMemory(files, 'repo'), { file });

describe('openWeights', () => {
  const index = (files: Record<string, unknown>) => JSON.stringify({ metadata: {}, weight_map: files });
  const published: [string, Uint8Array | string, string][] = [
    ['model.safetensors', safetensors(1), 'x'],
    ['model.safetensors.index.json', index({ x: 'a.safetensors' }), 'x'],
    ['pytorch_model.bin', goldenBytes('torch/module.bin'), '0.weight'],
    ['pytorch_model.bin.index.json', index({ 'encoder.bias': 'b.bin' }), 'encoder.bias'],
    ['open_clip_model.safetensors', safetensors(2), 'x'],
    ['open_clip_pytorch_model.bin', goldenBytes('torch/nested.pt'), 'encoder.bias'],
    ['flax_model.msgpack', goldenBytes('flax/params.msgpack'), 'logit_scale'],
  ];
  const shards = {
    'a.safetensors': safetensors(3),
    'b.bin': goldenBytes('torch/nested.pt'),
    'config.json': '{}',
  };

  it('takes the best of the names that weights are published under', async () => {
    for (let i = 0; i < published.length; i++) {
      const rest = published.slice(i).reverse();
      const files = Object.fromEntries(rest.map(([name, content]) => [name, content]));
      const weights = await open({ ...files, ...shards });
      expect(weights.keys(), published[i]![0]).toContain(published[i]![2]);
      const tensor = await weights.tensor(published[i]![2]);
      if (published[i]![2] === 'x') expect(tensor).toEqual(f32([1, 3, 0, 0, 2][i]!));
    }
  });

  it('reads files in parts', async () => {
    const files = {
      'sub/pytorch_model.bin.index.json': index({
        '0.weight': 'one.bin',
        'encoder.weight': 'two.bin',
        '1.running_mean': 'one.bin',
        x: 'three.safetensors',
      }),
      'sub/one.bin': goldenBytes('torch/module.bin'),
      'sub/two.bin': goldenBytes('torch/nested.pt'),
      'sub/three.safetensors': safetensors(4),
    };
    const weights = await open(files, 'sub/pytorch_model.bin.index.json');
    expect(weights.metadata).toEqual({ format: 'pt' });
    expect(await weights.stateDict()).toEqual({
      '0.weight': module['0.weight'],
      'encoder.weight': nested['encoder.weight'],
      '1.running_mean': module['1.running_mean'],
      x: f32(4),
    });
  });

  it.each(['w.safetensors', 'w.bin', 'w.pt', 'w.pth', 'w.ckpt', 'w.msgpack'])(
    'opens %s by name',
    async (file) => {
      const content =
        file === 'w.safetensors'
          ? safetensors(1)
          : goldenBytes(file === 'w.msgpack' ? 'flax/params.msgpack' : 'torch/module.bin');
      expect((await open({ [file]: content }, file)).keys().length).toBeGreaterThan(0);
    },
  );

  const pointer = 'version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 598641023\n';
  it.each<[string, Record<string, Uint8Array | string>, string | undefined, string]>([
    [
      'nothing known',
      { 'config.json': '{}', 'tf_model.h5': '' },
      undefined,
      'openWeights: repo: expected one of model.safetensors, model.safetensors.index.json, pytorch_model.bin, ' +
        'pytorch_model.bin.index.json, open_clip_model.safetensors, open_clip_pytorch_model.bin, flax_model.msgpack, ' +
        "found config.json, tf_model.h5. Name another with { file: 'weights.pt' }.",
    ],
    ['no files', {}, undefined, 'found no files.'],
    ['no such file', {}, 'x.bin', 'repo: no file x.bin.'],
    [
      'a git-LFS pointer',
      { 'model.safetensors': pointer },
      undefined,
      'repo/model.safetensors: is a git-LFS pointer to a file of 598641023 bytes, not the weights. Run git lfs pull in ' +
        'its repository, or download the file itself.',
    ],
    ['a pointer for PyTorch', { 'pytorch_model.bin': pointer }, undefined, 'is a git-LFS pointer'],
    ['a pointer for flax', { 'flax_model.msgpack': pointer }, undefined, 'is a git-LFS pointer'],
    [
      'a web page',
      { 'model.safetensors': '\n<!DOCTYPE html><html>' },
      undefined,
      'is a web page, not weights.',
    ],
    ['an error in XML', { 'pytorch_model.bin': '<?xml version="1.0"?><Error>' }, undefined, 'is a web page'],
    [
      'an empty file',
      { 'model.safetensors': '' },
      undefined,
      'repo/model.safetensors: is empty. Download it again.',
    ],
    [
      'half a file',
      { 'model.safetensors': safetensors(1).subarray(0, 40) },
      undefined,
      'does not fit in the file',
    ],
    ['no JSON', { 'a.index.json': '{' }, 'a.index.json', 'repo/a.index.json: is not JSON.'],
    ['no map', { 'a.index.json': '{}' }, 'a.index.json', 'repo/a.index.json: weight_map: expected an object'],
    ['a list', { 'a.index.json': '{"weight_map":[]}' }, 'a.index.json', 'weight_map: expected an object'],
    [
      'a number',
      { 'a.index.json': index({ x: 1 }) },
      'a.index.json',
      '"x": expected a plain file name, received a value',
    ],
    [
      'a path upwards',
      { 'a.index.json': index({ x: '../b.bin' }) },
      'a.index.json',
      'plain file name, received "../b.bin"',
    ],
    [
      'an absolute path',
      { 'a.index.json': index({ x: '/b.bin' }) },
      'a.index.json',
      'plain file name, received "/b.bin"',
    ],
    [
      'a hidden file',
      { 'a.index.json': index({ x: '.b.bin' }) },
      'a.index.json',
      'plain file name, received ".b.bin"',
    ],
    [
      'a Windows path',
      { 'a.index.json': index({ x: 'c\\b.bin' }) },
      'a.index.json',
      'expected a plain file name',
    ],
    ['a part that lacks', { 'a.index.json': index({ x: 'b.bin' }) }, 'a.index.json', 'repo: no file b.bin.'],
    [
      'a tensor that lacks',
      { 'a.index.json': index({ y: 'b.safetensors' }), 'b.safetensors': safetensors(1) },
      'a.index.json',
      'repo/b.safetensors: no tensor "y". There are 1: x',
    ],
  ])('says what is wrong: %s', async (_, files, file, message) => {
    await expect(open(files, file)).rejects.toThrow(CheckpointError);
    await expect(open(files, file)).rejects.toThrow(message);
  });

  it('says which endings it knows', async () => {
    await expect(open({ 'm.h5': '' }, 'm.h5')).rejects.toThrow(ConfigError);
    await expect(open({ 'm.h5': '' }, 'm.h5')).rejects.toThrow(
      'openWeights: file: expected a name that ends in .safetensors, .bin, .pt, .pth, .ckpt, .msgpack, .index.json, received m.h5.',
    );
    const files = { 'a.index.json': index({ x: 'a.index.json' }) };
    await expect(open(files, 'a.index.json')).rejects.toThrow('expected a name that ends in');
  });

  it('agrees with core on a safetensors file', async () => {
    const bytes = goldenBytes('torch_files.safetensors');
    expect(await (await open({ 'model.safetensors': bytes })).stateDict()).toEqual(
      parseSafetensors(bytes).tensors,
    );
  });
});
