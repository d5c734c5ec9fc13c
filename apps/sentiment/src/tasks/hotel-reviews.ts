import { arrayDataset, confusionMatrix, Rng } from '@crossmodal/core';
import { sentimentBatches } from '@crossmodal/sentiment';
import type { TextSplit } from '../data/hotel-reviews';
import { bootstrap, type Interval, meanOf } from '../measure/bootstrap';
import { classesOf } from '../measure/probabilities';
import { textProbabilities } from '../measure/text-probabilities';
import { createTextModel } from '../models';
import type { Recipe } from '../recipe';
import { type RunContext, trainStage } from '../train-stage';

export interface ReviewFigures {
  training: number;
  test: number;
  accuracy: Interval;
  /** Saying always what most are. */
  majority: number;
  confusion: number[][];
}

export const REVIEW_LABELS = ['bad', 'good'] as const;

/** Trains a tower on Chinese hotel reviews and measures it on those held out. */
export async function runHotelReviews(
  { training, test }: TextSplit,
  { reviews, seed }: Recipe,
  context: RunContext,
): Promise<ReviewFigures> {
  const rng = new Rng(seed).split('reviews');
  const settings = { labels: REVIEW_LABELS, task: 'classification' as const };
  const model = createTextModel(reviews.text, settings, rng);
  const samples = training.map((sample, i) => ({ key: String(i), ...sample }));
  const data = sentimentBatches(arrayDataset(samples), model.processors, {
    ...settings,
    batchSize: reviews.training.batchSize,
    shuffle: true,
    dropLast: true,
    rng,
  });
  await trainStage('reviews', model, data, reviews.training, context);
  const said = classesOf(
    await textProbabilities(
      model,
      test.map(({ text }) => text),
    ),
  );
  model.dispose();
  const labels = test.map(({ label }) => label);
  const right = said.map((label, i) => Number(label === labels[i]));
  const good = labels.filter((label) => label === 1).length / labels.length;
  return {
    training: training.length,
    test: test.length,
    accuracy: bootstrap(right.length, meanOf(right), { rng: rng.split('bootstrap') }),
    majority: Math.max(good, 1 - good),
    confusion: confusionMatrix(said, labels, 2).map((row) => [...row]),
  };
}
