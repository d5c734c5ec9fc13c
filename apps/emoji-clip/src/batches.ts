import { arrayDataset, DataLoader, Rng } from '@crossmodal/core';
import type { ByteLevelBPETokenizer } from '@crossmodal/processing';
import * as tf from '@tensorflow/tfjs-core';
import { sampleCaption } from './data/captions';
import type { Concept } from './data/concepts';
import type { Augmenter } from './pictures/augmenter';
import type { PictureStack } from './pictures/picture-stack';
import type { Recipe } from './recipe';
import { wordTokenizer } from './words';

/** Pictures with a caption each. */
export interface EmojiBatch {
  /** [batch, imageSize, imageSize, 3] */
  pixelValues: tf.Tensor4D;
  /** [batch, length] */
  inputIds: tf.Tensor2D;
  /** [batch, length] */
  attentionMask: tf.Tensor2D;
  /** The concept of each pair: pairs of one concept are no negatives of each other. */
  captionIds: number[];
}

/** Batches of every picture of the augmenter's stack in random order, each changed at random and with a random caption. */
export function createLoader(
  stack: PictureStack,
  concepts: readonly Concept[],
  tokenizer: ByteLevelBPETokenizer,
  recipe: Recipe,
  augmenter: Augmenter,
): DataLoader<number, EmojiBatch> {
  const words = wordTokenizer(tokenizer);
  const { imageSize, contextLength, chineseShare } = recipe;
  return new DataLoader(arrayDataset(Array.from(stack.concepts.keys())), {
    batchSize: recipe.batchSize,
    shuffle: true,
    dropLast: true,
    rng: new Rng(recipe.seed),
    collate: async (pictures, { rng }) => {
      const pixels = augmenter.augment(pictures, rng!.split('pictures').state());
      const captionIds = pictures.map((picture) => stack.concepts[picture]!);
      const captions = captionIds.map((concept) => sampleCaption(concepts[concept]!, rng!, chineseShare));
      const { inputIds, attentionMask, shape } = words.tokenize(captions, {
        contextLength,
        padding: 'longest',
      });
      return {
        pixelValues: tf.tensor4d(await pixels, [pictures.length, imageSize, imageSize, 3]),
        inputIds: tf.tensor2d(inputIds, shape, 'int32'),
        attentionMask: tf.tensor2d(attentionMask, shape, 'int32'),
        captionIds,
      };
    },
  });
}
