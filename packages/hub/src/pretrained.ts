import { type Module, type StateDict, safetensorsChunks, type TensorReader, ZeroRng } from '@crossmodal/core';
import type { DownloadOptions } from './download/download-options';
import type { FolderHandle } from './download/folder-handle';
import { openPretrained } from './download/open-pretrained';
import { saveModelFiles } from './download/save-model-files';
import { openWeights } from './formats/open-weights';
import { type LoadWeightsOptions, loadWeights } from './load-weights';
import type { ModelFiles } from './model-files';
import { readJson } from './read-json';

/** A repository's name on the hub, a folder, or files that are open already. */
export type PretrainedSource = string | FolderHandle | ModelFiles;

/** What every `fromPretrained` takes. */
export interface PretrainedOptions extends DownloadOptions {
  /** Whether the file has to have every weight and no other. Default true. */
  strict?: boolean;
}

/** How a family's published files become a model. */
export interface PretrainedFamily<M extends Module> extends Omit<LoadWeightsOptions, 'strict'> {
  /** The model that a parsed `config.json` describes; its weights are loaded over. */
  build(config: Record<string, unknown>, rng: ZeroRng): M;
  /** Default: `config.json`. */
  readConfig?: (files: ModelFiles) => Promise<Record<string, unknown>>;
  /** The weights as the model takes them, where published files have them otherwise. */
  convert?: (weights: TensorReader) => TensorReader;
}

/**
 * A model from its published files: what a family's `fromPretrained` does.
 *
 * @throws ConfigError or CheckpointError when files are missing, damaged, or do not belong together.
 */
export async function loadPretrained<M extends Module>(
  source: PretrainedSource,
  { strict, ...options }: PretrainedOptions,
  {
    build,
    readConfig = (files) => readJson(files, 'config.json'),
    convert = (weights) => weights,
    ...loading
  }: PretrainedFamily<M>,
): Promise<M> {
  const files = await openPretrained(source, options);
  const config = await readConfig(files);
  const weights = convert(await openWeights(files));
  const model = build(config, new ZeroRng());
  try {
    await loadWeights(model, weights, { ...loading, strict });
    return model;
  } catch (error) {
    model.dispose();
    throw error;
  }
}

/** Files of a model by path; those in parts are written one part after the other. */
export type FileContents = Record<string, Uint8Array | string | readonly Uint8Array[]>;

export interface SavePretrainedOptions {
  /** Files to write beside the model's: of its tokenizer and image processor, as `loadProcessor` found them. */
  files?: Readonly<FileContents>;
}

/**
 * A model as the files that `transformers` takes: `config.json`, `model.safetensors`, and those given.
 *
 * @param config The content of `config.json`.
 * @param convert The weights as published files have them, where the module has them otherwise.
 */
export async function pretrainedFiles(
  module: Module,
  config: Record<string, unknown>,
  {
    files = {},
    convert = (state) => state,
  }: SavePretrainedOptions & { convert?: (state: StateDict) => StateDict } = {},
): Promise<FileContents> {
  const state = convert(await module.stateDict());
  return {
    ...files,
    'config.json': `${JSON.stringify(config, undefined, 2)}\n`,
    'model.safetensors': safetensorsChunks(state, { format: 'pt' }),
  };
}

/** Writes what {@link pretrainedFiles} gives into a folder: what a model's `saveTo` does. */
export async function savePretrained(
  target: string | FolderHandle,
  module: Module,
  config: Record<string, unknown>,
  options: SavePretrainedOptions & { convert?: (state: StateDict) => StateDict } = {},
): Promise<void> {
  await saveModelFiles(target, await pretrainedFiles(module, config, options));
}
