import { confusionMatrix, type Module, pearsonCorrelation, Rng, type StateDict } from '@crossmodal/core';
import { Augmenter, type PictureStack } from '@crossmodal/emoji-clip';
import { type Contribution, contribution } from '@crossmodal/fusion';
import type { MultimodalSentimentAnalyzer } from '@crossmodal/sentiment';
import * as tf from '@tensorflow/tfjs-core';
import {
  type PictureSentence,
  type PictureSentenceData,
  type TestSet,
  testSets,
} from '../data/picture-sentences';
import { LABELS } from '../labels';
import { bootstrap, type Interval, meanOf } from '../measure/bootstrap';
import { classesOf, probabilitiesOf } from '../measure/probabilities';
import { createPictureModel, createTowerModel, type ModelKind, type Tower } from '../models';
import type { Recipe } from '../recipe';
import { type RunContext, trainStage } from '../train-stage';
import { inputsOf, ownScore, trainingData } from './picture-inputs';

/** How well a model does on a test set. */
export interface ModelFigures {
  model: string;
  accuracy: Interval;
  /** [label][prediction] */
  confusion: number[][];
}

export interface TestFigures {
  title: string;
  count: number;
  /** Emoji in it: what intervals are drawn over. */
  emoji: number;
  /** Saying always the class that the test has most. */
  majority: number;
  /** How well each tower guesses its own ratings, Pearson's r: what there is to be brought together. */
  towers: Record<Tower, number>;
  models: ModelFigures[];
  /** How much the kept fusion is better than each model of one modality: difference of accuracies of the same samples. */
  gains: { over: string; difference: Interval }[];
}

/** A sentence with a picture and what the kept model made of it. */
export interface Example {
  sentence: PictureSentence;
  probabilities: number[];
  /** Of text and image for the class that was said: sizes add up to 1. */
  shares: number[];
}

export interface PictureSentenceResult {
  tests: TestFigures[];
  /** Mean size of the share of text and of image, over the first test. */
  contribution: { text: number; image: number };
  /** Those where the model was surest and wrong. */
  surprising: Example[];
  /** The kept model. */
  model: MultimodalSentimentAnalyzer;
}

const SHOWN = 12;
const EXPLAINED = 256;

/**
 * Trains a tower for each modality on its own ratings, from these a model of each modality and one for each fusion on the
 * ratings of both together, and measures all on the same samples.
 */
export async function runPictureSentences(
  data: PictureSentenceData,
  recipe: Recipe,
  context: RunContext,
): Promise<PictureSentenceResult> {
  const { pictures, seed } = recipe;
  const tests = testSets(data, pictures.testSentences, seed);
  const augmenter = new Augmenter({
    stack: data.training,
    strength: pictures.augment,
    imageSize: pictures.imageSize,
  });
  const saidBy = (kind: ModelKind, model: MultimodalSentimentAnalyzer, { sentences }: TestSet) =>
    probabilitiesOf(model, sentences.length, (start, size) =>
      inputsOf(kind, model, sentences.slice(start, start + size), data.unseen, pictures.imageSize),
    );
  const towers = { text: {} as StateDict, image: {} as StateDict };
  const guessed: Record<Tower, number[]> = { text: [], image: [] };
  const said = new Map<ModelKind, number[][][]>();
  let kept: MultimodalSentimentAnalyzer | undefined;
  try {
    for (const kind of ['text', 'image'] as const) {
      const model = createTowerModel(kind, recipe, new Rng(seed).split('towers'));
      const training = pictures.towers[kind];
      await trainStage(
        `${kind}-tower`,
        model,
        trainingData(kind, model, data, augmenter, training, recipe),
        training,
        context,
      );
      towers[kind] = await towerOf(kind, model).stateDict();
      for (const test of tests)
        guessed[kind].push(
          pearsonCorrelation(
            (await saidBy(kind, model, test)).map(([score]) => score!),
            test.sentences.map((sentence) => ownScore(kind, sentence)),
          ),
        );
      model.dispose();
    }
    for (const kind of ['text', 'image', ...pictures.fusions] as const) {
      const model = createPictureModel(kind, recipe, new Rng(seed).split('model'));
      for (const tower of ['text', 'image'] as const)
        if (kind !== other(tower)) towerOf(tower, model).loadStateDict(towers[tower]);
      const { training } = pictures;
      await trainStage(
        kind,
        model,
        trainingData(kind, model, data, augmenter, training, recipe),
        training,
        context,
      );
      const rows: number[][][] = [];
      for (const test of tests) rows.push(await saidBy(kind, model, test));
      said.set(kind, rows);
      if (kind === pictures.fusions[0]) kept = model;
      else model.dispose();
    }
  } finally {
    await augmenter.close();
  }
  const model = kept!;
  const first = tests[0]!.sentences;
  const explained = await explain(model, first.slice(0, EXPLAINED), data.unseen, pictures.imageSize);
  const mean = (m: number) =>
    meanOf(explained.shares.map((row) => Math.abs(row[m]!)))([...explained.shares.keys()]);
  return {
    tests: tests.map((test, i) => ({
      ...testFigures(test, [...said.keys()], (kind) => said.get(kind)![i]!, recipe),
      towers: { text: guessed.text[i]!, image: guessed.image[i]! },
    })),
    contribution: { text: mean(0), image: mean(1) },
    surprising: await surprising(
      model,
      tests,
      (i) => said.get(pictures.fusions[0]!)![i]!,
      data.unseen,
      pictures.imageSize,
    ),
    model,
  };
}

const other = (tower: Tower): Tower => (tower === 'text' ? 'image' : 'text');

function towerOf(tower: Tower, { textEncoder, visionEncoder }: MultimodalSentimentAnalyzer): Module {
  return tower === 'text' ? textEncoder! : visionEncoder!;
}

function testFigures(
  { title, sentences }: TestSet,
  kinds: readonly ModelKind[],
  rowsOf: (kind: ModelKind) => number[][],
  { pictures, seed }: Recipe,
): Omit<TestFigures, 'towers'> {
  const labels = sentences.map(({ label }) => label);
  const groups = sentences.map(({ concept }) => concept);
  const rng = new Rng(seed).split(`bootstrap of ${title}`);
  const right = new Map(
    kinds.map((kind) => [kind, classesOf(rowsOf(kind)).map((said, i) => Number(said === labels[i]))]),
  );
  const of = (values: readonly number[]) => bootstrap(labels.length, meanOf(values), { rng, groups });
  const kept = right.get(pictures.fusions[0]!)!;
  // Training's classes are thirds, so the majority is the class that the test has most: the best that a constant can do.
  const counts = LABELS.map((_, label) => labels.filter((one) => one === label).length);
  return {
    title,
    count: labels.length,
    emoji: new Set(groups).size,
    majority: Math.max(...counts) / labels.length,
    models: kinds.map((kind) => ({
      model: kind,
      accuracy: of(right.get(kind)!),
      confusion: confusionMatrix(classesOf(rowsOf(kind)), labels, LABELS.length).map((row) => [...row]),
    })),
    gains: (['text', 'image'] as const).map((over) => ({
      over,
      difference: of(kept.map((one, i) => one - right.get(over)![i]!)),
    })),
  };
}

async function explain(
  model: MultimodalSentimentAnalyzer,
  sentences: readonly PictureSentence[],
  stack: PictureStack,
  imageSize: number,
): Promise<Contribution> {
  const inputs = inputsOf('concat', model, sentences, stack, imageSize);
  const encoded = model.encode(inputs);
  try {
    return await contribution((given) => model.head.forward(given).logits, encoded);
  } finally {
    tf.dispose([{ ...inputs }, encoded] as tf.TensorContainer);
  }
}

async function surprising(
  model: MultimodalSentimentAnalyzer,
  tests: readonly TestSet[],
  rowsOf: (test: number) => number[][],
  stack: PictureStack,
  imageSize: number,
): Promise<Example[]> {
  const all = tests.flatMap(({ sentences }, t) =>
    sentences.map((sentence, i) => ({ sentence, probabilities: rowsOf(t)[i]! })),
  );
  const worst = all.sort((a, b) => a.probabilities[a.sentence.label]! - b.probabilities[b.sentence.label]!);
  const shown: typeof worst = [];
  for (const example of worst) {
    // Each emoji once, so that one hard picture does not fill the page.
    if (shown.length < SHOWN && shown.every(({ sentence }) => sentence.concept !== example.sentence.concept))
      shown.push(example);
  }
  const { shares } = await explain(
    model,
    shown.map(({ sentence }) => sentence),
    stack,
    imageSize,
  );
  return shown.map((example, i) => ({ ...example, shares: shares[i]! }));
}
