import { pearsonCorrelation, Rng } from '@crossmodal/core';
import { type MultimodalSentimentAnalyzer, sentimentBatches } from '@crossmodal/sentiment';
import type { LabelledText } from '../data/hotel-reviews';
import { ratingOfWords, wordRatings } from '../data/word-ratings';
import { bootstrap, type Interval } from '../measure/bootstrap';
import { textProbabilities } from '../measure/text-probabilities';
import { createTextModel } from '../models';
import type { Recipe } from '../recipe';
import { splitWords } from '../text/ngram-tokenizer';
import { type RunContext, trainStage } from '../train-stage';

export interface RatedSentenceData {
  /** Of reviews: what training sees. */
  training: LabelledText[];
  /** Of newspapers: what it does not. */
  test: LabelledText[];
}

export interface EditorialFigures {
  training: number;
  test: number;
  /** Pearson's r of scores and people's ratings: of towers and words' ratings together. */
  pearson: Interval;
  /** Of the towers alone. */
  towers: Interval;
  /** Of the words' ratings alone, which learn nothing: the sum of AFINN's, turned by negations. */
  words: Interval;
  /** How much better both are than the words. */
  gain: Interval;
}

/**
 * Trains towers on sentences of reviews and measures them on sentences of editorials: their mean, the ratings of words
 * alone, and both added, each by its spread. What is good of films alone leads a tower astray elsewhere, and words' ratings
 * see no more than words: each mends the other.
 */
export async function runEditorials(
  { training, test }: RatedSentenceData,
  recipe: Recipe,
  context: RunContext,
): Promise<EditorialFigures> {
  const { editorials, seed } = recipe;
  const texts = test.map(({ text }) => text);
  const sums = new Float64Array(test.length);
  for (let tower = 0; tower < editorials.towers; tower++) {
    const rng = new Rng(seed).split(`editorials ${tower}`);
    const model = createTextModel(editorials.text, { task: 'regression', ratings: wordRatings }, rng);
    const data = trainingData(blendRatings(training, editorials.wordShare), model, editorials, rng);
    await trainStage(`editorials-${tower + 1}`, model, data, editorials.training, context);
    for (const [i, [score]] of (await textProbabilities(model, texts)).entries()) sums[i]! += score!;
    model.dispose();
  }
  const ratings = test.map(({ label }) => label);
  const words = texts.map((text) => ratingOfWords(splitWords(text)));
  const rng = new Rng(seed).split('bootstrap of editorials');
  const pearson = (scores: ArrayLike<number>) => (samples: ArrayLike<number>) =>
    pearsonCorrelation(
      Array.from(samples, (i) => scores[i]!),
      Array.from(samples, (i) => ratings[i]!),
    );
  const [ofTowers, ofWords] = [pearson(sums), pearson(words)];
  const [towerSpread, wordSpread] = [spread(sums), spread(words)];
  const ofBoth = pearson(
    words.map((word, i) => sums[i]! / towerSpread + (editorials.wordWeight * word) / wordSpread),
  );
  return {
    training: training.length,
    test: test.length,
    pearson: bootstrap(test.length, ofBoth, { rng }),
    towers: bootstrap(test.length, ofTowers, { rng }),
    words: bootstrap(test.length, ofWords, { rng }),
    gain: bootstrap(test.length, (samples) => ofBoth(samples) - ofWords(samples), { rng }),
  };
}

/**
 * Sentences whose label is people's rating in part, and in part what the ratings of its words say, on the scale of the
 * labels. Without that, a tower comes to trust words that are good or bad of films alone more than those that are so
 * everywhere.
 */
export function blendRatings(sentences: readonly LabelledText[], wordShare: number): LabelledText[] {
  const words = sentences.map(({ text }) => ratingOfWords(splitWords(text)));
  const spread = (values: readonly number[]) =>
    Math.sqrt(values.reduce((sum, value) => sum + value * value, 0));
  const scale = spread(sentences.map(({ label }) => label)) / spread(words);
  return sentences.map(({ text, label }, i) => ({
    text,
    label: (1 - wordShare) * label + wordShare * scale * words[i]!,
  }));
}

function trainingData(
  sentences: readonly LabelledText[],
  model: MultimodalSentimentAnalyzer,
  { training }: Recipe['editorials'],
  rng: Rng,
) {
  return sentimentBatches(
    sentences.map((sentence, i) => ({ key: String(i), ...sentence })),
    model.processors,
    { task: 'regression', batchSize: training.batchSize, shuffle: true, dropLast: true, rng },
  );
}

/** Root of the mean square. */
function spread(values: ArrayLike<number>): number {
  return Math.hypot(...Array.from(values)) / Math.sqrt(values.length) || 1;
}
