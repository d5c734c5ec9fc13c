import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import '@crossmodal/backend-onnx';
import { bytesSource, MemoryCheckpointStore, openSafetensors, Rng, useBackend } from '@crossmodal/core';
import { CACHE, iconSvg, loadEmoji, PICTURE_SIZE, readIconSet, renderDrawing } from '@crossmodal/emoji-clip';
import { type Recipe, stackPictures } from '@crossmodal/emoji-clip/browser';
import sharp from 'sharp';
import { describeModel } from '../src/train/describe-model';
import { cutCells } from '../src/train/emoji-stack';
import type { Evaluation } from '../src/train/run-log';
import type { ModelDescription } from '../src/train/run-model';
import {
  defaultSettings,
  type RunArchitecture,
  type RunSettings,
  type RunStart,
  type RunWords,
} from '../src/train/run-settings';
import { TrainingRun } from '../src/train/training-run';
import { emojiTrainingSet, ownTrainingSet, type TrainingSet } from '../src/train/training-set';
import { MODELS } from './model-folder';
import type { EmojiSheets } from './ship-emoji';

/**
 * What the Train tab's settings lead to, on ONNX Runtime in Node: how often what is held out is found before and after, by chance,
 * and the seconds a step takes.
 *
 *     node --conditions=crossmodal-source --import tsx apps/playground/tools/measure-training.ts \
 *       emoji|known|new transformer|convolution|shipped [setting=value ...] [seeds=1,2,3] [pairs=200]
 *
 * `emoji`: the drawings that come with the page. `known`: pairs of OpenMoji, whose drawings the shipped model has never seen,
 * of what it knows in other drawings. `new`: pairs of OpenMoji of what is no emoji at all, named by its icons.
 */
async function main([source, kind, ...more]: string[]): Promise<void> {
  const given = new Map(more.map((part) => part.split('=') as [string, string]));
  const seeds = (given.get('seeds') ?? '1,2,3').split(',').map(Number);
  const count = Number(given.get('pairs') ?? 200);
  const start: RunStart = kind === 'shipped' ? 'shipped' : 'scratch';
  const architecture: RunArchitecture = kind === 'transformer' ? 'transformer' : 'convolution';
  const defaults = defaultSettings(source === 'emoji' ? 'emoji' : 'own', start, architecture);
  const set = await SETS[source as keyof typeof SETS](count, (given.get('words') ?? 'both') as RunWords);
  await useBackend();
  const finals: Evaluation[][] = [];
  for (const seed of seeds) {
    const settings: RunSettings = { ...defaults, seed };
    for (const [name, value] of given)
      if (name in settings)
        Object.assign(settings, { [name]: Number.isNaN(Number(value)) ? value : Number(value) });
    finals.push(await measure(settings, set));
  }
  const mean = (pick: (evaluations: Evaluation[]) => number) =>
    `${((finals.reduce((sum, one) => sum + pick(one), 0) / finals.length) * 100).toFixed(1)} %`;
  console.log(
    `MEAN ${source} ${kind} ${more.join(' ')}: recall@1 ${mean((one) => one[0]!.recallAt1)} -> ${mean((one) => one.at(-1)!.recallAt1)},`,
    `recall@5 ${mean((one) => one[0]!.recallAt5)} -> ${mean((one) => one.at(-1)!.recallAt5)}`,
  );
}

async function measure(settings: RunSettings, set: TrainingSet): Promise<Evaluation[]> {
  const { description, weights } =
    settings.start === 'shipped'
      ? await shipped()
      : { description: await describeModel(settings, set), weights: undefined };
  const evaluations: Evaluation[] = [];
  const seconds: number[] = [];
  const losses: number[] = [];
  const run = new TrainingRun({
    settings,
    description,
    set,
    ...(weights && { weights }),
    checkpoints: new MemoryCheckpointStore(),
    onEvent: (event) => {
      if (event.type !== 'step') return;
      seconds.push(event.result.seconds);
      losses.push(event.result.loss);
    },
    onEvaluation: (evaluation) => evaluations.push(evaluation),
  });
  await run.fit(new AbortController().signal);
  const { training, heldOut, candidates } = run.split;
  run.dispose();
  const percent = (share: number) => (share * 100).toFixed(0);
  const curve = evaluations.map(({ recallAt1, recallAt5 }) => `${percent(recallAt1)}/${percent(recallAt5)}`);
  console.log(
    `seed ${settings.seed}: ${training.length} to learn from, ${heldOut.length} among ${candidates.length} (chance ${percent(1 / candidates.length)}/${percent(Math.min(1, 5 / candidates.length))});`,
    `loss ${losses[0]?.toFixed(2)} -> ${losses
      .slice(-20)
      .reduce((a, b) => a + b / Math.min(20, losses.length), 0)
      .toFixed(2)};`,
    `${(seconds.reduce((a, b) => a + b, 0) / seconds.length).toFixed(3)} s a step; recall@1/@5 ${curve.join(' ')}`,
  );
  return evaluations;
}

const SETS = {
  emoji: async (_: number, words: RunWords) => {
    const { cell, columns, sheets, concepts } = await json<EmojiSheets>('emoji/emoji.json');
    const sets = await Promise.all(
      sheets.map(async ({ file, cells }) => {
        const { data, info } = await sharp(join(MODELS, 'emoji', file))
          .ensureAlpha()
          .raw()
          .toBuffer({ resolveWithObject: true });
        return {
          pixels: cutCells({ data, width: info.width }, cell, columns, cells.length),
          concepts: Int32Array.from(cells),
        };
      }),
    );
    return emojiTrainingSet(stackPictures(sets, PICTURE_SIZE), concepts, words);
  },
  known: async (count: number) => {
    const { concepts, pictures } = await loadEmoji(CACHE, ['openmoji']);
    const { pixels, concepts: shown } = pictures.get('openmoji')!;
    const drawn = new Map(Array.from(shown, (concept, i) => [concepts[concept]!.label, i]));
    const chosen = draw([...drawn], count);
    return pairs(chosen.map(([caption, i]) => [caption, pixels.subarray(i * BYTES, (i + 1) * BYTES)]));
  },
  new: async (count: number) => {
    const set = readIconSet('@iconify-json/openmoji');
    const { concepts } = await loadEmoji(CACHE, ['openmoji']);
    const words = (text: string) =>
      text
        .toLowerCase()
        .replace(/[^a-z0-9]+/g, ' ')
        .trim();
    const known = new Set(concepts.map(({ label }) => words(label)));
    const icons = Object.keys(set.icons).filter(
      (icon) => !known.has(words(icon)) && !/skin-tone|^flag-|-flag$|^regional/.test(icon),
    );
    const chosen = draw(icons, count);
    return pairs(
      await Promise.all(
        chosen.map(
          async (icon) =>
            [
              words(icon),
              await renderDrawing({ icon, hexcode: '', source: { svg: iconSvg(set, icon) } }, true),
            ] as const,
        ),
      ),
    );
  },
} as const;

const BYTES = PICTURE_SIZE * PICTURE_SIZE * 4;
const draw = <T>(from: readonly T[], count: number): T[] =>
  Array.from(new Rng(7).permutation(from.length).subarray(0, count), (i) => from[i]!);

function pairs(chosen: readonly (readonly [caption: string, pixels: Uint8Array])[]): TrainingSet {
  const pixels = new Uint8Array(chosen.length * BYTES);
  chosen.forEach(([, picture], i) => {
    pixels.set(picture, i * BYTES);
  });
  return ownTrainingSet({ pixels, captions: chosen.map(([caption]) => caption) });
}

async function shipped() {
  const [recipe, tokenizer] = [
    await json<Recipe>('clip/config.json'),
    await json<Record<string, unknown>>('clip/tokenizer.json'),
  ];
  const description: ModelDescription = { config: { ...recipe }, tokenizer };
  const weights = await openSafetensors(
    bytesSource(new Uint8Array(await readFile(join(MODELS, 'clip/model.safetensors')))),
  );
  return { description, weights };
}

const json = async <T>(name: string) => JSON.parse(await readFile(join(MODELS, name), 'utf8')) as T;

await main(process.argv.slice(2));
