import { Rng } from '@crossmodal/core';
import {
  type Concept,
  loadEmoji,
  PICTURE_SIZE,
  type PictureStack,
  stackPictures,
  UNSEEN,
} from '@crossmodal/emoji-clip';
import type { Recipe } from '../recipe';
import { hashText } from '../text/hash-text';
import { composeSentence } from './compose-sentence';
import { type EmojiRating, loadEmojiRatings } from './emoji-ratings';
import { rateByLabels } from './label-ratings';
import { type WordPool, wordPool } from './word-ratings';

/** An emoji that is drawn and rated. */
export interface RatedConcept extends Pick<EmojiRating, 'emoji' | 'score'> {
  label: string;
}

/** A sentence with a picture. */
export interface PictureSentence {
  text: string;
  /** Index into the pictures of its side. */
  picture: number;
  /** Index into the rated emoji. */
  concept: number;
  textScore: number;
  pictureScore: number;
  /** Of `LABELS`. */
  label: number;
}

/** What brings the two scores together: each by its spread in training, and where the thirds of their sum meet. */
export interface Blend {
  textSpread: number;
  pictureSpread: number;
  limits: [number, number];
}

/** All that the picture sentences are made of. */
export interface PictureSentenceData {
  concepts: readonly RatedConcept[];
  /** Drawings of emoji that training knows, by designers that it knows; `concepts` of it are indices into `concepts`. */
  training: PictureStack;
  /** All rated emoji, by a designer whom training does not know. */
  unseen: PictureStack;
  words: WordPool;
  heldOutWords: WordPool;
  blend: Blend;
}

/** What is measured: what is new in it for the model. */
export interface TestSet {
  title: string;
  sentences: readonly PictureSentence[];
}

/** One emoji in four is held out, whichever the hash of its name says. */
export function isHeldOutEmoji(label: string): boolean {
  return hashText(`emoji:${label}`) % 4 === 0;
}

/** The data of a run, rendering what the cache does not hold. */
export async function loadPictureSentences(
  { designers, ratings }: Pick<Recipe['pictures'], 'designers' | 'ratings'>,
  cacheDir: string,
  seed: number,
  onProgress?: Parameters<typeof loadEmoji>[2],
): Promise<PictureSentenceData> {
  const { concepts, pictures } = await loadEmoji(cacheDir, [...designers, UNSEEN.id], onProgress);
  const rated = ratings === 'people' ? rateConcepts(concepts, loadEmojiRatings()) : rateByLabels(concepts);
  const place = new Map([...rated.keys()].map((concept, i) => [concept, i]));
  const list = [...rated.values()];
  const words = wordPool('training');
  return {
    concepts: list,
    training: select(
      designers.map((id) => pictures.get(id)!),
      place,
      (concept) => !isHeldOutEmoji(list[concept]!.label),
    ),
    unseen: select([pictures.get(UNSEEN.id)!], place, () => true),
    words,
    heldOutWords: wordPool('held out'),
    blend: findBlend(
      list.filter(({ label }) => !isHeldOutEmoji(label)),
      words,
      new Rng(seed).split('blend'),
    ),
  };
}

/** Ratings by index of the concept that they are of. */
export function rateConcepts(
  concepts: readonly Pick<Concept, 'emoji' | 'label'>[],
  ratings: readonly EmojiRating[],
): Map<number, RatedConcept> {
  const plain = (emoji: string) => emoji.replaceAll('\uFE0F', ''); // U+FE0F: "as a picture, please"
  const byEmoji = new Map(ratings.map((rating) => [plain(rating.emoji), rating]));
  return new Map(
    [...concepts.entries()].flatMap(([i, { emoji, label }]) => {
      const rating = byEmoji.get(plain(emoji));
      return rating ? [[i, { ...rating, label }] as const] : [];
    }),
  );
}

/** Spreads and limits from many random pairs of training's own emoji and words. */
export function findBlend(concepts: readonly RatedConcept[], words: WordPool, rng: Rng): Blend {
  const pairs = Array.from({ length: 20_000 }, () => ({
    text: composeSentence(words, rng).score,
    picture: concepts[rng.integer(concepts.length)]!.score,
  }));
  const textSpread = spread(pairs.map(({ text }) => text));
  const pictureSpread = spread(pairs.map(({ picture }) => picture));
  const sums = pairs
    .map(({ text, picture }) => text / textSpread + picture / pictureSpread)
    .sort((a, b) => a - b);
  const at = (share: number) => sums[Math.floor(share * sums.length)]!;
  return { textSpread, pictureSpread, limits: [at(1 / 3), at(2 / 3)] };
}

/** The class of two scores: in which third of training's sums theirs is. */
export function blendLabel(textScore: number, pictureScore: number, blend: Blend): number {
  const sum = textScore / blend.textSpread + pictureScore / blend.pictureSpread;
  return blend.limits.filter((limit) => sum >= limit).length;
}

/** A new sentence for a picture. */
export function sentenceFor(
  picture: number,
  stack: PictureStack,
  { concepts, blend }: Pick<PictureSentenceData, 'concepts' | 'blend'>,
  words: WordPool,
  rng: Rng,
): PictureSentence {
  const concept = stack.concepts[picture]!;
  const { text, score: textScore } = composeSentence(words, rng);
  const pictureScore = concepts[concept]!.score;
  return {
    text,
    picture,
    concept,
    textScore,
    pictureScore,
    label: blendLabel(textScore, pictureScore, blend),
  };
}

/**
 * Sentences with pictures of a designer whom training does not know: of emoji and words that it knows, in combinations
 * that it does not; and of emoji and words that it does not know.
 *
 * @param perPicture Sentences for each picture.
 */
export function testSets(data: PictureSentenceData, perPicture: number, seed: number): TestSet[] {
  const { concepts, unseen, words, heldOutWords } = data;
  const build = (title: string, heldOut: boolean, pool: WordPool): TestSet => {
    const rng = new Rng(seed).split(title);
    const chosen = [...unseen.concepts.keys()].filter(
      (picture) => isHeldOutEmoji(concepts[unseen.concepts[picture]!]!.label) === heldOut,
    );
    return {
      title,
      sentences: chosen.flatMap((picture) =>
        Array.from({ length: perPicture }, () => sentenceFor(picture, unseen, data, pool, rng)),
      ),
    };
  };
  return [
    build('new sentences and drawings', false, words),
    build('new words and emoji too', true, heldOutWords),
  ];
}

interface Pictures {
  pixels: Uint8Array;
  concepts: Int32Array;
}

/** The wanted pictures of rated concepts, in one stack. */
function select(
  sets: readonly Pictures[],
  place: ReadonlyMap<number, number>,
  isWanted: (concept: number) => boolean,
): PictureStack {
  const bytes = PICTURE_SIZE * PICTURE_SIZE * 4;
  const chosen = sets.map(({ pixels, concepts }) => {
    const wanted = [...concepts.keys()].filter((picture) => {
      const concept = place.get(concepts[picture]!);
      return concept !== undefined && isWanted(concept);
    });
    const selected = new Uint8Array(wanted.length * bytes);
    for (const [i, picture] of wanted.entries())
      selected.set(pixels.subarray(picture * bytes, (picture + 1) * bytes), i * bytes);
    return {
      pixels: selected,
      concepts: Int32Array.from(wanted, (picture) => place.get(concepts[picture]!)!),
    };
  });
  return stackPictures(chosen, PICTURE_SIZE);
}

function spread(values: readonly number[]): number {
  const mean = values.reduce((a, b) => a + b, 0) / values.length;
  return Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length);
}
