import { expect, it } from 'vitest';
import { chooseModelFiles } from './choose-model-files';

const choose = (...paths: string[]) => chooseModelFiles(['config.json', ...paths]).slice(1);

it('takes the weights in one format', () => {
  expect(choose('pytorch_model.bin', 'model.safetensors', 'flax_model.msgpack')).toEqual([
    'model.safetensors',
  ]);
  expect(choose('pytorch_model.bin', 'flax_model.msgpack', 'tf_model.h5', 'rust_model.ot')).toEqual([
    'pytorch_model.bin',
  ]);
  expect(choose('flax_model.msgpack', 'tf_model.h5')).toEqual(['flax_model.msgpack']);
  expect(choose('open_clip_pytorch_model.bin', 'flax_model.msgpack')).toEqual([
    'open_clip_pytorch_model.bin',
  ]);
  expect(choose('open_clip_pytorch_model.bin', 'open_clip_model.safetensors')).toEqual([
    'open_clip_model.safetensors',
  ]);
  expect(choose('open_clip_config.json', 'open_clip_pytorch_model.bin', 'pytorch_model.bin')).toEqual([
    'open_clip_config.json',
    'pytorch_model.bin',
  ]);
});

it('takes shards with their index, and no index of another format', () => {
  const shards = ['model-00001-of-00002.safetensors', 'model-00002-of-00002.safetensors'];
  const torch = ['pytorch_model-00001-of-00001.bin', 'pytorch_model.bin.index.json'];
  expect(choose(...shards, 'model.safetensors.index.json', ...torch)).toEqual([
    ...shards,
    'model.safetensors.index.json',
  ]);
  expect(choose(...shards, ...torch)).toEqual(torch); // shards without an index cannot be read
});

it('takes vocabularies, and nothing of folders within', () => {
  const small = ['vocab.json', 'merges.txt', 'vocab.bpe', 'spiece.model', 'tokenizer.json', 'vocab'];
  expect(choose(...small, 'README.md', 'onnx/config.json', 'onnx/model.safetensors', 'optimizer.pt')).toEqual(
    small,
  );
});
