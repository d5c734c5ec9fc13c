import * as tf from '@tensorflow/tfjs-core';
import {
  addTo,
  type ContrastiveLossOptions,
  exclusions,
  type PairChunk,
  pairChunk,
  planChunks,
  savedExclusions,
} from './pair-chunks';

/**
 * Pairwise sigmoid loss: every pair of the batch is judged by itself, matching or not.
 *
 * `loss = -1/batch Σᵢ Σⱼ log σ(zᵢⱼ (logitScale · imageᵢ · textⱼ + logitBias))` with z = 1 for i = j and -1
 * otherwise. With `captionIds`, pairs of two rows with the same caption add nothing; nor do `ignoredPairs`.
 *
 * @param imageFeatures [batch, dim], float32, rows of unit length.
 * @param textFeatures [batch, dim], float32, rows of unit length; row i belongs to row i of the images.
 * @param logitScale [], the factor itself (not its logarithm). SigLIP starts it at 10.
 * @param logitBias [], added to every logit. SigLIP starts it at -10, as nearly all pairs do not match.
 * @returns [], which the caller disposes. Differentiable once in all four arguments.
 * @throws ShapeError when shapes do not agree; ConfigError for a chunk size that is not a positive integer.
 * @see Zhai et al. 2023, "Sigmoid loss for language image pre-training", equation 1 and algorithm 1.
 * @example
 * const clip = new CLIP({ visionEncoder, textEncoder, projectionDim: 64, logitScale: 10, logitBias: -10, rng });
 * const { imageFeatures, textFeatures, logitScale, logitBias } = clip.forward({ pixelValues, inputIds });
 * const loss = sigLIPLoss(imageFeatures, textFeatures, logitScale, logitBias);
 */
export function sigLIPLoss(
  imageFeatures: tf.Tensor2D,
  textFeatures: tf.Tensor2D,
  logitScale: tf.Scalar,
  logitBias: tf.Scalar,
  options: ContrastiveLossOptions = {},
): tf.Scalar {
  const { starts, size } = planChunks(
    imageFeatures,
    textFeatures,
    { logitScale, logitBias },
    options,
    'sigLIPLoss',
  );
  const batch = imageFeatures.shape[0];

  const loss = tf.customGrad((...args) => {
    const [images, texts, scale, bias, save] = args as [
      tf.Tensor2D,
      tf.Tensor2D,
      tf.Scalar,
      tf.Scalar,
      tf.GradSaveFunc,
    ];
    const excluded = exclusions(options);
    const sums = starts.map((start) =>
      tf.tidy(() => {
        const chunk = pairChunk(images, texts, excluded, start, size);
        return tf.sum(tf.mul(weights(chunk), tf.softplus(wrongness(chunk, scale, bias))));
      }),
    );
    save([images, texts, scale, bias, ...Object.values(excluded)]);

    const gradFunc = (dy: tf.Tensor, saved: tf.Tensor[]) => {
      const [images, texts, scale, bias, ...rest] = saved as [
        tf.Tensor2D,
        tf.Tensor2D,
        tf.Scalar,
        tf.Scalar,
        ...tf.Tensor[],
      ];
      const again = savedExclusions(excluded, rest);
      const weight = tf.div(dy, batch);
      let ofTexts: tf.Tensor2D | undefined;
      const parts = starts.map((start) => {
        const { texts: more, ...part } = tf.tidy(() => {
          const chunk = pairChunk(images, texts, again, start, size);
          const sigmoid = tf.mul(weights(chunk), tf.sigmoid(wrongness(chunk, scale, bias)));
          const dlogits = tf.mul(tf.mul(weight, sigmoid), signs(chunk)) as tf.Tensor2D; // [chunk, batch]
          const scaled = tf.mul(dlogits, scale) as tf.Tensor2D;
          return {
            images: tf.matMul(scaled, texts), // [chunk, dim]
            texts: tf.matMul(scaled, chunk.images, true) as tf.Tensor2D, // [batch, dim]
            scale: tf.sum(tf.mul(dlogits, chunk.similarities)),
            bias: tf.sum(dlogits),
          };
        });
        ofTexts = addTo(ofTexts, more);
        return part;
      });
      return [
        tf.concat(parts.map((part) => part.images)),
        ofTexts!,
        tf.addN(parts.map((part) => part.scale)),
        tf.addN(parts.map((part) => part.bias)),
      ];
    };
    return { value: tf.div(tf.addN(sums), batch), gradFunc };
  });
  return tf.tidy(() => loss(imageFeatures, textFeatures, logitScale, logitBias) as tf.Scalar);
}

/** -z: [chunk, batch], -1 for an image's own text, 1 for the others. */
function signs({ own }: PairChunk): tf.Tensor2D {
  return tf.sub(1, tf.mul(own, 2));
}

/** -z (scale · similarity + bias): [chunk, batch]; log σ(-x) = -softplus(x). */
function wrongness(chunk: PairChunk, scale: tf.Scalar, bias: tf.Scalar): tf.Tensor2D {
  return tf.mul(signs(chunk), tf.add(tf.mul(scale, chunk.similarities), bias));
}

/** [chunk, batch]; 0 for pairs that are left out. */
function weights({ ignored }: PairChunk): tf.Tensor | number {
  return ignored ? tf.sub(1, ignored) : 1;
}
