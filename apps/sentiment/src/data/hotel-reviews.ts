import { readFile } from 'node:fs/promises';
import { DataError } from '@crossmodal/core';
import { hashText } from '../text/hash-text';

/** A text with a label or a score. */
export interface LabelledText {
  text: string;
  label: number;
}

export interface TextSplit {
  training: LabelledText[];
  test: LabelledText[];
}

/** Where the reviews are, below the folder of data. */
export const REVIEWS = 'chinese-sentiment/ChnSentiCorp_htl_all.csv';

/** Chinese hotel reviews, 0 bad and 1 good, each text once, a fifth for the test, whichever the hash of its text says. */
export async function loadHotelReviews(path: string): Promise<TextSplit> {
  return splitReviews(parseReviews(await readFile(path, 'utf8'), path));
}

/** Of `label,review` lines; a review may be in quotes, with quotes in it doubled. */
export function parseReviews(csv: string, path: string): LabelledText[] {
  const rows = csv
    .replace(/^\uFEFF/, '')
    .split(/\r?\n(?=[01],|$)/)
    .slice(1);
  const reviews = rows.flatMap((row) => {
    if (row.trim() === '') return [];
    const label = Number(row[0]);
    const rest = row.slice(2).trim();
    const text = (rest.startsWith('"') ? rest.slice(1, -1).replaceAll('""', '"') : rest).trim();
    return row[1] === ',' && (label === 0 || label === 1) && text !== '' ? [{ text, label }] : [];
  });
  if (reviews.length === 0) throw new DataError(`${path}: expected lines of label,review, received none.`);
  return reviews;
}

/** Each text once (the first label counts), one in five for the test. */
export function splitReviews(reviews: readonly LabelledText[]): TextSplit {
  const once = new Map<string, LabelledText>();
  for (const review of reviews) {
    const key = review.text.replace(/\s+/g, '');
    if (!once.has(key)) once.set(key, review);
  }
  const test = (key: string) => hashText(key) % 5 === 0;
  const entries = [...once];
  return {
    training: entries.filter(([key]) => !test(key)).map(([, review]) => review),
    test: entries.filter(([key]) => test(key)).map(([, review]) => review),
  };
}
