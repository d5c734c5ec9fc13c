import type { Logger } from '@crossmodal/core';
import { Rng } from '@crossmodal/core';
import type { Reranker } from '@crossmodal/dalle';
import { conceptName, learnTokenizer, type PictureStack } from '@crossmodal/emoji-clip';
import type { VQVAE } from '@crossmodal/vqvae';
import * as tf from '@tensorflow/tfjs-core';
import { createArtist } from './artist';
import type { DrawingData } from './data';
import { drawPrompts, rankDrawings } from './draw';
import { measureDALLE } from './measure/measure-dalle';
import { measureVQVAE } from './measure/measure-vqvae';
import { promptSimilarity } from './measure/prompt-similarity';
import { pixelsOf, toImages } from './pixels';
import type { Recipe } from './recipe';
import type { Figures } from './report/figures';
import { writeReport } from './report/report';
import type { RunFolder } from './run-folder';
import { tokenize } from './tokens';
import { CHINESE_SHARE, trainDALLE } from './train-dalle';
import { trainVQVAE } from './train-vqvae';

/** Words of the data in combinations that it has not. */
export const FREE_PROMPTS: readonly string[] = [
  'red heart with fire',
  'blue heart with eyes',
  'crying cat with hat',
  'green face with tears',
  'purple apple',
  'flag with moon',
  'pirate dog',
  'yellow book',
];

const RECONSTRUCTIONS = 14;

export interface RunOptions {
  recipe: Recipe;
  folder: RunFolder;
  data: DrawingData;
  /** Ranks pictures. Absent: nothing does. */
  judge?: Reranker | undefined;
  /** Who drew what; as text. */
  attribution: string;
  /** What the reader of the report has to know. */
  notes?: readonly string[];
  signal: AbortSignal;
  loggers: readonly Logger[];
  say: (line: string) => void;
}

/** Both trainings, figures, pictures and the report. Goes on where it was stopped; undefined when it was again. */
export async function run(options: RunOptions): Promise<Figures | undefined> {
  try {
    return await runStages(options);
  } catch (error) {
    const { signal } = options;
    if (signal.aborted && error === signal.reason) return undefined;
    throw error;
  }
}

async function runStages(options: RunOptions): Promise<Figures | undefined> {
  const { recipe, folder, data, judge, signal, loggers, say } = options;
  const { concepts } = data;
  const { onTheWay, pictures } = recipe.measured;
  const common = { recipe, signal, loggers };

  say(`\n1. VQ-VAE: ${recipe.vqvae.steps} steps on ${data.training.concepts.length} drawings`);
  const { model: vqvae, finished } = await trainVQVAE(data.training, {
    ...common,
    stage: folder.stage('vqvae'),
    evaluate: async (model) => {
      const { psnr, usage, perplexity } = await measureVQVAE(model, data.unseen, recipe, onTheWay);
      return { psnr, usage, perplexity };
    },
  });
  if (!finished) return undefined;

  say('\n2. Drawings to tokens');
  let told = 0;
  const onProgress = (done: number, total: number) => {
    if (done < total && done < told + 4000) return;
    told = done;
    say(`${done} of ${total}`);
  };
  const tokens = await tokenize(vqvae, data.training, recipe.imageSize, { signal, onProgress });
  const heldOut = await tokenize(vqvae, data.heldOut, recipe.imageSize, { signal });

  say(`\n3. DALL-E: ${recipe.dalle.steps} steps`);
  const tokenizer = await learnTokenizer(concepts, recipe.dalle.vocabSize, CHINESE_SHARE);
  const trained = await trainDALLE(tokens, concepts, tokenizer, {
    ...common,
    stage: folder.stage('dalle'),
    evaluate: async (model) => {
      const figures = await measureDALLE(model, heldOut, concepts, tokenizer, recipe, onTheWay);
      const { imageLoss, otherNameLoss, unigramEntropy } = figures;
      return { imageLoss, otherNameLoss, unigramEntropy };
    },
  });
  if (!trained.finished) return undefined;
  const dalle = trained.model;
  await folder.save({ vqvae, dalle, tokenizer, recipe });

  const names = heldOutNames(data, recipe);
  say(`\n4. Drawing ${names.length} held-out names and ${FREE_PROMPTS.length} other prompts`);
  const artist = createArtist({ vqvae, dalle, tokenizer }, say);
  const prompts = [...names, ...FREE_PROMPTS];
  const images = await drawPrompts(artist, prompts, recipe, {
    signal,
    onProgress: (done) => say(`drawn ${done} of ${prompts.length}`),
  });
  const count = names.length * recipe.sampling.numImages;
  const ofNames = await rankDrawings(names, images.slice(0, count), judge);
  const ofFree = await rankDrawings(FREE_PROMPTS, images.slice(count), judge);

  const figures: Figures = {
    vqvae: await measureVQVAE(vqvae, data.unseen, recipe, pictures),
    dalle: await measureDALLE(dalle, heldOut, concepts, tokenizer, recipe, pictures),
    similarity: ofNames.scores && promptSimilarity(ofNames.scores, new Rng(recipe.seed)),
  };
  const codeCounts = new Array<number>(recipe.vqvae.codebookSize).fill(0);
  for (const token of tokens.tokens) codeCounts[token]!++;
  await writeReport(folder, {
    recipe,
    figures,
    heldOut: ofNames.drawn,
    free: ofFree.drawn,
    reconstructions: await reconstruct(vqvae, data.unseen, recipe),
    codeCounts,
    attribution: options.attribution,
    notes: options.notes ?? [],
  });
  vqvae.dispose();
  dalle.dispose();
  return figures;
}

/** Names that are drawn: of held-out concepts, the same ones for the same recipe. */
export function heldOutNames({ concepts, heldOut }: DrawingData, { measured, seed }: Recipe): string[] {
  const drawn = [...new Set(heldOut.concepts)].sort((a, b) => a - b);
  const order = new Rng(seed).split('names').permutation(drawn.length).subarray(0, measured.prompts);
  return Array.from(order, (i) => conceptName(concepts[drawn[i]!]!));
}

async function reconstruct(vqvae: VQVAE, stack: PictureStack, { imageSize, seed }: Recipe) {
  const chosen = new Rng(seed).split('reconstructions').permutation(stack.concepts.length);
  const pixels = pixelsOf(stack, chosen.subarray(0, RECONSTRUCTIONS), imageSize);
  const shown = tf.tidy(() => vqvae.decode(vqvae.encode(pixels)));
  const [originals, reconstructions] = await Promise.all([toImages(pixels), toImages(shown)]);
  tf.dispose([pixels, shown]);
  return originals.map((original, i) => ({ original, reconstruction: reconstructions[i]! }));
}
