import type { RotaryTables } from '@crossmodal/core';
import * as tf from '@tensorflow/tfjs-core';
import { placeOf, type SequenceLayout } from './sequence-layout';

/** Slowest turns: of text as in Su et al. 2021, of the much shorter rows and columns as in Heo et al. 2024. */
const TEXT_THETA = 10000;
const GRID_THETA = 100;

/**
 * Angles for `rotaryEmbedding` by place: of the pairs of a head, the first third turns by text position, the second by
 * row and the rest by column. Text is at row 0 and column 0; the image, whose rows and columns count from 1, has the
 * position after the text. Su et al. 2021, equation 34, on three axes.
 *
 * @param range.start The first position.
 * @param range.length Number of positions.
 * @returns Cosines and sines, [1, 1, length, headDim]; the caller disposes them.
 * @example
 * const layout = { textPositions: 3, gridHeight: 4, gridWidth: 4 };
 * const tables = gridRotaryTables(layout, 12, { start: 0, length: 19 });
 */
export function gridRotaryTables(
  layout: SequenceLayout,
  headDim: number,
  { start, length }: { start: number; length: number },
): RotaryTables {
  const half = headDim / 2;
  const third = Math.floor(half / 3);
  const pairs = [third, third, half - 2 * third];
  const cos = new Float32Array(length * headDim);
  const sin = new Float32Array(length * headDim);
  for (let i = 0; i < length; i++) {
    const place = placeOf(start + i, layout);
    const axes =
      'text' in place ? [place.text, 0, 0] : [layout.textPositions, place.row + 1, place.column + 1];
    let pair = i * headDim;
    for (const [axis, count] of pairs.entries()) {
      const theta = axis === 0 ? TEXT_THETA : GRID_THETA;
      for (let k = 0; k < count; k++, pair++) {
        const angle = axes[axis]! * theta ** (-k / count);
        cos[pair] = cos[pair + half] = Math.cos(angle);
        sin[pair + half] = Math.sin(angle);
        sin[pair] = -sin[pair + half]!;
      }
    }
  }
  const shape: [number, number, number, number] = [1, 1, length, headDim];
  return { cos: tf.tensor4d(cos, shape), sin: tf.tensor4d(sin, shape) };
}
