import { Rng, useBackend } from '@crossmodal/core';
import { attributionTable } from '../data/attribution';
import { conceptName } from '../data/captions';
import { designers } from '../data/designers';
import { loadEmoji } from '../data/load-emoji';
import { pictureFeatures, textFeatures } from '../features';
import { type Measurements, measure } from '../measure';
import type { EmojiCLIP } from '../model';
import { stackPictures } from '../pictures/picture-stack';
import { recipe as fullRecipe, playgroundRecipe, quickRecipe, type Recipe } from '../recipe';
import { writeReport } from '../report/report';
import { beginRun } from '../run-files';
import type { RunFolder } from '../run-folder';
import { renderBar } from '../terminal-bar';
import { train } from '../train';
import { learnTokenizer } from '../words';

/** The designer who is measured and never trained on. */
export const UNSEEN = designers.find(({ role }) => role === 'test')!;
/** Where rendered pictures are kept. */
export const CACHE = '.cache/emoji-clip';
/** Side of the rendered pictures. */
export const PICTURE_SIZE = 64;

export interface TrainCommandOptions {
  quick?: boolean;
  playground?: boolean;
  fresh?: boolean;
  steps?: number;
}

/** The main job: pictures, words, training, measuring, report. Goes on where it was stopped. */
export async function trainCommand(
  folder: RunFolder,
  options: TrainCommandOptions,
  signal: AbortSignal,
): Promise<void> {
  const began = performance.now();
  const recipe: Recipe = {
    ...(options.quick ? quickRecipe : options.playground ? playgroundRecipe : fullRecipe),
    ...(options.steps && { steps: options.steps }),
  };
  await beginRun(folder.path, recipe, options.fresh ?? false);
  const { name, reason } = await useBackend();
  console.log(`Engine: ${name} (${reason})`);

  const used = designers.filter(({ id }) => recipe.designers.includes(id) || id === UNSEEN.id);
  console.log(`\n${attributionTable(used)}\n`);
  const bar = renderBar();
  const { concepts, pictures } = await loadEmoji(
    CACHE,
    used.map(({ id }) => id),
    bar.show,
  );
  bar.end();
  const stack = stackPictures(
    recipe.designers.map((id) => pictures.get(id)!),
    PICTURE_SIZE,
  );
  const unseen = stackPictures([pictures.get(UNSEEN.id)!], PICTURE_SIZE);
  console.log(
    `${stack.concepts.length} pictures by ${recipe.designers.length} designers to train on, ${unseen.concepts.length} by ` +
      `${UNSEEN.name} to measure on, ${concepts.length} concepts named in English and Chinese.`,
  );

  const tokenizer = await learnTokenizer(concepts, recipe.vocabSize, recipe.chineseShare);
  const measureUnseen = async (clip: EmojiCLIP, language: 'en' | 'zh' = 'en') => {
    const seen = await pictureFeatures(clip, unseen, recipe.imageSize);
    const names = await textFeatures(
      clip,
      tokenizer,
      concepts.map((concept) => conceptName(concept, language)),
    );
    const measurements = await measure(concepts, { ...seen, concepts: unseen.concepts }, names);
    return { measurements, seen, names };
  };
  const { clip, finished } = await train({
    recipe,
    folder,
    stack,
    concepts,
    tokenizer,
    signal,
    evaluate: async (model) => {
      const { imageToText, textToImage } = (await measureUnseen(model)).measurements;
      return {
        imageToTextR1: imageToText.recallAt[1]!,
        imageToTextR5: imageToText.recallAt[5]!,
        textToImageR1: textToImage.recallAt[1]!,
        textToImageR5: textToImage.recallAt[5]!,
      };
    },
  });
  if (!finished) {
    console.log(`Stopped; everything is kept in ${folder.path}. Go on with the same command.`);
    return;
  }
  await folder.saveModel({ clip, tokenizer, recipe });
  const { measurements: english, seen, names } = await measureUnseen(clip);
  const { measurements: chinese } = await measureUnseen(clip, 'zh');
  const seconds = (performance.now() - began) / 1000;
  await writeReport(folder, {
    recipe,
    clip,
    tokenizer,
    concepts,
    unseen,
    pictures: seen,
    names,
    designers: used,
    unseenDesigner: UNSEEN,
    english,
    chinese,
    trainingPictures: stack.concepts.length,
    rng: new Rng(recipe.seed),
  });
  console.log(`\n${summary(english, chinese)}

Model:  ${folder.model}
Report: ${folder.report}
Took ${Math.floor(seconds / 60)} min ${Math.round(seconds % 60)} s. Now try:
  npm start -- search "happy cat"
  npm start -- search 生日蛋糕
  npm start -- classify some.png --labels "dog,cat,car"`);
}

/** The figures as a table for the terminal. */
function summary(english: Measurements, chinese: Measurements): string {
  const percent = (x: number) => `${(100 * x).toFixed(1)} %`.padStart(8);
  const row = (title: string, { recallAt, medianRank }: Measurements['imageToText']) =>
    `${title.padEnd(24)}${percent(recallAt[1]!)}${percent(recallAt[5]!)}${percent(recallAt[10]!)}${String(medianRank).padStart(8)}`;
  const { names, pictures, chance, groups } = english;
  return [
    `${UNSEEN.name}, whose drawings it has never seen: ${pictures} pictures, ${names} names`,
    `${''.padEnd(24)}     R@1     R@5    R@10  median`,
    row('picture to name', english.imageToText),
    row('name to picture', english.textToImage),
    row('picture to Chinese name', chinese.imageToText),
    row('Chinese name to picture', chinese.textToImage),
    `${'chance'.padEnd(24)}${percent(chance)}${percent(5 * chance)}${percent(10 * chance)}${String(Math.round(names / 2)).padStart(8)}`,
    `${groups.count} groups, zero-shot: ${percent(groups.accuracy).trim()} right (the largest group: ${percent(groups.chance).trim()})`,
  ].join('\n');
}
