import { writeFile } from 'node:fs/promises';
import type { Rng } from '@crossmodal/core';
import type { Tokenizer } from '@crossmodal/processing';
import { attributionTable } from '../data/attribution';
import type { Concept } from '../data/concepts';
import type { Designer } from '../data/designers';
import { textFeatures } from '../features';
import { type Features, type Measurements, rowsOf } from '../measure';
import type { EmojiCLIP } from '../model';
import type { PictureStack } from '../pictures/picture-stack';
import type { Recipe } from '../recipe';
import type { RunFolder } from '../run-folder';
import { nearest } from '../search-features';
import { pictureUrl } from '../thumbnails';
import { contactSheetHtml, type SheetRow } from './contact-sheet';
import { chartsHtml } from './curves';
import { escapeHtml, table } from './html';
import { pageHtml } from './page';
import { readCurves } from './read-curves';

export interface ReportData {
  recipe: Recipe;
  clip: EmojiCLIP;
  tokenizer: Tokenizer;
  concepts: readonly Concept[];
  /** The unseen designer's pictures. */
  unseen: PictureStack;
  /** Of those pictures, and of all concepts' names. */
  pictures: Features;
  names: Features;
  designers: readonly Designer[];
  unseenDesigner: Designer;
  english: Measurements;
  chinese: Measurements;
  trainingPictures: number;
  /** Chooses the examples. */
  rng: Rng;
}

const EXAMPLES = 12;
const FREE_QUERIES = [
  'happy cat',
  'birthday cake',
  'fast vehicle',
  'sad face',
  'music',
  '生日蛋糕',
  '下雨',
  '水果',
];

/** Writes a run's report: figures, curves, and pictures of what it finds, right and wrong. */
export async function writeReport(folder: RunFolder, data: ReportData): Promise<void> {
  const { recipe, clip, unseenDesigner, english, chinese } = data;
  const { total } = clip.parameterCount();
  const { charts, seconds } = await readCurves(folder.log);
  const body = `<h1>A CLIP of emoji</h1>
<p>Trained from nothing in ${Math.floor(seconds / 60)} min ${Math.round(seconds % 60)} s on ${data.trainingPictures.toLocaleString('en')}
drawings by ${recipe.designers.length} designers (${total.toLocaleString('en')} parameters, ${recipe.steps.toLocaleString('en')} steps of
${recipe.batchSize} pictures of ${recipe.imageSize} x ${recipe.imageSize} pixels), and measured on the ${english.pictures.toLocaleString('en')}
drawings of ${escapeHtml(unseenDesigner.name)}, of which it has never seen one, against the ${english.names.toLocaleString('en')} names of all emoji.</p>
${figuresTable(english, chinese)}
<p>Zero-shot, Unicode's ${english.groups.count} groups are told apart in ${percent(english.groups.accuracy)} of the pictures (always
guessing the largest: ${percent(english.groups.chance)}).</p>
<h2>Training</h2>
${chartsHtml(charts)}
<h2>Asked in words</h2>
<p class="muted">Free queries; the five nearest drawings of ${escapeHtml(unseenDesigner.name)}.</p>
${contactSheetHtml(await freeRows(data))}
<h2>Names to pictures</h2>
<p class="muted">Names drawn at random, and their five nearest drawings. Green: the right one. Red: another.</p>
${contactSheetHtml(await nameRows(data))}
<h2>Pictures to names</h2>
<p class="muted">Drawings at random, half of them among those that went wrong, and their five nearest names.</p>
${contactSheetHtml(await pictureRows(data))}
<h2>Drawings</h2>
<pre>${escapeHtml(attributionTable(data.designers))}</pre>
<h2>Recipe</h2>
<pre>${escapeHtml(JSON.stringify(recipe, null, 2))}</pre>`;
  await writeFile(folder.report, pageHtml('A CLIP of emoji', body));
}

function figuresTable(english: Measurements, chinese: Measurements): string {
  const row = (title: string, { recallAt, medianRank }: Measurements['imageToText']) => [
    title,
    percent(recallAt[1]!),
    percent(recallAt[5]!),
    percent(recallAt[10]!),
    String(medianRank),
  ];
  const { chance, names } = english;
  return table(
    ['', 'R@1', 'R@5', 'R@10', 'median rank'],
    [
      row('picture to name', english.imageToText),
      row('name to picture', english.textToImage),
      row('picture to Chinese name', chinese.imageToText),
      row('Chinese name to picture', chinese.textToImage),
      ['chance', percent(chance), percent(5 * chance), percent(10 * chance), String(Math.round(names / 2))],
    ],
  );
}

async function freeRows({ clip, tokenizer, concepts, unseen, pictures }: ReportData): Promise<SheetRow[]> {
  const queries = await textFeatures(clip, tokenizer, FREE_QUERIES);
  const hits = await nearest(queries, pictures, 5);
  return Promise.all(
    FREE_QUERIES.map(async (caption, i) => ({
      caption,
      answers: await Promise.all(
        hits[i]!.map(async ({ index }) => ({
          caption: concepts[unseen.concepts[index]!]!.label,
          picture: await pictureUrl(unseen, index),
          right: false,
        })),
      ),
    })),
  );
}

async function nameRows({ concepts, unseen, rng, english, pictures, names }: ReportData) {
  const drawn = [...new Set(unseen.concepts)].sort((a, b) => a - b);
  const chosen = [...rng.split('names').permutation(drawn.length).subarray(0, EXAMPLES)];
  const queries = rowsOf(
    names,
    chosen.map((place) => drawn[place]!),
  );
  const hits = await nearest(queries, pictures, 5);
  return Promise.all(
    chosen.map(async (place, i): Promise<SheetRow> => {
      const concept = drawn[place]!;
      return {
        caption: concepts[concept]!.label,
        rank: english.textToImage.ranks[place]!,
        answers: await Promise.all(
          hits[i]!.map(async ({ index }) => ({
            caption: concepts[unseen.concepts[index]!]!.label,
            picture: await pictureUrl(unseen, index),
            right: unseen.concepts[index] === concept,
          })),
        ),
      };
    }),
  );
}

async function pictureRows({ concepts, unseen, rng, english, pictures, names }: ReportData) {
  const order = [...rng.split('pictures').permutation(unseen.concepts.length)];
  const { ranks } = english.imageToText;
  const wrong = order.filter((picture) => ranks[picture]! > 1).slice(0, EXAMPLES / 2);
  const chosen = [
    ...order.filter((picture) => !wrong.includes(picture)).slice(0, EXAMPLES - wrong.length),
    ...wrong,
  ];
  const hits = await nearest(rowsOf(pictures, chosen), names, 5);
  return Promise.all(
    chosen.map(
      async (picture, i): Promise<SheetRow> => ({
        caption: concepts[unseen.concepts[picture]!]!.label,
        picture: await pictureUrl(unseen, picture),
        rank: ranks[picture]!,
        answers: hits[i]!.map(({ index }) => ({
          caption: concepts[index]!.label,
          right: index === unseen.concepts[picture],
        })),
      }),
    ),
  );
}

function percent(fraction: number): string {
  return `${(100 * fraction).toFixed(1)} %`;
}
