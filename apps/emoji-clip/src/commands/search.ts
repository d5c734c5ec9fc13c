import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DataError, useBackend } from '@crossmodal/core';
import { designerById } from '../data/designers';
import { loadEmoji } from '../data/load-emoji';
import { pictureFeatures, textFeatures } from '../features';
import { stackPictures } from '../pictures/picture-stack';
import { contactSheetHtml } from '../report/contact-sheet';
import { escapeHtml } from '../report/html';
import { pageHtml } from '../report/page';
import type { RunFolder } from '../run-folder';
import { nearest } from '../search-features';
import { renderBar } from '../terminal-bar';
import { showsColours, terminalPictures } from '../terminal-picture';
import { pictureUrl, thumbnail } from '../thumbnails';
import { CACHE, PICTURE_SIZE } from './train';

/** Finds a designer's drawings by words: a table, pictures where the terminal can show them, and a page. */
export async function searchCommand(
  folder: RunFolder,
  query: string,
  { count, designer: designerId }: { count: number; designer: string },
): Promise<void> {
  if (query.trim() === '')
    throw new DataError('search: expected words, such as: npm start -- search "happy cat"');
  const designer = designerById(designerId);
  const { clip, tokenizer, recipe } = await loadAfterBackend(folder);
  const bar = renderBar();
  const { concepts, pictures } = await loadEmoji(CACHE, [designer.id], bar.show);
  bar.end();
  const stack = stackPictures([pictures.get(designer.id)!], PICTURE_SIZE);
  const features = await pictureFeatures(clip, stack, recipe.imageSize);
  const [hits = []] = await nearest(await textFeatures(clip, tokenizer, [query]), features, count);

  console.log(`${query}: the nearest of ${stack.concepts.length} drawings by ${designer.name}\n`);
  if (showsColours(process.stdout)) {
    const fitting = Math.max(1, Math.floor((process.stdout.columns ?? 80) / (PICTURE_SIZE / 2 + 2)));
    console.log(`${terminalPictures(hits.slice(0, fitting).map(({ index }) => thumbnail(stack, index)))}\n`);
  }
  for (const [i, { index, score }] of hits.entries()) {
    const { emoji, label, labelZh } = concepts[stack.concepts[index]!]!;
    console.log(`${String(i + 1).padStart(3)}  ${score.toFixed(3)}  ${emoji}  ${label} / ${labelZh}`);
  }
  const answers = await Promise.all(
    hits.map(async ({ index }) => ({
      caption: concepts[stack.concepts[index]!]!.label,
      picture: await pictureUrl(stack, index),
      right: false,
    })),
  );
  const page = join(folder.path, 'search.html');
  const note = `<p class="muted">Drawings by ${escapeHtml(designer.name)} (${escapeHtml(designer.licence)}).</p>`;
  await writeFile(
    page,
    pageHtml(query, `<h1>${escapeHtml(query)}</h1>${note}${contactSheetHtml([{ caption: query, answers }])}`),
  );
  console.log(`\nAs a page: ${page}`);
}

/** The trained model; an engine comes first, since weights live in one. */
export async function loadAfterBackend(folder: RunFolder) {
  await useBackend();
  return folder.loadModel();
}
