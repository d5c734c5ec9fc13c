import { assertShape, ShapeError } from '@crossmodal/core';
import * as tf from '@tensorflow/tfjs-core';

export interface PositionGrids {
  /** Rows and columns of the patches that the table is for. */
  from: readonly [rows: number, columns: number];
  /** Rows and columns of the patches wanted. */
  to: readonly [rows: number, columns: number];
  /** Rows of the table before the patches', which stay as they are: 1 for a class token. Default 0. */
  prefixTokens?: number | undefined;
}

/**
 * Learned positions for another number of patches: bicubic interpolation over the grid, antialiased, as timm's and
 * open_clip's (`torch.nn.functional.interpolate` with `mode='bicubic', antialias=True`). Transformers'
 * `interpolate_pos_encoding` is another one, without antialiasing and with a sharper kernel (-0.75 for -0.5).
 * Gradients flow through. Dosovitskiy et al. 2020, section 3.2.
 *
 * @param table float32 [prefixTokens + rows * columns, hiddenSize], rows of patches from the top, each from the left.
 * @returns float32 [prefixTokens + newRows * newColumns, hiddenSize]; the caller disposes it.
 * @throws ShapeError when the table is not of the grid `from`.
 * @example
 * const wider = resizePositionEmbeddings(table, { from: [7, 7], to: [12, 12], prefixTokens: 1 }); // [145, 768]
 */
export function resizePositionEmbeddings(
  table: tf.Tensor2D,
  { from, to, prefixTokens = 0 }: PositionGrids,
): tf.Tensor2D {
  const [rows, columns] = from;
  const [newRows, newColumns] = to;
  assertShape(
    table.shape,
    [prefixTokens + rows * columns, null],
    'resizePositionEmbeddings: table',
    `A grid of ${rows} x ${columns} patches with ${prefixTokens} before it.`,
  );
  if (!(newRows >= 1 && newColumns >= 1))
    throw new ShapeError(
      `resizePositionEmbeddings: to: expected a patch or more, received [${to.join(', ')}].`,
    );
  if (rows === newRows && columns === newColumns) return tf.clone(table);
  const size = table.shape[1];
  return tf.tidy(() => {
    const grid = tf.slice(table, [prefixTokens, 0], [-1, -1]); // [rows * columns, size]
    const tall = resizeFirst(tf.reshape(grid, [rows, columns * size]), rows, newRows);
    const turned = tf.transpose(tf.reshape(tall, [newRows, columns, size]), [1, 0, 2]);
    const wide = resizeFirst(tf.reshape(turned, [columns, newRows * size]), columns, newColumns);
    const back = tf.transpose(tf.reshape(wide, [newColumns, newRows, size]), [1, 0, 2]);
    const resized = tf.reshape(back, [newRows * newColumns, size]) as tf.Tensor2D;
    if (prefixTokens === 0) return resized;
    return tf.concat([tf.slice(table, [0, 0], [prefixTokens, -1]), resized], 0);
  });
}

/** [from, n] to [to, n]. */
function resizeFirst(x: tf.Tensor2D, from: number, to: number): tf.Tensor2D {
  return from === to ? x : tf.matMul(tf.tensor2d(resizeMatrix(from, to), [to, from]), x);
}

/** What each of the `from` old places gives to each of the `to` new ones; every new one's add up to 1. */
function resizeMatrix(from: number, to: number): Float32Array {
  const matrix = new Float32Array(to * from);
  const scale = from / to;
  const stretch = Math.max(scale, 1); // a smaller grid sees all that it stands for: antialiasing
  for (let i = 0; i < to; i++) {
    const centre = scale * (i + 0.5) - 0.5;
    const weights = Float64Array.from({ length: from }, (_, j) => cubic((j - centre) / stretch));
    const total = weights.reduce((sum, weight) => sum + weight, 0);
    for (const [j, weight] of weights.entries()) matrix[i * from + j] = weight / total;
  }
  return matrix;
}

/** Keys' cubic convolution kernel with a = -0.5. */
function cubic(distance: number): number {
  const x = Math.abs(distance);
  if (x >= 2) return 0;
  return x < 1 ? (1.5 * x - 2.5) * x * x + 1 : ((-0.5 * x + 2.5) * x - 4) * x + 2;
}
