import { ZeroShotClassifier } from '@crossmodal/clip';
import { ConfigError } from '@crossmodal/core';
import { pictureProcessor } from '../picture-processor';
import type { RunFolder } from '../run-folder';
import { wordTokenizer } from '../words';
import { loadAfterBackend } from './search';

/** Says which of the labels fits a picture best. */
export async function classifyCommand(folder: RunFolder, picture: string, labelList: string): Promise<void> {
  const labels = labelList
    .split(',')
    .map((label) => label.trim())
    .filter((label) => label !== '');
  if (labels.length < 2) {
    throw new ConfigError(
      `classify: --labels: expected two or more, such as "dog,cat,car", received "${labelList}".`,
    );
  }
  const { clip, tokenizer, recipe } = await loadAfterBackend(folder);
  const classifier = new ZeroShotClassifier({
    clip,
    tokenizer: wordTokenizer(tokenizer),
    imageProcessor: pictureProcessor(recipe.imageSize),
    labels,
    templates: ['{}'],
  });
  const { top } = await classifier.classify(picture, { topK: labels.length });
  for (const { label, probability } of top) {
    const bar = '#'.repeat(Math.round(30 * probability));
    console.log(`${`${(100 * probability).toFixed(1)} %`.padStart(8)}  ${bar.padEnd(30, '.')}  ${label}`);
  }
}
