import { assertShape, ConfigError } from '@crossmodal/core';
import type * as tf from '@tensorflow/tfjs-core';

/** Sees that attention's weights (or what belongs to each of `those`) are of one shape, which is given back. */
export function checkWeights(
  weights: readonly tf.Tensor4D[],
  what: string,
  those: readonly tf.Tensor4D[] = weights,
): readonly [batch: number, heads: number, tokens: number, tokens: number] {
  const first = those[0];
  if (!first || weights.length !== those.length)
    throw new ConfigError(
      `${what}: expected ${first ? those.length : 'one or more'}, one for each block, received ${weights.length}.`,
    );
  const [batch, heads, tokens] = first.shape;
  for (const each of weights) assertShape(each.shape, [batch, heads, tokens, tokens], what);
  return [batch, heads, tokens, tokens];
}
