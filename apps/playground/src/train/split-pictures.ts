import type { Rng } from '@crossmodal/core';

/** What is trained on and what is held out. */
export interface PictureSplit {
  /** Places of pictures, ascending. */
  training: number[];
  heldOut: number[];
  /** Concepts among whose names a held-out picture looks for its own, ascending. */
  candidates: number[];
  /** `concepts`: what the held-out pictures show was never seen; `pictures`: it was, in others. */
  by: 'concepts' | 'pictures';
}

/** Share that is held out. */
const SHARE = 0.1;
/** More are not measured, to keep measuring short. */
const MOST_HELD_OUT = 100;
const FEWEST_HELD_OUT = 4;
/** From this many pictures of a concept on the average, pictures are held out instead of concepts. */
const PICTURES_PER_CONCEPT = 3;

/**
 * Holds out a tenth, at random: of the concepts, with all their pictures (one of each is measured); or, where there are
 * many pictures of few concepts, of the pictures.
 *
 * @param concepts The concept that each picture shows.
 * @param byConcepts Whether concepts are held out. Default: unless there are many pictures of each.
 */
export function splitPictures(concepts: ArrayLike<number>, rng: Rng, byConcepts?: boolean): PictureSplit {
  const known = [...new Set(Array.from(concepts))].sort((a, b) => a - b);
  const all = Array.from({ length: concepts.length }, (_, picture) => picture);
  const holds = byConcepts ?? concepts.length < PICTURES_PER_CONCEPT * known.length;
  if (!holds) {
    const heldOut = new Set(draw(all, rng));
    const left = new Set(all.filter((picture) => !heldOut.has(picture)).map((picture) => concepts[picture]!));
    // A concept whose every picture was drawn is trained on all the same.
    const measured = [...heldOut].filter((picture) => left.has(concepts[picture]!)).sort((a, b) => a - b);
    const training = all.filter((picture) => !measured.includes(picture));
    return { training, heldOut: measured, candidates: known, by: 'pictures' };
  }
  const drawn = new Set(draw(known, rng));
  const byConcept = new Map<number, number[]>();
  for (const picture of all) {
    const concept = concepts[picture]!;
    if (drawn.has(concept)) byConcept.set(concept, [...(byConcept.get(concept) ?? []), picture]);
  }
  return {
    training: all.filter((picture) => !drawn.has(concepts[picture]!)),
    heldOut: [...byConcept.values()]
      .map((pictures) => pictures[rng.integer(pictures.length)]!)
      .sort((a, b) => a - b),
    candidates: [...drawn].sort((a, b) => a - b),
    by: 'concepts',
  };
}

function draw(from: readonly number[], rng: Rng): number[] {
  const wanted = Math.max(FEWEST_HELD_OUT, Math.min(MOST_HELD_OUT, Math.round(SHARE * from.length)));
  // Never more than half.
  const count = Math.min(wanted, Math.floor(from.length / 2));
  return Array.from(rng.permutation(from.length).subarray(0, count), (i) => from[i]!);
}
