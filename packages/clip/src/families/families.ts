import { ConfigError } from '@crossmodal/core';
import type { CLIP } from '../clip';
import { chineseCLIP } from './chinese-clip';
import type { CLIPFamily } from './family';
import { openCLIPResNet } from './open-clip-resnet';
import { openAICLIP } from './openai-clip';
import { sigLIP } from './siglip';

const FAMILIES: readonly CLIPFamily[] = [openAICLIP, chineseCLIP, sigLIP, openCLIPResNet];

/**
 * The family that a `config.json` is of; one that does not say is taken for a CLIP.
 *
 * @throws ConfigError when there is no such family here.
 */
export function familyOf(json: Record<string, unknown>): CLIPFamily {
  const modelType = json['model_type'] ?? 'clip';
  const family = FAMILIES.find((family) => family.modelType === modelType);
  if (family) return family;
  const known = FAMILIES.map((family) => family.modelType).join(', ');
  throw new ConfigError(
    `CLIP: model_type: expected one of ${known}, received ${JSON.stringify(modelType)}. Is this another kind of model?`,
  );
}

/**
 * The `config.json` that transformers takes beside a model's `model.safetensors`.
 *
 * @throws ConfigError when the towers are not those of a published family.
 */
export function publishedConfig(clip: CLIP): Record<string, unknown> {
  const json = findPublishedConfig(clip);
  if (json) return json;
  throw new ConfigError(
    'CLIP: its two towers are together no model that transformers knows. Save the weights alone: ' +
      'saveSafetensorsFile(path, await clip.stateDict()).',
  );
}

/** As {@link publishedConfig}; undefined when the towers are not those of a published family. */
export function findPublishedConfig(clip: CLIP): Record<string, unknown> | undefined {
  for (const family of FAMILIES) {
    const json = family.write(clip);
    if (json) return json;
  }
  return undefined;
}
