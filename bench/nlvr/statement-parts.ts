import type { Rng } from '@crossmodal/core';
import { boxesOf, type Scene, type SceneObject } from './scene';

/** A sentence and whether it holds of a scene. */
export interface Statement {
  text: string;
  holds: (scene: Scene) => boolean;
}

export type Count = { word: string; many: boolean; fits: (n: number) => boolean };
export type Things = { text: (many: boolean) => string; test: (object: SceneObject, box: Scene) => boolean };
export type Boxes = { text: string; test: (box: Scene) => boolean };

export const NUMBERS = ['zero', 'one', 'two', 'three', 'four', 'five', 'six', 'seven'];
export const pick = <T>(rng: Rng, items: readonly T[]): T => items[rng.integer(items.length)]!;
export const maybe = (rng: Rng, p: number, text: string) => (rng.bernoulli(p) ? text : '');
/** How many, in words. */
export function count(rng: Rng, most: number): Count {
  const n = 1 + rng.integer(most);
  const word = NUMBERS[n]!;
  const many = n > 1;
  const exact = rng.bernoulli(0.5); // people mean either by a bare number
  switch (rng.integer(7)) {
    case 0:
      return { word: `exactly ${word}`, many, fits: (x) => x === n };
    case 1:
      return { word: `only ${word}`, many, fits: (x) => x === n };
    case 2:
      return { word: `at least ${word}`, many, fits: (x) => x >= n };
    case 3:
      return { word, many, fits: (x) => (exact ? x === n : x >= n) };
    case 4:
      return rng.bernoulli(0.4)
        ? { word: 'no', many: false, fits: (x) => x === 0 }
        : { word: `more than ${word}`, many, fits: (x) => x > n };
    default:
      return { word: 'a', many: false, fits: (x) => x >= 1 };
  }
}

export const verb = (many: boolean) => (many ? 'are' : 'is');
export const plural = (noun: string, many: boolean) =>
  many ? (noun.endsWith('x') ? `${noun}es` : `${noun}s`) : noun;
export const colorOf = (rng: Rng) => rng.integer(3);
export const ofColor = (box: Scene, color: number) => box.filter((object) => object.color === color).length;
/** How many blocks, in words that fit a tower. */
export function count4(rng: Rng): Count {
  const n = 1 + rng.integer(4);
  return { word: `${pick(rng, ['exactly ', 'only ', ''])}${NUMBERS[n]}`, many: n > 1, fits: (x) => x === n };
}

export const countThings = (scene: Scene, { test }: Things) =>
  boxesOf(scene).reduce((sum, box) => sum + box.filter((object) => test(object, box)).length, 0);
