import * as tf from '@tensorflow/tfjs-core';
import { checkWeights } from './check-weights';

/**
 * Attention rollout: how much of every token is mixed into which, over all blocks, if half of each block's output is
 * its input: `R = A_L ... A_1` with `A = (mean over heads of the weights + 1) / 2`. Abnar and Zuidema 2020,
 * "Quantifying attention flow in transformers", section 3. It says what is looked at, not what it is looked at for:
 * see {@link attentionRelevance}.
 *
 * @param weights Of each block, the first first: float32 [batch, heads, tokens, tokens], rows adding up to 1, as
 *   `TransformerBlock.attentionWeights` gives them.
 * @returns float32 [batch, tokens, tokens], rows adding up to 1: row i for what is in token i at the end. The caller
 *   disposes it.
 * @throws ShapeError when the shapes differ; ConfigError when there are none.
 * @example
 * const rollout = attentionRollout(layers.map((layer, i) => layer.attentionWeights(hiddenStates[i]!)));
 */
export function attentionRollout(weights: readonly tf.Tensor4D[]): tf.Tensor3D {
  const [batch, , tokens] = checkWeights(weights, 'attentionRollout: weights');
  return tf.tidy(() => {
    const identity = tf.tile(tf.expandDims(tf.eye(tokens), 0), [batch, 1, 1]) as tf.Tensor3D;
    const mix = (rollout: tf.Tensor3D, each: tf.Tensor4D) =>
      tf.matMul(tf.div(tf.add(tf.mean(each, 1), identity), 2), rollout) as tf.Tensor3D;
    return weights.reduce(mix, identity);
  });
}
