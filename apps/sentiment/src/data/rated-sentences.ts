import { readFile } from 'node:fs/promises';
import { DataError } from '@crossmodal/core';
import type { LabelledText } from './hotel-reviews';

/** Where the sentences are, below the folder of data: Hutto and Gilbert 2014 (MIT). */
export const RATED = {
  movies: 'vader/movieReviewSnippets_GroundTruth.txt',
  amazon: 'vader/amazonReviewSnippets_GroundTruth.txt',
  editorials: 'vader/nytEditorialSnippets_GroundTruth.txt',
} as const;

/** Sentences with the mean of 20 people's ratings, -4 to 4. */
export async function loadRatedSentences(path: string): Promise<LabelledText[]> {
  return parseRatedSentences(await readFile(path, 'utf8'), path);
}

/** Of lines `id <tab> rating <tab> text`. */
export function parseRatedSentences(lines: string, path: string): LabelledText[] {
  const sentences = lines.split(/\r?\n/).flatMap((line) => {
    const [, rating, ...text] = line.split('\t');
    const label = Number(rating);
    return rating && Number.isFinite(label) && text.join(' ').trim()
      ? [{ text: text.join(' ').trim(), label }]
      : [];
  });
  if (sentences.length === 0)
    throw new DataError(`${path}: expected lines of id, rating and text, received none.`);
  return sentences;
}
