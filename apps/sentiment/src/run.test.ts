import '@crossmodal/backend-onnx';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Logger, Rng, useBackend } from '@crossmodal/core';
import { beginRun, stackPictures, textTable } from '@crossmodal/emoji-clip';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { describe as describePrediction, pictureOf, predictCommand, splitEmoji } from './commands/predict';
import { findBlend, isHeldOutEmoji, type PictureSentenceData } from './data/picture-sentences';
import { wordPool } from './data/word-ratings';
import { quickRecipe, type Recipe } from './recipe';
import { testRows, textRows } from './report/figures';
import { writeReport } from './report/report';
import { RunFolder } from './run-folder';
import { runEditorials } from './tasks/editorials';
import { runHotelReviews } from './tasks/hotel-reviews';
import { runPictureSentences } from './tasks/picture-sentences';
import type { RunContext } from './train-stage';

const SIZE = 64;
const small = { steps: 4, batchSize: 4, learningRate: 1e-2, weightDecay: 0.01 };
const tower = (recipe: Recipe['reviews']['text']) => ({
  ...recipe,
  tokenizer: { ...recipe.tokenizer, vocabSize: 128 },
  hiddenSize: 8,
});
const recipe: Recipe = {
  ...quickRecipe,
  pictures: {
    ...quickRecipe.pictures,
    towers: { text: small, image: small },
    training: small,
    text: tower(quickRecipe.pictures.text),
    imageSize: 8,
    stages: [{ channels: 4, blocks: 0 }],
    fusedSize: 8,
  },
  reviews: { training: small, text: tower(quickRecipe.reviews.text) },
  editorials: { ...quickRecipe.editorials, training: small, text: tower(quickRecipe.editorials.text) },
};

const concepts = Array.from({ length: 16 }, (_, i) => ({
  ...{ emoji: '', negative: 0, neutral: 0, positive: 0 },
  label: i === 0 ? 'face <0>' : `face ${i}`,
  score: (i - 8) / 8,
}));

/** A grey square for each concept, the brighter the better it is. */
function drawn(chosen: readonly number[]) {
  const pixels = new Uint8Array(chosen.length * SIZE * SIZE * 4);
  for (const [i, concept] of chosen.entries())
    for (let p = 0; p < SIZE * SIZE; p++)
      pixels.set([concept * 15, concept * 15, 99, 255], (i * SIZE * SIZE + p) * 4);
  return stackPictures([{ pixels, concepts: Int32Array.from(chosen) }], SIZE);
}

const all = [...concepts.keys()];
const words = wordPool('training');
const data: PictureSentenceData = {
  ...{ concepts, words, heldOutWords: wordPool('held out') },
  training: drawn(all.filter((i) => !isHeldOutEmoji(concepts[i]!.label))),
  unseen: drawn(all),
  blend: findBlend(concepts, words, new Rng(0)),
};

const root = mkdtempSync(join(tmpdir(), 'sentiment-'));
beforeAll(() => useBackend('onnx'));
afterAll(() => rmSync(root, { recursive: true }));

/** What a task in that folder is told; it is interrupted after so many steps. */
async function contextIn(name: string, stopAfter = Number.POSITIVE_INFINITY): Promise<RunContext> {
  const folder = new RunFolder(join(root, name));
  await beginRun(folder.path, recipe, false);
  const abort = new AbortController();
  let steps = 0;
  const stopper: Logger = ({ type }) => {
    if (type === 'step' && ++steps >= stopAfter) abort.abort();
  };
  return { folder, seed: 1, signal: abort.signal, loggers: [stopper], say: () => {} };
}

it('goes on where it was stopped, and ends as if it had not been', async () => {
  const whole = await runPictureSentences(data, recipe, await contextIn('whole'));
  await expect(runPictureSentences(data, recipe, await contextIn('stopped', 6))).rejects.toThrow(/abort/i);
  await expect(runPictureSentences(data, recipe, await contextIn('stopped', 11))).rejects.toThrow(/abort/i);
  const resumed = await runPictureSentences(data, recipe, await contextIn('stopped'));
  expect(resumed.tests).toEqual(whole.tests);
  expect(await resumed.model.stateDict()).toEqual(await whole.model.stateDict());
  expect(whole.tests.map(({ models }) => models.map(({ model }) => model))).toEqual(
    Array.from({ length: 2 }, () => ['text', 'image', 'concat']),
  );
  for (const { count, models } of whole.tests)
    for (const { confusion } of models) expect(confusion.flat().reduce((a, b) => a + b)).toBe(count);
  const other = beginRun(join(root, 'whole'), { ...recipe, seed: 9 }, false);
  await expect(other).rejects.toThrow('holds a run with another recipe');
}, 60_000);

it('writes a page in which nothing of the data is markup, and nothing is fetched', async () => {
  const context = await contextIn('whole');
  const { tests, contribution, surprising } = await runPictureSentences(data, recipe, context);
  const texts = ['good', 'bad', 'very good', 'very bad', 'fine', 'sad'].map((text, i) => ({
    text,
    label: i % 2,
  }));
  const reviews = await runHotelReviews({ training: texts, test: texts }, recipe, context);
  const editorials = await runEditorials({ training: texts, test: texts }, recipe, context);
  const figures = { tests, contribution, reviews, editorials };
  const shown = surprising.map((example) => ({
    ...example,
    sentence: { ...example.sentence, concept: 0, text: '<script>x</script>' },
  }));
  const attribution = 'drawn by <nobody>';
  await writeReport(context.folder, { recipe, figures, surprising: shown, data, attribution });
  const html = readFileSync(context.folder.report, 'utf8');
  for (const text of [
    '&#60;script&#62;x',
    'face &#60;0&#62;',
    'drawn by &#60;nobody',
    'No person judged these pairs',
  ])
    expect(html).toContain(text);
  expect(html).not.toContain('<script>x');
  expect(html).not.toMatch(/(src|href)="http/);
  expect(html.match(/<img [^>]*src="data:image\/png/g)).toHaveLength(surprising.length);
  expect(textTable(testRows(tests[0]!))).toMatch(/minus text only {2,}-?\d+\.\d %/);
  expect(textTable(textRows(figures))).toContain('editorials (6)');
}, 60_000);

it('says what a sentence and a picture feel like, with what it saved', async () => {
  const { folder } = await contextIn('whole');
  await expect(folder.load()).rejects.toThrow('Train one with: npm run sentiment');
  const { model } = await runPictureSentences(data, recipe, await contextIn('whole'));
  await folder.save(model, recipe);
  const loaded = await folder.load();
  const picture = new Uint8Array(readFileSync(await pngFile()));
  const input = { text: 'what a lovely day', image: picture };
  const prediction = await loaded.model.predict(input);
  expect(prediction).toEqual(await model.predict(input));
  const text = describePrediction(prediction);
  expect(text).toMatch(/^(negative|neutral|positive)\n/);
  expect(text).toMatch(/ {2}[#.]{30} {2}neutral/);
  expect(text).toMatch(/text [+-]\d+ %, image [+-]\d+ %$/);
  expect(describePrediction(await loaded.model.predict({ text: 'bad' }))).not.toContain('image');
});

it('says what is wrong with what it was given', async () => {
  const folder = new RunFolder(join(root, 'none'));
  const options = { designer: 'openmoji' };
  await expect(predictCommand(folder, ' ', options)).rejects.toThrow(
    'expected a sentence, a picture or both',
  );
  await expect(predictCommand(folder, 'x', options)).rejects.toThrow('There is no trained model');
  await expect(pictureOf('nowhere.png', 'openmoji')).rejects.toThrow(
    'predict: --image: expected an emoji or the path of a picture, received "nowhere.png": ENOENT',
  );
  await expect(pictureOf('😡.png', 'openmoji')).rejects.toThrow('received "😡.png": ENOENT');
  await expect(pictureOf('😡', 'nobody')).rejects.toThrow('designerById: id: expected one of noto');
  const { folder: whole } = await contextIn('whole');
  expect(existsSync(whole.model)).toBe(true);
  writeFileSync(join(root, 'no-picture.png'), 'no picture');
  const noPicture = predictCommand(whole, 'x', { ...options, image: join(root, 'no-picture.png') });
  await expect(noPicture).rejects.toThrow(/predict: inputs\[0\]: image: /);
});

it('finds the emoji in a line', () => {
  expect(splitEmoji('what a day ❤️ ')).toEqual({ text: 'what a day', emoji: '❤️' });
  expect(splitEmoji('👨‍👩‍👧')).toEqual({ text: '', emoji: '👨‍👩‍👧' });
  expect(splitEmoji('no 1')).toEqual({ text: 'no 1' });
});

async function pngFile(): Promise<string> {
  const { default: sharp } = await import('sharp');
  const path = join(root, 'red.png');
  await sharp({ create: { width: 20, height: 20, channels: 3, background: '#c00' } })
    .png()
    .toFile(path);
  return path;
}
