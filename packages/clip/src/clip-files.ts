import { CheckpointError, parseSafetensors, serializeSafetensors, ZeroRng } from '@crossmodal/core';
import type { CLIPTextTransformer, CLIPVisionTransformer } from '@crossmodal/encoders';
import { CLIP } from './clip';
import { writeCLIPConfig } from './clip-config';

/** A checkpoint of a CLIP of two transformers, as the files of a folder. */
export interface CLIPFiles {
  'config.json': string;
  'model.safetensors': Uint8Array;
}

/**
 * A CLIP of two transformers as the two files that transformers' `CLIPModel.from_pretrained` takes.
 *
 * @example
 * for (const [name, content] of Object.entries(await clipToFiles(clip))) await writeFile(join(folder, name), content);
 */
export async function clipToFiles(
  clip: CLIP<CLIPVisionTransformer, CLIPTextTransformer>,
): Promise<CLIPFiles> {
  const config = writeCLIPConfig({
    projectionDim: clip.projectionDim,
    logitScaleInitValue: 2.6592,
    textConfig: clip.textModel.config,
    visionConfig: clip.visionModel.config,
  });
  return {
    'config.json': `${JSON.stringify(config, undefined, 2)}\n`,
    'model.safetensors': serializeSafetensors(await clip.stateDict(), { format: 'pt' }),
  };
}

/**
 * A CLIP from the files that {@link clipToFiles} or transformers' `CLIPModel.save_pretrained` wrote.
 *
 * @throws ConfigError or CheckpointError when a file is damaged, or they do not belong together.
 */
export function clipFromFiles(files: CLIPFiles): CLIP<CLIPVisionTransformer, CLIPTextTransformer> {
  let config: Record<string, unknown>;
  try {
    config = JSON.parse(files['config.json']);
  } catch (cause) {
    throw new CheckpointError('clipFromFiles: config.json: is not JSON.', { cause });
  }
  const { tensors } = parseSafetensors(files['model.safetensors'], 'model.safetensors');
  // Files of old versions list the positions 0, 1, 2, ...
  const weights = Object.entries(tensors).filter(([key]) => !key.endsWith('.position_ids'));
  const clip = CLIP.fromConfig(config, { rng: new ZeroRng() });
  try {
    clip.loadStateDict(Object.fromEntries(weights));
  } catch (error) {
    clip.dispose();
    throw error;
  }
  return clip;
}
