import * as tf from '@tensorflow/tfjs-core';
import { checkWeights } from './check-weights';

/**
 * How relevant every token is for which, in view of a score: from `R = 1` on, `R + mean over heads of
 * relu(gradient * weights) R`, block by block. Chefer et al. 2021, "Generic attention-model explainability for
 * interpreting bi-modal and encoder-decoder transformers", equations 5 and 6.
 *
 * @param weights Of each block, the first first: float32 [batch, heads, tokens, tokens], as
 *   `TransformerBlock.attentionWeights` gives them.
 * @param gradients The score's, for each of them, of the same shapes: each sample's for its own score.
 * @returns float32 [batch, tokens, tokens], from 0: in a tower that is read at token i, row i says what the score
 *   rests on. The caller disposes it.
 * @throws ShapeError when the shapes differ; ConfigError when there are none.
 * @example
 * const gradients = tf.grads((...weights) => score(weights))(weights);
 * const relevance = attentionRelevance(weights, gradients);
 */
export function attentionRelevance(
  weights: readonly tf.Tensor4D[],
  gradients: readonly tf.Tensor4D[],
): tf.Tensor3D {
  const [batch, , tokens] = checkWeights(weights, 'attentionRelevance: weights');
  checkWeights(gradients, 'attentionRelevance: gradients', weights);
  return tf.tidy(() => {
    const identity = tf.tile(tf.expandDims(tf.eye(tokens), 0), [batch, 1, 1]) as tf.Tensor3D;
    const mix = (relevance: tf.Tensor3D, each: tf.Tensor4D, i: number) => {
      const used = tf.mean(tf.relu(tf.mul(each, gradients[i]!)), 1); // [batch, tokens, tokens]
      return tf.add(relevance, tf.matMul(used, relevance)) as tf.Tensor3D;
    };
    return weights.reduce(mix, identity);
  });
}
