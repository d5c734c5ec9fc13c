import { Rng } from '@crossmodal/core';
import { describe, expect, it } from 'vitest';
import { recipe } from '../recipe';
import { type AugmentStrength, augmentPicture } from './augment-picture';
import { stackPictures } from './picture-stack';

const SIDE = 16;
const none = Object.fromEntries(
  Object.keys(recipe.augment).map((key) => [key, 0]),
) as never as AugmentStrength;

/** A stack of one picture: a square of a colour in the middle of nothing. */
function square(colour: readonly [number, number, number]) {
  const pixels = new Uint8Array(SIDE * SIDE * 4);
  for (let y = 4; y < 12; y++) for (let x = 4; x < 12; x++) pixels.set([...colour, 255], (y * SIDE + x) * 4);
  return stackPictures([{ pixels, concepts: Int32Array.of(7) }], SIDE);
}

/** The picture as values 0 to 1, at a place of the 8 x 8 output. */
function look(stack: ReturnType<typeof square>, strength?: Partial<AugmentStrength>, seed = 0) {
  const out = new Float32Array(8 * 8 * 3);
  const random = strength && { strength: { ...none, ...strength }, rng: new Rng(seed) };
  augmentPicture(stack, 0, out, 0, 8, random);
  return (x: number, y: number) => [0, 1, 2].map((c) => out[(y * 8 + x) * 3 + c]! * 0.3 + 0.75);
}

const close = (actual: number[], expected: number[]) => {
  for (const [c, value] of expected.entries()) expect(actual[c]).toBeCloseTo(value, 2);
};

describe('augmentPicture', () => {
  it('shows a picture as it is, on white, without strength; and so with none of it', () => {
    const stack = square([255, 128, 0]);
    for (const at of [look(stack), look(stack, {})]) {
      close(at(4, 4), [1, 0.5, 0]);
      close(at(0, 0), [1, 1, 1]);
    }
    expect([...stack.concepts]).toEqual([7]);
  });

  it('darkens edges alone, or leaves nothing but them', () => {
    const stack = square([255, 255, 0]);
    const edged = look(stack, { outline: 1 });
    close(edged(4, 4), [1, 1, 0]);
    expect(edged(2, 4)[0]).toBeLessThan(0.8);
    const line = look(stack, { lineArt: 1 });
    close(line(4, 4), [1, 1, 1]);
    close(line(2, 4), [0.5, 0.5, 0.5]); // half of it is edge
    close(line(0, 0), [1, 1, 1]);
  });

  it('keeps luminance when it takes colour away', () => {
    close(look(square([255, 0, 0]), { grey: 1 })(4, 4), [0.3, 0.3, 0.3]);
  });

  it('turns hues about grey: a grey picture stays as it is', () => {
    close(look(square([128, 128, 128]), { hue: 90 }, 3)(4, 4), [0.5, 0.5, 0.5]);
  });

  it('shifts, covers and colours the ground', () => {
    const stack = square([0, 0, 0]);
    let shifted = 0;
    let covered = 0;
    let coloured = 0;
    for (let seed = 0; seed < 20; seed++) {
      shifted += look(stack, { shift: 0.3 }, seed)(2, 2)[0]! > 0.1 ? 1 : 0;
      coloured += look(stack, { ground: 1 }, seed)(0, 0)[0]! < 0.99 ? 1 : 0;
      const cover = look(stack, { erase: 1 }, seed);
      const pixels = Array.from({ length: 64 }, (_, i) => cover(i % 8, Math.floor(i / 8)));
      covered += pixels.some(([r, g]) => Math.abs(r! - g!) > 0.02) ? 1 : 0;
    }
    expect(shifted).toBeGreaterThan(8);
    expect(coloured).toBeGreaterThan(15);
    expect(covered).toBeGreaterThan(12);
  });

  it('draws the same for the same seed, and other for another', () => {
    const stack = square([255, 128, 0]);
    const pixels = (seed: number) => {
      const out = new Float32Array(8 * 8 * 3);
      augmentPicture(stack, 0, out, 0, 8, { strength: recipe.augment, rng: new Rng(seed) });
      return [...out];
    };
    expect(pixels(5)).toEqual(pixels(5));
    expect(pixels(5)).not.toEqual(pixels(6));
    expect(pixels(5).every(Number.isFinite)).toBe(true);
  });
});
