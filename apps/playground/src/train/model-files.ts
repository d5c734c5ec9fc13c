import { type StateDict, safetensorsChunks } from '@crossmodal/core';
import { PIXEL_RANGE, type Recipe } from '@crossmodal/emoji-clip/browser';
import { modelReadme } from './model-readme';
import { isTransformer, type ModelDescription } from './run-model';
import type { RunFacts } from './run-types';
import type { ZipContents } from './zip-files';

/** The files of a trained model, for others and for the page's own search. */
export function modelFiles(description: ModelDescription, state: StateDict, facts: RunFacts): ZipContents {
  const { config, tokenizer, tokenizerConfig } = description;
  return {
    'README.md': modelReadme(description, facts),
    'config.json': json(config),
    'tokenizer.json': json(tokenizer),
    ...(tokenizerConfig && { 'tokenizer_config.json': json(tokenizerConfig) }),
    'preprocessor_config.json': json(preprocessor(sideOf(config))),
    'model.safetensors': safetensorsChunks(state, { format: 'pt' }),
  };
}

/** What makes of a picture what the model was trained on, as transformers' CLIP has it. */
function preprocessor(side: number): Record<string, unknown> {
  const [black, white] = PIXEL_RANGE;
  const std = 1 / (white - black);
  return {
    image_processor_type: 'CLIPImageProcessor',
    do_convert_rgb: true,
    do_resize: true,
    size: { shortest_edge: side },
    resample: 3,
    do_center_crop: true,
    crop_size: { height: side, width: side },
    do_rescale: true,
    rescale_factor: 1 / 255,
    do_normalize: true,
    image_mean: [0, 0, 0].fill(-black * std),
    image_std: [0, 0, 0].fill(std),
  };
}

/** Side of the pictures that the model of a `config.json` sees. */
function sideOf(config: Readonly<Record<string, unknown>>): number {
  if (!isTransformer(config)) return (config as unknown as Recipe).imageSize;
  return (config['vision_config'] as { image_size: number }).image_size;
}

const json = (value: unknown) => `${JSON.stringify(value, null, 2)}\n`;
