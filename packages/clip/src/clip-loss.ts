import { softmaxCrossEntropy } from '@crossmodal/core';
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

/** Added to a logit, leaves nothing of it in a softmax. */
const EXCLUDED = -1e9;

/**
 * Symmetric contrastive (InfoNCE) loss: each image picks its text among the batch's, each text its image.
 *
 * `loss = (crossEntropy(logits, i) + crossEntropy(logitsᵀ, i)) / 2` with `logits = logitScale · images · textsᵀ`,
 * averaged over the batch. With `captionIds`, the pair of image i and text j ≠ i is left out of both softmaxes
 * when rows i and j have the same caption: it is neither a negative nor a second positive; and with `ignoredPairs`
 * where that says so.
 *
 * @param imageFeatures [batch, dim], float32, rows of unit length ({@link CLIPOutput}).
 * @param textFeatures [batch, dim], float32, rows of unit length; row i belongs to row i of the images.
 * @param logitScale [], the factor itself (not its logarithm): `CLIPOutput.logitScale`.
 * @returns [], which the caller disposes. Differentiable once in all three arguments.
 * @throws ShapeError when shapes do not agree; ConfigError for a chunk size that is not a positive integer.
 * @see Radford et al. 2021, "Learning transferable visual models from natural language supervision", figure 3.
 * @example
 * const { imageFeatures, textFeatures, logitScale } = clip.forward({ pixelValues, inputIds });
 * const loss = clipLoss(imageFeatures, textFeatures, logitScale, { captionIds: [0, 1, 0, 2] });
 */
export function clipLoss(
  imageFeatures: tf.Tensor2D,
  textFeatures: tf.Tensor2D,
  logitScale: tf.Scalar,
  options: ContrastiveLossOptions = {},
): tf.Scalar {
  const { starts, size } = planChunks(imageFeatures, textFeatures, { logitScale }, options, 'clipLoss');
  return tf.tidy(() =>
    starts.length === 1
      ? lossAtOnce(imageFeatures, textFeatures, logitScale, options)
      : lossInChunks(imageFeatures, textFeatures, logitScale, options, starts, size),
  );
}

/** All logits are kept for the gradient. */
function lossAtOnce(
  images: tf.Tensor2D,
  texts: tf.Tensor2D,
  scale: tf.Scalar,
  options: ContrastiveLossOptions,
): tf.Scalar {
  const batch = images.shape[0];
  const logits = logitsOf(pairChunk(images, texts, exclusions(options), 0, batch), scale); // [batch, batch]
  const own = tf.range(0, batch, 1, 'int32');
  const [ofImages, ofTexts] = [logits, tf.transpose(logits)].map((rows) =>
    softmaxCrossEntropy(rows, own, { reduction: 'none' }),
  ) as [tf.Tensor1D, tf.Tensor1D];
  return tf.mul(tf.sum(tf.add(ofImages, ofTexts)), 0.5 / batch);
}

/** Logits are computed again for the gradient, a chunk at a time. */
function lossInChunks(
  imageFeatures: tf.Tensor2D,
  textFeatures: tf.Tensor2D,
  logitScale: tf.Scalar,
  options: ContrastiveLossOptions,
  starts: readonly number[],
  size: number,
): tf.Scalar {
  const batch = imageFeatures.shape[0];
  const loss = tf.customGrad((...args) => {
    const [images, texts, scale, save] = args as [tf.Tensor2D, tf.Tensor2D, tf.Scalar, tf.GradSaveFunc];
    const excluded = exclusions(options);
    const logSums = starts.map((start) =>
      tf.tidy(() => {
        const logits = logitsOf(pairChunk(images, texts, excluded, start, size), scale);
        return { rows: tf.logSumExp(logits, 1), columns: tf.logSumExp(logits, 0) };
      }),
    );
    const rows = tf.concat(logSums.map((part) => part.rows)); // [batch]
    const columns = tf.logSumExp(tf.stack(logSums.map((part) => part.columns)), 0); // [batch]
    const own = tf.mul(scale, tf.sum(tf.mul(images, texts), 1)); // [batch], the diagonal of the logits
    const value = tf.mean(tf.sub(tf.mul(tf.add(rows, columns), 0.5), own));
    save([images, texts, scale, rows, columns, ...Object.values(excluded)]);

    const gradFunc = (dy: tf.Tensor, saved: tf.Tensor[]) => {
      const [images, texts, scale, rows, columns, ...rest] = saved as [
        tf.Tensor2D,
        tf.Tensor2D,
        tf.Scalar,
        tf.Tensor1D,
        tf.Tensor1D,
        ...tf.Tensor[],
      ];
      const again = savedExclusions(excluded, rest);
      // dloss / dlogits = (softmax by row + softmax by column - 2 identity) / (2 batch), a chunk at a time.
      const weight = tf.div(dy, 2 * batch);
      let ofTexts: tf.Tensor2D | undefined;
      const parts = starts.map((start) => {
        const { texts: more, ...part } = tf.tidy(() => {
          const chunk = pairChunk(images, texts, again, start, size);
          const logits = logitsOf(chunk, scale);
          const rowSums = tf.expandDims(tf.slice(rows, start, logits.shape[0]), 1); // [chunk, 1]
          const softmaxes = tf.add(tf.exp(tf.sub(logits, rowSums)), tf.exp(tf.sub(logits, columns)));
          const dlogits = tf.mul(weight, tf.sub(softmaxes, tf.mul(chunk.own, 2))) as tf.Tensor2D;
          const scaled = tf.mul(dlogits, scale) as tf.Tensor2D; // [chunk, batch]
          return {
            images: tf.matMul(scaled, texts), // [chunk, dim]
            texts: tf.matMul(scaled, chunk.images, true) as tf.Tensor2D, // [batch, dim]
            scale: tf.sum(tf.mul(dlogits, chunk.similarities)),
          };
        });
        ofTexts = addTo(ofTexts, more);
        return part;
      });
      return [
        tf.concat(parts.map((part) => part.images)),
        ofTexts!,
        tf.addN(parts.map((part) => part.scale)),
      ];
    };
    return { value, gradFunc };
  });
  return loss(imageFeatures, textFeatures, logitScale) as tf.Scalar;
}

/** [chunk, batch]; pairs that are left out are masked. */
function logitsOf({ similarities, ignored }: PairChunk, scale: tf.Scalar): tf.Tensor2D {
  const logits = tf.mul(scale, similarities) as tf.Tensor2D;
  return ignored ? tf.add(logits, tf.mul(ignored, EXCLUDED)) : logits;
}
