// For tests: pictures of coloured shapes, and their names.
import type { Rng } from '@crossmodal/core';
import * as tf from '@tensorflow/tfjs-core';

export const SIZE = 16;
const COLOURS = {
  red: [0.9, 0.1, 0.1],
  green: [0.1, 0.8, 0.2],
  blue: [0.1, 0.2, 0.9],
  yellow: [0.9, 0.9, 0.1],
  white: [1, 1, 1],
} as const;
/** Whether a point is in the shape of radius 1. */
const SHAPES = {
  square: (x: number, y: number) => Math.max(Math.abs(x), Math.abs(y)) < 0.85,
  ring: (x: number, y: number) => Math.hypot(x, y) < 1 && Math.hypot(x, y) > 0.6,
  cross: (x: number, y: number) =>
    Math.max(Math.abs(x), Math.abs(y)) < 1 && Math.min(Math.abs(x), Math.abs(y)) < 0.3,
  bar: (x: number, y: number) => Math.abs(x) < 1 && Math.abs(y) < 0.35,
  pole: (x: number, y: number) => Math.abs(x) < 0.35 && Math.abs(y) < 1,
};
const colours = Object.keys(COLOURS) as (keyof typeof COLOURS)[];
const shapes = Object.keys(SHAPES) as (keyof typeof SHAPES)[];

/** Every colour with every shape. */
export const CONCEPTS = colours.flatMap((colour) => shapes.map((shape) => ({ colour, shape })));
/** One colour of each shape: not trained on. */
export const HELD_OUT = shapes.map((_, i) => i * shapes.length + ((i * 2 + 1) % shapes.length));
export const TRAINED = CONCEPTS.map((_, i) => i).filter((i) => !HELD_OUT.includes(i));

export const VOCAB_SIZE = 2 + colours.length + shapes.length;
/** [concepts, 4]: start, colour, shape, end. */
export function captions(concepts: readonly number[]): tf.Tensor2D {
  const rows = concepts.map((i) => {
    const { colour, shape } = CONCEPTS[i]!;
    return [0, 1 + colours.indexOf(colour), 1 + colours.length + shapes.indexOf(shape), VOCAB_SIZE - 1];
  });
  return tf.tensor2d(rows, [concepts.length, 4], 'int32');
}

/** A picture of each concept, [concepts, SIZE, SIZE, 3]: anywhere, in any size, on grey of any kind. */
export function draw(concepts: readonly number[], rng: Rng): tf.Tensor4D {
  const pixels = new Float32Array(concepts.length * SIZE * SIZE * 3);
  for (const [n, concept] of concepts.entries()) {
    const { colour, shape } = CONCEPTS[concept]!;
    const radius = rng.uniform(4.5, 6);
    const [left, top] = [rng.uniform(radius, SIZE - radius), rng.uniform(radius, SIZE - radius)];
    const grey = rng.uniform(0, 0.6);
    for (let y = 0; y < SIZE; y++) {
      for (let x = 0; x < SIZE; x++) {
        const inside = SHAPES[shape]((x + 0.5 - left) / radius, (y + 0.5 - top) / radius);
        const at = ((n * SIZE + y) * SIZE + x) * 3;
        for (let c = 0; c < 3; c++) {
          const value = inside ? COLOURS[colour][c]! : grey;
          pixels[at + c] = (value + rng.uniform(-0.05, 0.05) - 0.5) * 2;
        }
      }
    }
  }
  return tf.tensor4d(pixels, [concepts.length, SIZE, SIZE, 3]);
}
