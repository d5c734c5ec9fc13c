import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { textTable, writeWhole } from '@crossmodal/emoji-clip';
import { loadHotelReviews, REVIEWS } from './data/hotel-reviews';
import { loadPictureSentences } from './data/picture-sentences';
import { loadRatedSentences, RATED } from './data/rated-sentences';
import type { Recipe } from './recipe';
import { type Figures, percent, testRows, textRows } from './report/figures';
import { writeReport } from './report/report';
import { runEditorials } from './tasks/editorials';
import { runHotelReviews } from './tasks/hotel-reviews';
import { runPictureSentences } from './tasks/picture-sentences';
import type { RunContext } from './train-stage';

export interface RunOptions extends RunContext {
  recipe: Recipe;
  /**
   * The folder of data that are not shipped: hotel reviews, rated sentences. Those that are not there are left out; without
   * a folder, both are.
   */
  data?: string | undefined;
  /** Where rendered pictures are kept. */
  cache: string;
  /** Who drew what; as text. */
  attribution: string;
  onRender?: Parameters<typeof loadPictureSentences>[3];
}

/** All trainings, figures and the report. Goes on where it was stopped; undefined when it was again. */
export async function run(options: RunOptions): Promise<Figures | undefined> {
  try {
    return await runTasks(options);
  } catch (error) {
    const { signal } = options;
    if (signal.aborted && error === signal.reason) return undefined;
    throw error;
  }
}

async function runTasks(options: RunOptions): Promise<Figures> {
  const { recipe, folder, data: root, cache, say, onRender } = options;
  const { designers } = recipe.pictures;
  const pictureData = await loadPictureSentences(recipe.pictures, cache, recipe.seed, onRender);
  const { training, concepts, words, heldOutWords } = pictureData;
  const count = ({ positive, negative }: typeof words) => positive.length + negative.length;
  say(
    `\nSentences with pictures: ${training.concepts.length} drawings by ${designers.length} designers, of ` +
      `${new Set(training.concepts).size} of ${concepts.length} rated emoji; ${count(words)} rated words, ` +
      `${count(heldOutWords)} more held out`,
  );
  const { model, ...pictures } = await runPictureSentences(pictureData, recipe, options);
  await folder.save(model, recipe);
  model.dispose();
  for (const test of pictures.tests)
    say(`\n${test.title}: ${test.count} sentences, ${test.emoji} emoji\n${textTable(testRows(test))}`);
  const { text, image } = pictures.contribution;
  say(`\nwhat is said rests on the text by ${percent(text)}, on the picture by ${percent(image)}`);

  const reviews = await ifThere(root, [REVIEWS], say, async ([path]) => {
    const split = await loadHotelReviews(path!);
    say(`\nChinese hotel reviews: ${split.training.length} to train on, ${split.test.length} held out`);
    return runHotelReviews(split, recipe, options);
  });
  const editorials = await ifThere(root, Object.values(RATED), say, async (paths) => {
    const [movies, amazon, test] = await Promise.all(paths.map(loadRatedSentences));
    const training = [...movies!, ...amazon!];
    say(
      `\nRated sentences: ${training.length} of reviews to train on, ${test!.length} of editorials to measure on`,
    );
    return runEditorials({ training, test: test! }, recipe, options);
  });
  const figures: Figures = {
    tests: pictures.tests,
    contribution: pictures.contribution,
    reviews,
    editorials,
  };
  if (reviews || editorials) say(`\n${textTable(textRows(figures))}`);
  await writeWhole(folder.figures, JSON.stringify(figures, null, 2));
  await writeReport(folder, {
    recipe,
    figures,
    surprising: pictures.surprising,
    data: pictureData,
    attribution: options.attribution,
  });
  return figures;
}

/** What a task gives, or undefined where its files are not. */
async function ifThere<T>(
  root: string | undefined,
  files: readonly string[],
  say: (line: string) => void,
  task: (paths: string[]) => Promise<T>,
): Promise<T | undefined> {
  if (root === undefined) return undefined;
  const paths = files.map((file) => join(root, file));
  const missing = paths.find((path) => !existsSync(path));
  if (!missing) return task(paths);
  say(`\nLeft out: there is no ${missing}. Say where the data are with --data <folder>.`);
  return undefined;
}
