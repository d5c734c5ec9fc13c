import { progressLogger, useBackend } from '@crossmodal/core';
import { attributionTable, beginRun, CACHE, designers, renderBar, UNSEEN } from '@crossmodal/emoji-clip';
import { recipe as fullRecipe, playgroundRecipe, quickRecipe } from '../recipe';
import { run } from '../run';
import type { RunFolder } from '../run-folder';

export interface TrainCommandOptions {
  quick?: boolean;
  playground?: boolean;
  fresh?: boolean;
  /** The folder of data that are not shipped. */
  data: string;
}

/**
 * All of it: trainings, figures, report. Goes on where it was stopped.
 *
 * @returns Whether it came to its end.
 */
export async function trainCommand(
  folder: RunFolder,
  { quick, playground, fresh = false, data }: TrainCommandOptions,
  signal: AbortSignal,
): Promise<boolean> {
  const began = performance.now();
  const recipe = quick ? quickRecipe : playground ? playgroundRecipe : fullRecipe;
  await beginRun(folder.path, recipe, fresh);
  const { name, reason } = await useBackend();
  console.log(`Engine: ${name} (${reason})`);
  const used = designers.filter(({ id }) => recipe.pictures.designers.includes(id) || id === UNSEEN.id);
  const attribution = attributionTable(used);
  console.log(`\n${attribution}`);
  const bar = renderBar();
  const figures = await run({
    ...{ recipe, folder, attribution, signal },
    data: playground ? undefined : data,
    cache: CACHE,
    seed: recipe.seed,
    loggers: [progressLogger()],
    say: (line) => {
      bar.end();
      console.log(line);
    },
    onRender: bar.show,
  });
  if (!figures) {
    console.log(`Stopped; everything is kept in ${folder.path}. Go on with the same command.`);
    return false;
  }
  const seconds = (performance.now() - began) / 1000;
  console.log(`
Model:  ${folder.model}
Report: ${folder.report}
Took ${Math.floor(seconds / 60)} min ${Math.round(seconds % 60)} s. Now try:
  npm run sentiment -- predict "what a lovely day" --image 😡
  npm run sentiment -- predict "this is not good" --image some.png`);
  return true;
}
