import { progressLogger, useBackend } from '@crossmodal/core';
import {
  attributionTable,
  beginRun,
  CACHE,
  designers,
  renderBar,
  textTable,
  UNSEEN,
} from '@crossmodal/emoji-clip';
import { loadDrawings } from '../data';
import { loadJudge, NO_JUDGE } from '../judge';
import { recipe as fullRecipe, playgroundRecipe, quickRecipe } from '../recipe';
import { figureRows } from '../report/figures';
import { run } from '../run';
import type { RunFolder } from '../run-folder';

export interface TrainCommandOptions {
  quick?: boolean;
  playground?: boolean;
  fresh?: boolean;
  /** A run of emoji-clip. */
  clip?: string;
}

/** All of it: drawings, both trainings, figures, pictures, report. Goes on where it was stopped. */
export async function trainCommand(
  folder: RunFolder,
  { quick, playground, fresh = false, clip }: TrainCommandOptions,
  signal: AbortSignal,
): Promise<void> {
  const began = performance.now();
  const recipe = quick ? quickRecipe : playground ? playgroundRecipe : fullRecipe;
  await beginRun(folder.path, recipe, fresh);
  const { name, reason } = await useBackend();
  console.log(`Engine: ${name} (${reason})`);
  const judge = await loadJudge(clip);
  if (!judge) console.log(NO_JUDGE);

  const used = designers.filter(({ id }) => recipe.designers.includes(id) || id === UNSEEN.id);
  const attribution = attributionTable(used);
  console.log(`\n${attribution}\n`);
  const bar = renderBar();
  const data = await loadDrawings(recipe, CACHE, bar.show);
  bar.end();
  const heldOut = new Set(data.heldOut.concepts).size;
  console.log(
    `${data.training.concepts.length} drawings by ${recipe.designers.length} designers to train on, ` +
      `${data.heldOut.concepts.length} of ${heldOut} concepts held out, ${data.unseen.concepts.length} by ${UNSEEN.name}, who is never trained on.`,
  );
  const figures = await run({
    recipe,
    folder,
    data,
    judge,
    attribution,
    notes: judge ? [] : [NO_JUDGE],
    signal,
    loggers: [progressLogger()],
    say: (line) => console.log(line),
  });
  if (!figures) {
    console.log(`Stopped; everything is kept in ${folder.path}. Go on with the same command.`);
    return;
  }
  const seconds = (performance.now() - began) / 1000;
  console.log(`\n${textTable(figureRows(figures))}

Models: ${folder.model}
Report: ${folder.report}
Took ${Math.floor(seconds / 60)} min ${Math.round(seconds % 60)} s. Now try:
  npm run emoji-dalle -- "red heart with fire"`);
}
