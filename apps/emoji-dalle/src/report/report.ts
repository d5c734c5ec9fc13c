import { writeFile } from 'node:fs/promises';
import {
  type Chart,
  chartsHtml,
  escapeHtml,
  figureByStep,
  pageHtml,
  readLog,
  table,
  thinned,
} from '@crossmodal/emoji-clip';
import type { RawImage } from '@crossmodal/processing';
import type { Drawn } from '../draw';
import type { Recipe } from '../recipe';
import type { RunFolder } from '../run-folder';
import { barsSvg } from './bars';
import { type Figures, figureRows } from './figures';
import { pngUrl } from './png';

export interface ReportData {
  recipe: Recipe;
  figures: Figures;
  /** Pictures of held-out names, and of prompts of our own. */
  heldOut: readonly Drawn[];
  free: readonly Drawn[];
  /** Drawings of the unseen designer, and what the VQ-VAE makes of them. */
  reconstructions: readonly { original: RawImage; reconstruction: RawImage }[];
  /** How often each code comes in the drawings that were trained on. */
  codeCounts: readonly number[];
  /** Who drew what; as text. */
  attribution: string;
  /** What the reader has to know, such as that there was no CLIP. */
  notes: readonly string[];
}

const STYLE = `<style>
.drawn { display: flex; flex-wrap: wrap; gap: 8px; margin: 6px 0; align-items: center; }
.drawn b { width: 200px; }
.drawn figure { flex: none; width: 72px; text-align: center; font-size: 11px; }
.drawn img { width: 64px; height: 64px; display: block; margin: auto; border: 1px solid #ddd; }
</style>`;

/** Writes a run's report: figures, curves, what was drawn and how the VQ-VAE shows pictures. */
export async function writeReport(folder: RunFolder, data: ReportData): Promise<void> {
  const { recipe, figures, notes } = data;
  const vqvae = await readLog(folder.stage('vqvae').log);
  const dalle = await readLog(folder.stage('dalle').log);
  const curve = (label: string, colour: string, log: typeof vqvae, name: string) => ({
    label,
    colour,
    points: thinned(figureByStep(log.steps, name)),
  });
  const measured = (label: string, colour: string, log: typeof vqvae, name: string) => ({
    label,
    colour,
    points: figureByStep(log.evaluations, name),
  });
  const charts: Chart[] = [
    { title: 'VQ-VAE: loss', curves: [curve('reconstruction', '#444', vqvae, 'reconstructionLoss')] },
    {
      title: 'VQ-VAE: PSNR on the unseen designer',
      unit: ' dB',
      curves: [measured('PSNR', '#c2410c', vqvae, 'psnr')],
    },
    {
      title: 'DALL-E: loss of an image token',
      curves: [
        curve('training', '#444', dalle, 'imageLoss'),
        measured('held-out concepts', '#1f6feb', dalle, 'imageLoss'),
      ],
    },
    { title: 'DALL-E: loss of a text token', curves: [curve('training', '#444', dalle, 'textLoss')] },
  ];
  const minutes = (seconds: number) => `${(seconds / 60).toFixed(1)} min`;
  const body = `${STYLE}<h1>A DALL-E of emoji</h1>
<p>A VQ-VAE (${recipe.vqvae.steps.toLocaleString('en')} steps of ${recipe.vqvae.batchSize}, ${minutes(vqvae.seconds)}) makes ${(recipe.imageSize / recipe.vqvae.patchSize) ** 2} tokens of a drawing,
and a transformer (${recipe.dalle.steps.toLocaleString('en')} steps of ${recipe.dalle.batchSize}, ${minutes(dalle.seconds)}) learned to write them after its name.</p>
${notes.map((note) => `<p class="muted">${escapeHtml(note)}</p>`).join('\n')}
${table(
  ['', 'measured', 'on'],
  figureRows(figures).map((row) => row.map(escapeHtml)),
)}
<h2>Prompts of our own</h2>
${await drawnHtml(data.free)}
<h2>Names that were held out</h2>
<p class="muted">No drawing of these was trained on, whoever drew it.</p>
${await drawnHtml(data.heldOut)}
<h2>Reconstructions</h2>
<p class="muted">Drawings of the unseen designer, and below what the tokens keep of them.</p>
${await pairsHtml(data.reconstructions)}
<h2>Codes</h2>
<p class="muted">How often each of ${data.codeCounts.length} codes comes in the drawings that were trained on, the most frequent first (square roots).</p>
${barsSvg(data.codeCounts)}
<h2>Training</h2>
${chartsHtml(charts)}
<h2>Drawings</h2>
<pre>${escapeHtml(data.attribution)}</pre>
<h2>Recipe</h2>
<pre>${escapeHtml(JSON.stringify(recipe, null, 2))}</pre>`;
  await writeFile(folder.report, pageHtml('A DALL-E of emoji', body));
}

async function drawnHtml(rows: readonly Drawn[]): Promise<string> {
  const html = rows.map(async ({ prompt, candidates }) => {
    const cards = candidates.map(async ({ picture, score }) => {
      const caption = score === undefined ? '' : score.toFixed(3);
      return `<figure><img alt="" src="${await pngUrl(picture)}">${caption}</figure>`;
    });
    return `<div class="drawn"><b>${escapeHtml(prompt)}</b>${(await Promise.all(cards)).join('')}</div>`;
  });
  return (await Promise.all(html)).join('\n');
}

async function pairsHtml(pairs: ReportData['reconstructions']): Promise<string> {
  const cards = pairs.map(
    async ({ original, reconstruction }) =>
      `<figure><img alt="" src="${await pngUrl(original)}"><img alt="" src="${await pngUrl(reconstruction)}"></figure>`,
  );
  return `<div class="drawn">${(await Promise.all(cards)).join('')}</div>`;
}
