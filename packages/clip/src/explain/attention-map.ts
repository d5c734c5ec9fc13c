import { assertShape, l2Normalize } from '@crossmodal/core';
import type { CLIPVisionTransformer, TextEncoder } from '@crossmodal/encoders';
import * as tf from '@tensorflow/tfjs-core';
import type { CLIP } from '../clip';
import { attentionRelevance } from './attention-relevance';
import { attentionRollout } from './attention-rollout';
import type { SimilarityMap } from './similarity-map';

export interface AttentionMapOptions {
  /**
   * {@link attentionRelevance}, the default: what the similarity rests on, by the gradient of its logit.
   * {@link attentionRollout}: what the tower looks at, whatever the words.
   */
  method?: 'relevance' | 'rollout';
}

/**
 * Where in pictures their similarity to something comes from: a map over the patches of a vision transformer, from
 * the row of its class token. For a convolutional tower see `similarityMap`.
 *
 * @param input.pixelValues float32 [batch, height, width, channels]
 * @param input.directions float32 [batch, projectionDim]: features of texts, or of one text less those of others, to
 *   see what speaks for the one rather than the others.
 * @returns `map`, [batch, rows, columns] of patches, from 0; `scores`, [batch]. The caller disposes both.
 * @example
 * const { map } = attentionMap(clip, { pixelValues, directions: clip.encodeText(words) });
 */
export function attentionMap<T extends TextEncoder>(
  clip: CLIP<CLIPVisionTransformer, T>,
  { pixelValues, directions }: { pixelValues: tf.Tensor4D; directions: tf.Tensor2D },
  { method = 'relevance' }: AttentionMapOptions = {},
): SimilarityMap {
  const { visionModel, visualProjection } = clip;
  const { embeddings, preLayernorm, encoder, postLayernorm } = visionModel;
  const [batch, height, width] = pixelValues.shape;
  assertShape(directions.shape, [batch, clip.projectionDim], 'attentionMap: directions');
  return tf.tidy(() => {
    const embedded = preLayernorm.forward(embeddings.forward(pixelValues));
    /** With `changes` added to the blocks' weights. */
    const attend = (changes?: readonly tf.Tensor[]) => {
      let state = embedded; // [batch, 1 + patches, hiddenSize]
      const all: tf.Tensor4D[] = [];
      for (const [i, layer] of [...encoder.layers].entries()) {
        const own = layer.attentionWeights(state);
        const weights = (changes ? tf.add(own, changes[i]!) : own) as tf.Tensor4D;
        all.push(weights);
        state = layer.forward(state, { weights });
      }
      const classToken = tf.squeeze(tf.slice(state, [0, 0, 0], [-1, 1, -1]), [1]) as tf.Tensor2D;
      const pooled = postLayernorm.forward(classToken);
      const features = l2Normalize(visualProjection ? visualProjection.forward(pooled) : pooled);
      return { weights: all, scores: tf.sum(tf.mul(features, directions), 1) as tf.Tensor1D };
    };
    const { weights, scores } = attend();
    const logit = (...changes: tf.Tensor[]) =>
      tf.mul(tf.exp(tf.reshape(clip.logitScale.value, [])), tf.sum(attend(changes).scores));
    const tokens =
      method === 'rollout'
        ? attentionRollout(weights)
        : attentionRelevance(
            weights,
            tf.grads(logit)(weights.map((each) => tf.zerosLike(each))) as tf.Tensor4D[],
          );
    const ofClass = tf.slice(tokens, [0, 0, 1], [-1, 1, -1]);
    const grid = embeddings.patchEmbedding.grid(height, width);
    return { map: tf.reshape(ofClass, [batch, ...grid]) as tf.Tensor3D, scores };
  });
}
