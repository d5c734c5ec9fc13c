import {
  Module,
  type Rng,
  type StateDict,
  safetensorsChunks,
  type TensorReader,
  ZeroRng,
} from '@crossmodal/core';
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

/** How a kind of model is published. */
export interface PretrainedFamily<M extends Module> extends Omit<LoadWeightsOptions, 'strict'> {
  /** The model that a parsed `config.json` describes, with first values; `weights` are what will be loaded over them. */
  build(config: Record<string, unknown>, rng: Rng, weights?: TensorReader): M;
  /** Default: `config.json`. */
  readConfig?: (files: ModelFiles) => Promise<Record<string, unknown>>;
  /** Default: {@link openWeights}, which knows the usual names. */
  open?: (files: ModelFiles) => Promise<TensorReader>;
  /** The weights as the model has them, where files have them otherwise. */
  convert?: (weights: TensorReader) => TensorReader;
  /** The reverse of `convert`. */
  restore?: (state: StateDict) => StateDict;
}

/** Files of a model by path; those in parts are written one part after the other. */
export type FileContents = Record<string, Uint8Array | string | readonly Uint8Array[]>;

export interface SaveOptions {
  /** Files to write beside the model's: those of its tokenizer and image processor, as `loadProcessor` found them. */
  files?: Readonly<FileContents>;
}

/**
 * A module of a kind that is published, read from and written to the files that `transformers` has for it. A class
 * says how in its `family` and its `configJson`.
 *
 * @example
 * const vit = await ViT.fromPretrained('google/vit-base-patch16-224');
 * await vit.saveTo('my-vit'); // in Python: ViTModel.from_pretrained('my-vit')
 */
export abstract class PretrainedModule extends Module {
  /** The content of `config.json`. */
  protected abstract configJson(): Record<string, unknown>;

  /**
   * A model with random weights.
   *
   * @param config A published `config.json`, parsed.
   * @throws ConfigError when it is of another kind of model, or a value cannot be.
   */
  static fromConfig<M extends Module>(
    this: { readonly family: PretrainedFamily<M> },
    config: Record<string, unknown>,
    { rng }: { rng: Rng },
  ): M {
    // biome-ignore lint/complexity/noThisInStatic: it is the class that this is called on
    return this.family.build(config, rng);
  }

  /**
   * A published model with its weights.
   *
   * @param source A name on the Hugging Face hub (downloaded once, into the cache that Python shares), a folder, or
   *   files.
   * @throws ConfigError or CheckpointError when files are missing, damaged, or do not belong together.
   */
  static async fromPretrained<M extends Module>(
    this: { readonly family: PretrainedFamily<M> },
    source: PretrainedSource,
    options: PretrainedOptions = {},
  ): Promise<M> {
    // biome-ignore lint/complexity/noThisInStatic: it is the class that this is called on
    const { build, readConfig, open = openWeights, convert, prefix, ignore } = this.family;
    const files = await openPretrained(source, options);
    const config = readConfig ? await readConfig(files) : await readJson(files, 'config.json');
    const published = await open(files);
    const weights = convert ? convert(published) : published;
    const model = build(config, new ZeroRng(), weights);
    try {
      await loadWeights(model, weights, { prefix, ignore, strict: options.strict });
      return model;
    } catch (error) {
      model.dispose();
      throw error;
    }
  }

  /** The model as the files that `transformers` takes: `config.json`, `model.safetensors`, and those given. */
  async toFiles({ files = {} }: SaveOptions = {}): Promise<FileContents> {
    const config = this.configJson();
    const { family } = this.constructor as unknown as { family: PretrainedFamily<Module> };
    const state = await this.stateDict();
    return {
      ...files,
      'config.json': `${JSON.stringify(config, undefined, 2)}\n`,
      'model.safetensors': safetensorsChunks(family.restore?.(state) ?? state, { format: 'pt' }),
    };
  }

  /** Writes {@link toFiles} into a folder; in a browser, one that the user picked or of its private storage. */
  async saveTo(folder: string | FolderHandle, options: SaveOptions = {}): Promise<void> {
    await saveModelFiles(folder, await this.toFiles(options));
  }
}
