import { assertShape, stopGradient } from '@crossmodal/core';
import type { TextEncoder } from '@crossmodal/encoders';
import * as tf from '@tensorflow/tfjs-core';
import type { CLIP } from '../clip';
import type { ResidualVisionEncoder } from '../residual-vision-encoder';
import { gradCAM } from './grad-cam';
import { hiResCAM } from './hi-res-cam';

export interface SimilarityMapOptions {
  /** Default {@link hiResCAM}, by which the places add up to the score exactly, at the last stage. */
  method?: 'hiResCAM' | 'gradCAM';
  /** Which stage's places, from 0; the finer, the less of the tower is in them. Default: the last. */
  stage?: number;
}

export interface SimilarityMap {
  /** [batch, height, width] of the stage: what each place speaks for or, below 0, against. */
  map: tf.Tensor3D;
  /** [batch], the product of the pictures' features and `directions`. */
  scores: tf.Tensor1D;
}

/**
 * Where in pictures their similarity to something comes from: a map over the places of a convolutional tower.
 *
 * The score is the product of the picture's feature and `directions`, with the feature's length before it was made 1
 * taken as a constant: in a tower that ends in `flatten` and a projection the score is then linear in the last stage.
 *
 * @param input.pixelValues float32 [batch, imageSize, imageSize, channels]
 * @param input.directions float32 [batch, projectionDim]: features of texts, or of one text less those of others, to
 *   see what speaks for the one rather than the others.
 * @returns The caller disposes both.
 * @example
 * const { map } = similarityMap(clip, { pixelValues, directions: clip.encodeText(words) });
 */
export function similarityMap<T extends TextEncoder>(
  clip: CLIP<ResidualVisionEncoder, T>,
  { pixelValues, directions }: { pixelValues: tf.Tensor4D; directions: tf.Tensor2D },
  { method = 'hiResCAM', stage }: SimilarityMapOptions = {},
): SimilarityMap {
  const { visionModel, visualProjection } = clip;
  assertShape(directions.shape, [pixelValues.shape[0], clip.projectionDim], 'similarityMap: directions');
  return tf.tidy(() => {
    const featureMap = visionModel.featureMap(pixelValues, stage);
    const score = (map: tf.Tensor4D) => {
      const pooled = visionModel.pool(visionModel.continueFrom(map, stage));
      const features = (visualProjection ? visualProjection.forward(pooled) : pooled) as tf.Tensor2D;
      const length = stopGradient(tf.norm(features, 2, 1));
      return tf.div(tf.sum(tf.mul(features, directions), 1), length) as tf.Tensor1D;
    };
    const explain = method === 'gradCAM' ? gradCAM : hiResCAM;
    return { map: explain(featureMap, score), scores: score(featureMap) };
  });
}
