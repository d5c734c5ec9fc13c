import * as tf from '@tensorflow/tfjs-core';
import { hasFusedKernel, runFusedKernel } from '../ops/fused-kernels';

/** Tensors of the same shape. */
export type Pair = readonly [x: tf.Tensor, y: tf.Tensor];

/** Takes over the result for a pair. */
type Take = (result: tf.Tensor, index: number) => void;

/**
 * `x + weight y` for each pair, at once on engines that have a kernel for that. It may change each x in place, which
 * nobody may read afterwards but as the result. The caller still disposes the pairs, x when its result is taken at the
 * earliest.
 */
export function addGroup(pairs: readonly Pair[], weight: number, take: Take): void {
  const add = ([x, y]: Pair) => tf.add(x, weight === 1 ? y : tf.mul(y, weight));
  run('AddGroup', pairs, weight, add, take);
}

/** `x + weight (y - x)` for each pair, as {@link addGroup}. */
export function lerpGroup(pairs: readonly Pair[], weight: number, take: Take): void {
  run('LerpGroup', pairs, weight, ([x, y]) => tf.add(x, tf.mul(tf.sub(y, x), weight)), take);
}

function run(
  kernel: 'AddGroup' | 'LerpGroup',
  pairs: readonly Pair[],
  weight: number,
  composed: (pair: Pair) => tf.Tensor,
  take: Take,
): void {
  if (pairs.length === 0) return;
  if (!hasFusedKernel(kernel)) {
    for (const [i, pair] of pairs.entries())
      take(
        tf.tidy(() => composed(pair)),
        i,
      ); // each is released before the next
    return;
  }
  const inputs = Object.fromEntries(
    pairs.flatMap(([x, y], i) => [[`x${i}`, x] as const, [`y${i}`, y] as const]),
  );
  for (const [i, result] of runFusedKernel(kernel, inputs, { weight }).entries()) take(result, i);
}
