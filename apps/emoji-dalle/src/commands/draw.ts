import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DataError, useBackend } from '@crossmodal/core';
import type { GeneratedImage } from '@crossmodal/dalle';
import { showsColours, terminalPictures } from '@crossmodal/emoji-clip';
import { createArtist } from '../artist';
import { rankDrawings } from '../draw';
import { loadJudge, NO_JUDGE } from '../judge';
import { toPng } from '../report/png';
import type { RunFolder } from '../run-folder';

export interface DrawCommandOptions {
  count: number;
  seed: number;
  /** A run of emoji-clip. */
  clip?: string;
}

/** Size of a pixel in the PNGs. */
const SCALE = 4;

/** Draws a prompt: shows the pictures as they grow where the terminal can, and saves them, the best first. */
export async function drawCommand(
  folder: RunFolder,
  prompt: string,
  { count, seed, clip }: DrawCommandOptions,
): Promise<void> {
  if (prompt.trim() === '')
    throw new DataError('draw: expected words, such as: npm run emoji-dalle -- "red heart with fire"');
  await useBackend(); // first, since weights live in an engine
  const models = await folder.load();
  const reranker = await loadJudge(clip);
  const artist = createArtist(models, (message) => console.warn(message));
  const show = growingPictures(process.stdout);
  let images: GeneratedImage[] = [];
  const { sampling } = models.recipe;
  for await (const rows of artist.generateRows(prompt, { ...sampling, numImages: count, seed })) {
    images = rows;
    show(rows);
  }
  const { drawn } = await rankDrawings([prompt], images, reranker);
  await mkdir(folder.pictures, { recursive: true });
  if (!reranker) console.log(NO_JUDGE);
  for (const [i, { picture, score }] of drawn[0]!.candidates.entries()) {
    const path = join(folder.pictures, `${fileName(prompt)}-${i + 1}.png`);
    await writeFile(path, await toPng(picture, SCALE));
    console.log(`${score === undefined ? '' : `${score.toFixed(3)}  `}${path}`);
  }
}

/** Redraws pictures in place as rows are added, as many as fit side by side; nothing where colours cannot be shown. */
export function growingPictures(stream: NodeJS.WriteStream): (images: readonly GeneratedImage[]) => void {
  if (!showsColours(stream)) return () => {};
  let lines = 0;
  return (images) => {
    const { width } = images[0]!.picture!;
    const fitting = Math.max(1, Math.floor(((stream.columns ?? 80) + 2) / (width + 2)));
    const text = terminalPictures(images.slice(0, fitting).map(({ picture }) => picture!));
    stream.write(`${lines > 0 ? `\x1b[${lines}A` : ''}${text}\n`);
    lines = text.split('\n').length;
  };
}

/** A prompt as a file's name; one without letters is `picture`. */
export function fileName(prompt: string): string {
  const words = prompt.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? ['picture'];
  return words.join('-').slice(0, 60);
}
