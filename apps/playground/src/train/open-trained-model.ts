import type { PixelProcessor } from '@crossmodal/clip';
import { blobSource, openSafetensors } from '@crossmodal/core';
import { pictureProcessor } from '@crossmodal/emoji-clip/browser';
import { type RunFolder, readJson } from './run-folder';
import { buildModel, type ModelDescription, type RunModel } from './run-model';

/** Where the last model that was trained in the page lies, in its private storage: for `OPFSFolder.open`. */
export const TRAINED_MODEL_PATH = 'train/model';

/** A model that was trained in the page, for any other tab. */
export interface OpenedModel extends RunModel {
  /** Prepares any picture as those of the training were. */
  pictures: PixelProcessor;
}

/**
 * The last model that was trained in the page; undefined when there is none. Choose an engine first. The caller
 * disposes `clip`.
 *
 * @example
 * const model = await openTrainedModel(await OPFSFolder.open(TRAINED_MODEL_PATH));
 * const features = await encodeTexts(model.clip, model.tokenizer, ['a red apple']);
 */
export async function openTrainedModel(folder: RunFolder): Promise<OpenedModel | undefined> {
  const [config, tokenizer, tokenizerConfig, file] = [
    await readJson<Record<string, unknown>>(folder, 'config.json'),
    await readJson<Record<string, unknown>>(folder, 'tokenizer.json'),
    await readJson<Record<string, unknown>>(folder, 'tokenizer_config.json'),
    await folder.read('model.safetensors'),
  ];
  if (!config || !tokenizer || !file) return undefined;
  const description: ModelDescription = { config, tokenizer, ...(tokenizerConfig && { tokenizerConfig }) };
  const model = buildModel(description, 0);
  await model.clip.loadTensors(await openSafetensors(blobSource(file, 'model.safetensors')));
  return { ...model, pictures: pictureProcessor(model.imageSize) };
}
