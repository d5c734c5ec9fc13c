import { accuracy, type RetrievalMetrics, retrievalMetrics } from '@crossmodal/core';
import type { Concept } from './data/concepts';

/** Unit features, row after row. */
export interface Features {
  values: Float32Array;
  shape: readonly [rows: number, dim: number];
}

/** Figures of one direction of retrieval. */
export type RetrievalFigures = Pick<RetrievalMetrics, 'recallAt' | 'medianRank' | 'meanRank' | 'ranks'>;

export interface Measurements {
  pictures: number;
  names: number;
  /** Each picture asks for its name among all names. */
  imageToText: RetrievalFigures;
  /** Each name that has a picture asks for it among all pictures. */
  textToImage: RetrievalFigures;
  /** Names at random: what recall at 1 would be. */
  chance: number;
  /** Unicode's groups told apart by words alone. */
  groups: { accuracy: number; chance: number; count: number };
}

/**
 * Measures pictures against the names of all concepts.
 *
 * @param pictures Features of pictures, and the concept that each shows.
 * @param names Features of all concepts' names, in order.
 */
export async function measure(
  concepts: readonly Concept[],
  pictures: Features & { concepts: Int32Array },
  names: Features,
): Promise<Measurements> {
  const drawn = [...new Set(pictures.concepts)].sort((a, b) => a - b);
  const [imageToText, textToImage] = await Promise.all([
    retrievalMetrics(pictures, names, {
      queryIds: pictures.concepts,
      candidateIds: indices(concepts.length),
    }),
    retrievalMetrics(rowsOf(names, drawn), pictures, { queryIds: drawn, candidateIds: pictures.concepts }),
  ]);
  return {
    pictures: pictures.shape[0],
    names: names.shape[0],
    imageToText,
    textToImage,
    chance: 1 / names.shape[0],
    groups: await groupAccuracy(concepts, pictures, names),
  };
}

/**
 * Zero-shot accuracy on Unicode's groups. The classifier of a group is the mean of its names' features, renormalised,
 * as CLIP's prompt ensembles are; it has seen no picture.
 */
async function groupAccuracy(
  concepts: readonly Concept[],
  pictures: Features & { concepts: Int32Array },
  names: Features,
): Promise<Measurements['groups']> {
  const groups = [...new Set(concepts.map(({ group }) => group))];
  const dim = names.shape[1];
  const classifiers = new Float32Array(groups.length * dim);
  for (const [i, { group }] of concepts.entries()) {
    const start = groups.indexOf(group) * dim;
    for (let d = 0; d < dim; d++) classifiers[start + d]! += names.values[i * dim + d]!;
  }
  for (let g = 0; g < groups.length; g++) {
    const row = classifiers.subarray(g * dim, (g + 1) * dim);
    const length = Math.hypot(...row);
    for (let d = 0; d < dim; d++) row[d]! /= length;
  }
  const labels = Array.from(pictures.concepts, (concept) => groups.indexOf(concepts[concept]!.group));
  const predicted = labels.map((_, picture) => {
    let best = 0;
    let bestScore = Number.NEGATIVE_INFINITY;
    for (let g = 0; g < groups.length; g++) {
      let score = 0;
      for (let d = 0; d < dim; d++) score += pictures.values[picture * dim + d]! * classifiers[g * dim + d]!;
      if (score > bestScore) {
        best = g;
        bestScore = score;
      }
    }
    return best;
  });
  // Guessing the largest group always.
  const largest = Math.max(...groups.map((_, g) => labels.filter((label) => label === g).length));
  return { accuracy: accuracy(predicted, labels), chance: largest / labels.length, count: groups.length };
}

/** The rows of the given indices. */
export function rowsOf({ values, shape: [, dim] }: Features, rows: readonly number[]): Features {
  const out = new Float32Array(rows.length * dim);
  for (const [i, row] of rows.entries()) out.set(values.subarray(row * dim, (row + 1) * dim), i * dim);
  return { values: out, shape: [rows.length, dim] };
}

function indices(count: number): number[] {
  return Array.from({ length: count }, (_, i) => i);
}
