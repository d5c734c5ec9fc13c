import type { TextTokenizer } from '@crossmodal/clip';
import { bytesSource, openSafetensors } from '@crossmodal/core';
import {
  pictureProcessor,
  type Recipe,
  restoreModel,
  type TrainedModel,
  wordTokenizer,
} from '@crossmodal/emoji-clip/browser';
import { perEngine } from '../engine';
import { fetchBytes, fetchJson, once } from './fetch-shipped';

/** The CLIP that comes with the page, ready to use. */
export interface ShippedCLIP extends Omit<TrainedModel, 'tokenizer'> {
  tokenizer: TextTokenizer;
  processor: ReturnType<typeof pictureProcessor>;
  architecture: 'convolution';
}

/** Its files: read without an engine. */
export const clipFiles = once(async () => {
  const [recipe, tokenizer, weights] = await Promise.all([
    fetchJson<Recipe>('clip/config.json'),
    fetchJson<Record<string, unknown>>('clip/tokenizer.json'),
    fetchBytes('clip/model.safetensors'),
  ]);
  return { recipe, tokenizer, weights, id: `clip-${weights.length}-${checksum(weights)}` };
});

export const shippedCLIP = perEngine<ShippedCLIP>(async () => {
  const { recipe, tokenizer, weights } = await clipFiles();
  const reader = await openSafetensors(bytesSource(weights, 'clip/model.safetensors'));
  const model = await restoreModel({ recipe, tokenizer, weights: reader });
  return {
    architecture: 'convolution',
    clip: model.clip,
    recipe,
    tokenizer: wordTokenizer(model.tokenizer),
    processor: pictureProcessor(recipe.imageSize),
  };
});

/** FNV-1a: tells versions apart, no more. */
function checksum(bytes: Uint8Array): string {
  let hash = 0x811c9dc5;
  for (let i = 0; i < bytes.length; i++) hash = Math.imul(hash ^ bytes[i]!, 0x01000193);
  return (hash >>> 0).toString(16).padStart(8, '0');
}
