import { CheckpointError } from '@crossmodal/core';
import {
  loadProcessor,
  openPretrained,
  type PretrainedOptions,
  type PretrainedSource,
} from '@crossmodal/hub';
import type { ImageProcessor, Tokenizer } from '@crossmodal/processing';
import { CLIP } from './clip';

/** A model with what prepares its inputs: what {@link ZeroShotClassifier} and {@link ImageTextRetriever} take. */
export interface LoadedCLIP {
  clip: CLIP;
  tokenizer: Tokenizer;
  imageProcessor: ImageProcessor;
  /** Files of tokenizer and image processor, for `clip.saveTo(folder, { files })`. */
  files: Readonly<Record<string, Uint8Array>>;
}

/**
 * A published model with its own tokenizer and image processor.
 *
 * @param source A name on the Hugging Face hub, a folder, or files.
 * @throws ConfigError, CheckpointError or DataError when files are missing, damaged, or do not belong together.
 * @example
 * const model = await loadCLIP('openai/clip-vit-base-patch32');
 * const classifier = new ZeroShotClassifier({ ...model, labels: ['cat', 'dog'] });
 */
export async function loadCLIP(
  source: PretrainedSource,
  options: PretrainedOptions = {},
): Promise<LoadedCLIP> {
  const opened = await openPretrained(source, options);
  const { tokenizer, imageProcessor, files } = await loadProcessor(opened);
  for (const [what, found] of Object.entries({ tokenizer, 'image processor': imageProcessor })) {
    if (!found)
      throw new CheckpointError(
        `loadCLIP: ${opened.name}: no files of a ${what}. CLIP.fromPretrained loads the model alone.`,
      );
  }
  const clip = await CLIP.fromPretrained(opened, options);
  return { clip, tokenizer: tokenizer!, imageProcessor: imageProcessor!, files };
}
