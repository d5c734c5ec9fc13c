import {
  type ByteSource,
  CheckpointError,
  ConfigError,
  openSafetensors,
  type TensorReader,
} from '@crossmodal/core';
import type { ModelFiles } from '../model-files';
import { readJson } from '../read-json';
import { openFlaxCheckpoint } from './flax-checkpoint';
import { refuseForeignFile } from './foreign-file';
import { openShardedWeights } from './sharded-weights';
import { openTorchCheckpoint } from './torch-checkpoint';

/** Names that weights are published under, the best first. */
const USUAL_FILES = [
  'model.safetensors',
  'model.safetensors.index.json',
  'pytorch_model.bin',
  'pytorch_model.bin.index.json',
  'open_clip_model.safetensors',
  'open_clip_pytorch_model.bin',
  'flax_model.msgpack',
];

const FORMATS: Readonly<Record<string, (source: ByteSource) => Promise<TensorReader>>> = {
  '.safetensors': async (source) => {
    await refuseForeignFile(source);
    return openSafetensors(source);
  },
  '.bin': openTorchCheckpoint,
  '.pt': openTorchCheckpoint,
  '.pth': openTorchCheckpoint,
  '.ckpt': openTorchCheckpoint,
  '.msgpack': openFlaxCheckpoint,
};
const INDEX = '.index.json';

export interface OpenWeightsOptions {
  /** The file of the weights, or their index. Default: the first that is there of those that weights are published under. */
  file?: string | undefined;
}

/**
 * Opens the weights of a model lazily, in whatever format they are published: safetensors, PyTorch's or flax's, one
 * file or several with an index (arrays of flax in flax's layout: see {@link openFlaxCheckpoint}). Without `file`, the first of `model.safetensors`, `pytorch_model.bin`,
 * `open_clip_model.safetensors`, `open_clip_pytorch_model.bin` and `flax_model.msgpack`, as one file or by an index.
 *
 * @throws CheckpointError when there are none, or a file is damaged or something else; ConfigError when the name of
 *   `file` ends in none of `.safetensors`, `.bin`, `.pt`, `.pth`, `.ckpt`, `.msgpack`, `.index.json`.
 *
 * @example
 * const weights = await openWeights(files);
 * await model.loadTensors(weights);
 */
export async function openWeights(
  files: ModelFiles,
  { file }: OpenWeightsOptions = {},
): Promise<TensorReader> {
  const path = file ?? (await usualFile(files));
  if (!path.endsWith(INDEX)) return openFile(files, path);
  const folder = path.slice(0, path.lastIndexOf('/') + 1);
  const index = await readJson(files, path);
  return openShardedWeights(index, `${files.name}/${path}`, (shard) => openFile(files, folder + shard));
}

async function usualFile(files: ModelFiles): Promise<string> {
  const paths = await files.list();
  const usual = USUAL_FILES.find((path) => paths.includes(path));
  if (usual !== undefined) return usual;
  const found = paths.slice(0, 20).join(', ') + (paths.length > 20 ? ', ...' : '');
  throw new CheckpointError(
    `openWeights: ${files.name}: expected one of ${USUAL_FILES.join(', ')}, found ${found || 'no files'}. ` +
      "Name another with { file: 'weights.pt' }.",
  );
}

async function openFile(files: ModelFiles, path: string): Promise<TensorReader> {
  const ending = Object.keys(FORMATS).find((known) => path.endsWith(known));
  if (ending === undefined) {
    const known = [...Object.keys(FORMATS), INDEX].join(', ');
    throw new ConfigError(`openWeights: file: expected a name that ends in ${known}, received ${path}.`);
  }
  return FORMATS[ending]!(await files.open(path));
}
