import {
  type Chart,
  chartsHtml,
  escapeHtml,
  figureByStep,
  type PictureStack,
  pageHtml,
  readLog,
  table,
  thinned,
  writeWhole,
} from '@crossmodal/emoji-clip';
import sharp from 'sharp';
import type { PictureSentenceData } from '../data/picture-sentences';
import { LABELS } from '../labels';
import type { Recipe } from '../recipe';
import type { RunFolder } from '../run-folder';
import { REVIEW_LABELS } from '../tasks/hotel-reviews';
import type { Example } from '../tasks/picture-sentences';
import { confusionHtml } from './confusion-html';
import { type Figures, modelName, percent, testRows, textRows } from './figures';

export interface ReportInput {
  recipe: Recipe;
  figures: Figures;
  surprising: readonly Example[];
  data: Pick<PictureSentenceData, 'concepts' | 'unseen'>;
  /** Who drew what; as text. */
  attribution: string;
}

/** Writes the page of a run; nothing in it is fetched from elsewhere. */
export async function writeReport(folder: RunFolder, input: ReportInput): Promise<void> {
  const { figures, recipe, attribution } = input;
  const body = [
    '<h1>What does a sentence with a picture feel like?</h1>',
    `<p class="muted">${escapeHtml(WHAT)}</p>`,
    STYLE,
    ...figures.tests.map(
      (test) =>
        `<h2>${escapeHtml(test.title)}</h2><p>${test.count} sentences with ${test.emoji} emoji; intervals are drawn over emoji.</p>` +
        htmlTable(testRows(test)) +
        `<div class="charts">${test.models.map(({ model, confusion }) => confusionHtml(modelName(model), LABELS, confusion)).join('')}</div>`,
    ),
    `<h2>What each says</h2><p>Of what the kept model says, on average ${percent(figures.contribution.text)} rests on the text and
${percent(figures.contribution.image)} on the picture: how far the score falls without it.</p>`,
    `<h2>Where it was surest and wrong</h2><div class="examples">${(await examplesHtml(input)).join('')}</div>`,
    ...(figures.reviews || figures.editorials ? [`<h2>Texts alone</h2>${htmlTable(textRows(figures))}`] : []),
    ...(figures.reviews
      ? [
          `<div class="charts">${confusionHtml('Chinese hotel reviews', REVIEW_LABELS, figures.reviews.confusion)}</div>`,
        ]
      : []),
    '<h2>Training</h2>',
    chartsHtml(await lossCharts(folder, figures, recipe)),
    `<h2>Whose drawings</h2><pre>${escapeHtml(attribution)}</pre>`,
    `<h2>Recipe</h2><pre>${escapeHtml(JSON.stringify(recipe, null, 2))}</pre>`,
  ];
  await writeWhole(folder.report, pageHtml('crossmodal: sentiment', body.join('\n')));
}

const WHAT =
  'No person judged these pairs. Each is put together of two human ratings: of an emoji, how 83 people labelled tweets with it ' +
  '(Novak et al. 2015), and of the words of a sentence made from a template, AFINN-165 (Nielsen 2011), times -0.74 after a ' +
  'negation (Hutto and Gilbert 2014). The two scores are brought to the same spread and added; the classes are the thirds of ' +
  'what training draws, so that neither text nor picture alone can tell them.';

const STYLE = `<style>
.examples { display: grid; grid-template-columns: repeat(auto-fill, minmax(260px, 1fr)); gap: 1rem; }
.examples > div { border: 1px solid #ddd; border-radius: 8px; padding: 0.7rem; display: flex; gap: 0.7rem; }
.examples img { width: 64px; height: 64px; }
.confusion td { min-width: 4.5rem; text-align: center !important; }
</style>`;

function htmlTable([header, ...rows]: string[][]): string {
  return table(
    header!.map(escapeHtml),
    rows.map((row) => row.map(escapeHtml)),
  );
}

function examplesHtml({ surprising, data }: ReportInput): Promise<string[]> {
  return Promise.all(
    surprising.map(async ({ sentence, probabilities, shares }) => {
      const { text, label, textScore, pictureScore, concept, picture } = sentence;
      const said = probabilities.indexOf(Math.max(...probabilities));
      const name = data.concepts[concept]!.label;
      const lines = [
        `<b>${escapeHtml(text)}</b>`,
        `said ${LABELS[said]} (${percent(probabilities[said]!)}), rated ${LABELS[label]}`,
        `ratings: text ${textScore.toFixed(2)}, ${escapeHtml(name)} ${pictureScore.toFixed(2)}`,
        `for what it said: text ${percent(shares[0]!)}, picture ${percent(shares[1]!)}`,
      ];
      const [first, ...rest] = lines;
      return `<div><img alt="${escapeHtml(name)}" src="${await pictureUrl(data.unseen, picture)}"><div>${first}<br><span class="muted">${rest.join('<br>')}</span></div></div>`;
    }),
  );
}

/** A picture of a stack as the `data:` URL of a PNG. */
async function pictureUrl({ pixels, size }: PictureStack, index: number): Promise<string> {
  const picture = pixels.subarray(index * size * size * 4, (index + 1) * size * size * 4);
  const png = await sharp(picture, { raw: { width: size, height: size, channels: 4 } })
    .png()
    .toBuffer();
  return `data:image/png;base64,${png.toString('base64')}`;
}

const COLOURS = ['#2a6fdb', '#d97706', '#15803d', '#b91c1c', '#7c3aed'];

async function lossCharts(folder: RunFolder, figures: Figures, recipe: Recipe): Promise<Chart[]> {
  const chart = async (title: string, stages: readonly string[]): Promise<Chart> => ({
    title,
    curves: await Promise.all(
      stages.map(async (stage, i) => ({
        label: modelName(stage),
        colour: COLOURS[i % COLOURS.length]!,
        points: thinned(figureByStep((await readLog(folder.stage(stage).log)).steps, 'loss')),
      })),
    ),
  });
  const editorials = Array.from({ length: recipe.editorials.towers }, (_, i) => `editorials-${i + 1}`);
  return [
    await chart('loss of the towers', ['text-tower', 'image-tower']),
    await chart('loss, sentences with pictures', ['text', 'image', ...recipe.pictures.fusions]),
    ...(figures.reviews ? [await chart('loss, Chinese hotel reviews', ['reviews'])] : []),
    ...(figures.editorials ? [await chart('loss, rated sentences', editorials)] : []),
  ];
}
