import { Rng } from '@crossmodal/core';
import {
  type Concept,
  loadEmoji,
  PICTURE_SIZE,
  type PictureStack,
  stackPictures,
  UNSEEN,
} from '@crossmodal/emoji-clip';
import type { Recipe } from './recipe';

/** What a run learns from, and what it is measured on. */
export interface DrawingData {
  concepts: readonly Concept[];
  /** What is trained on. */
  training: PictureStack;
  /** Concepts that no training sees, by the designers that it knows. */
  heldOut: PictureStack;
  /** Drawings of a designer whom no training sees. */
  unseen: PictureStack;
}

/** All drawings of a recipe, rendering what the cache does not hold. */
export async function loadDrawings(
  recipe: Recipe,
  cacheDir: string,
  onProgress?: Parameters<typeof loadEmoji>[2],
): Promise<DrawingData> {
  const { concepts, pictures } = await loadEmoji(cacheDir, [...recipe.designers, UNSEEN.id], onProgress);
  const sets = recipe.designers.map((id) => pictures.get(id)!);
  const isHeldOut = heldOutConcepts(concepts.length, recipe.heldOutShare, recipe.seed);
  return {
    concepts,
    training: stackPictures(
      sets.map((set) => select(set, (concept) => !isHeldOut[concept])),
      PICTURE_SIZE,
    ),
    heldOut: stackPictures(
      sets.map((set) => select(set, (concept) => isHeldOut[concept]!)),
      PICTURE_SIZE,
    ),
    unseen: stackPictures([pictures.get(UNSEEN.id)!], PICTURE_SIZE),
  };
}

/** Which concepts no training sees: the same ones for the same seed. */
export function heldOutConcepts(count: number, share: number, seed: number): boolean[] {
  const held = new Set(
    new Rng(seed)
      .split('held out')
      .permutation(count)
      .subarray(0, Math.round(share * count)),
  );
  return Array.from({ length: count }, (_, concept) => held.has(concept));
}

/** Pictures [count, size, size, RGBA] and the concept of each. */
interface Pictures {
  pixels: Uint8Array;
  concepts: Int32Array;
}

function select({ pixels, concepts }: Pictures, isWanted: (concept: number) => boolean): Pictures {
  const wanted = [...concepts.keys()].filter((picture) => isWanted(concepts[picture]!));
  const bytes = pixels.length / concepts.length;
  const selected = new Uint8Array(wanted.length * bytes);
  for (const [i, picture] of wanted.entries())
    selected.set(pixels.subarray(picture * bytes, (picture + 1) * bytes), i * bytes);
  return { pixels: selected, concepts: Int32Array.from(wanted, (picture) => concepts[picture]!) };
}
