import * as tf from '@tensorflow/tfjs-core';
import { placeOf, type SequenceLayout } from './sequence-layout';

/** 1 where a position has a neighbour, else 0: float32 [1, length, 1] each. */
export type ShiftMasks = {
  /** The token before, of text. */
  previous: tf.Tensor3D;
  /** The image token above. */
  above: tf.Tensor3D;
  /** The image token on the left. */
  left: tf.Tensor3D;
};

/** Which neighbours the positions have; the caller disposes the masks. */
export function shiftMasks(layout: SequenceLayout, start: number, length: number): ShiftMasks {
  const places = Array.from({ length }, (_, i) => placeOf(start + i, layout));
  const mask = (has: (place: (typeof places)[number]) => boolean) =>
    tf.tensor3d(
      places.map((place) => Number(has(place))),
      [1, length, 1],
      'float32',
    );
  return {
    previous: mask((place) => 'text' in place && place.text > 0),
    above: mask((place) => 'row' in place && place.row > 0),
    left: mask((place) => 'column' in place && place.column > 0),
  };
}

/** What {@link tokenShift} will need of the positions so far. One for each place where it is done; the owner disposes it. */
export class ShiftHistory {
  /** [batch, gridWidth, channels] */
  private stored: tf.Tensor3D | undefined;

  get value(): tf.Tensor3D | undefined {
    return this.stored;
  }

  /** Takes over a tensor. */
  store(value: tf.Tensor3D): void {
    this.dispose();
    this.stored = tf.keep(value);
  }

  dispose(): void {
    this.stored?.dispose();
    this.stored = undefined;
  }
}

/**
 * Takes part of the channels from neighbours: of text the first half from the token before, of images the first
 * quarter from above and the second from the left; zeros where there is none. After Peng Bo's token shift (RWKV).
 *
 * @param x float32 [batch, length, hiddenSize]
 * @param history What is before `x`, and will be; without one, nothing is.
 * @returns float32 [batch, length, hiddenSize]; the caller disposes it.
 * @example
 * const layout = { textPositions: 3, gridHeight: 4, gridWidth: 4 };
 * const y = tokenShift(tf.ones([2, 19, 8]), shiftMasks(layout, 0, 19), 4);
 */
export function tokenShift(
  x: tf.Tensor3D,
  { previous, above, left }: ShiftMasks,
  gridWidth: number,
  history?: ShiftHistory,
): tf.Tensor3D {
  const [batch, length, hiddenSize] = x.shape;
  const quarter = Math.floor(hiddenSize / 4);
  return tf.tidy(() => {
    const moving = tf.slice(x, [0, 0, 0], [-1, -1, 2 * quarter]);
    const past = history?.value ?? tf.zeros<tf.Rank.R3>([batch, gridWidth, 2 * quarter]);
    const all = tf.concat([past, moving], 1); // [batch, gridWidth + length, 2 * quarter]
    history?.store(tf.slice(all, [0, length, 0], [-1, gridWidth, -1]));
    const back = (steps: number, half: number) =>
      tf.slice(all, [0, gridWidth - steps, half * quarter], [-1, length, quarter]);
    const first = tf.add(tf.mul(back(1, 0), previous), tf.mul(back(gridWidth, 0), above));
    const second = tf.mul(back(1, 1), tf.add(previous, left));
    const still = tf.slice(x, [0, 0, 2 * quarter], [-1, -1, -1]);
    return tf.concat([first, second, still], 2) as tf.Tensor3D;
  });
}
