import { arrayDataset, DataLoader, Rng } from '@crossmodal/core';
import { type Augmenter, augmentPicture, type PictureStack } from '@crossmodal/emoji-clip';
import type { MultimodalSentimentAnalyzer, SentimentBatch, SentimentInputs } from '@crossmodal/sentiment';
import * as tf from '@tensorflow/tfjs-core';
import { type PictureSentence, type PictureSentenceData, sentenceFor } from '../data/picture-sentences';
import type { ModelKind } from '../models';
import type { Recipe, TrainingRecipe } from '../recipe';
import { textInputs } from '../text/text-inputs';

/** Every drawing of training once an epoch, changed at random, with a sentence composed for it. */
export function trainingData(
  kind: ModelKind,
  model: MultimodalSentimentAnalyzer,
  data: PictureSentenceData,
  augmenter: Augmenter,
  { batchSize }: TrainingRecipe,
  { pictures, seed }: Recipe,
): DataLoader<number, SentimentBatch> {
  const { imageSize } = pictures;
  return new DataLoader(arrayDataset([...data.training.concepts.keys()]), {
    batchSize,
    shuffle: true,
    dropLast: true,
    rng: new Rng(seed).split('picture sentences'),
    collate: async (chosen, { rng }) => {
      const pixels = kind === 'text' ? undefined : augmenter.augment(chosen, rng!.split('pixels').state());
      const sentences = chosen.map((picture) => sentenceFor(picture, data.training, data, data.words, rng!));
      return {
        ...(kind !== 'image' && textsOf(model, sentences)),
        ...(pixels && { pixelValues: tf.tensor4d(await pixels, [chosen.length, imageSize, imageSize, 3]) }),
        labels:
          model.task === 'regression'
            ? tf.tensor1d(sentences.map((one) => standardScore(kind, one, data)))
            : tf.tensor1d(
                sentences.map(({ label }) => label),
                'int32',
              ),
      };
    },
  });
}

/** The rating of a sample's text, or of its picture. */
export function ownScore(kind: ModelKind, { textScore, pictureScore }: PictureSentence): number {
  return kind === 'text' ? textScore : pictureScore;
}

/** What a tower learns: its own rating, of about spread 1. */
function standardScore(kind: ModelKind, sentence: PictureSentence, { blend }: PictureSentenceData): number {
  return ownScore(kind, sentence) / (kind === 'text' ? blend.textSpread : blend.pictureSpread);
}

/** Samples as a model of that kind takes them, pictures as they are. */
export function inputsOf(
  kind: ModelKind,
  model: MultimodalSentimentAnalyzer,
  sentences: readonly PictureSentence[],
  stack: PictureStack,
  imageSize: number,
): SentimentInputs {
  return {
    ...(kind !== 'image' && textsOf(model, sentences)),
    ...(kind !== 'text' && {
      pixelValues: plainPictures(
        sentences.map(({ picture }) => picture),
        stack,
        imageSize,
      ),
    }),
  };
}

const textsOf = ({ processors }: MultimodalSentimentAnalyzer, sentences: readonly PictureSentence[]) =>
  textInputs(
    processors.tokenizer!,
    sentences.map(({ text }) => text),
  );

function plainPictures(pictures: readonly number[], stack: PictureStack, size: number): tf.Tensor4D {
  const pixels = new Float32Array(pictures.length * size * size * 3);
  for (const [i, picture] of pictures.entries())
    augmentPicture(stack, picture, pixels, i * size * size * 3, size);
  return tf.tensor4d(pixels, [pictures.length, size, size, 3]);
}
