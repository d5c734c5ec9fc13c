import { assertShape, softmaxCrossEntropy } from '@crossmodal/core';
import * as tf from '@tensorflow/tfjs-core';
import type { CLIPOutput } from './clip';
import { logitsPerImage } from './logits-per-image';

/** How much each part of {@link clipDistillationLoss} counts; a part of weight 0 costs nothing. */
export interface DistillationWeights {
  /** Which texts each image goes with, and which images each text, as the teacher sees it. Default 1. */
  relation?: number;
  /** The features themselves, of one size. CLIP-KD: 2000. Default 0. */
  feature?: number;
  /** The student's images against the teacher's texts, and its texts against the teacher's images. Default 0. */
  interaction?: number;
}

/**
 * What a student CLIP is to learn from a teacher's features of the same batch, to be added to {@link clipLoss}.
 *
 * - relation: `(H(softmax T, softmax S) + H(softmax Tᵀ, softmax Sᵀ)) / 2`, the cross-entropy of the rows of both
 *   models' logits, each with its own scale (open_clip's `DistillClipLoss`);
 * - feature: the mean squares of the difference of the images' features, and of the texts', added;
 * - interaction: `(crossEntropy(s · imagesS · textsTᵀ, i) + crossEntropy(s · textsS · imagesTᵀ, i)) / 2`, with the
 *   student's scale s.
 *
 * @param teacher Made outside the function whose gradient is taken, so that the tape does not hold it.
 * @returns [], which the caller disposes.
 * @throws ShapeError when the batches differ; and the sizes of the features, for all but the relation.
 * @see Yang et al. 2023, "CLIP-KD: An empirical study of CLIP model distillation", sections 3.2 to 3.5.
 * @example
 * const known = teacher.forward(batch);
 * const { value, gradients } = valueAndGrad(() => {
 *   const output = student.forward(batch, { training: true, rng });
 *   const task = clipLoss(output.imageFeatures, output.textFeatures, output.logitScale);
 *   return tf.add(task, clipDistillationLoss(output, known, { relation: 1, feature: 2000 }));
 * }, student.trainableParameters());
 */
export function clipDistillationLoss(
  student: CLIPOutput,
  teacher: CLIPOutput,
  { relation = 1, feature = 0, interaction = 0 }: DistillationWeights = {},
): tf.Scalar {
  const towers = ['imageFeatures', 'textFeatures'] as const;
  const batch = student.imageFeatures.shape[0];
  for (const name of towers) {
    const size = feature || interaction ? student[name].shape[1] : null;
    assertShape(teacher[name].shape, [batch, size], `clipDistillationLoss: teacher.${name}`);
  }
  return tf.tidy(() => {
    const parts: tf.Tensor[] = [tf.scalar(0)];
    if (relation) {
      const [to, of] = [logitsPerImage(teacher), logitsPerImage(student)]; // [batch, batch]
      const both = tf.add(rowCrossEntropy(to, of), rowCrossEntropy(tf.transpose(to), tf.transpose(of)));
      parts.push(tf.mul(both, relation / 2));
    }
    if (feature) {
      const squares = towers.map((name) => tf.mean(tf.square(tf.sub(student[name], teacher[name]))));
      parts.push(tf.mul(tf.addN(squares), feature));
    }
    if (interaction) {
      const labels = tf.range(0, batch, 1, 'int32');
      const picks = ([own, other]: [tf.Tensor2D, tf.Tensor2D]) =>
        softmaxCrossEntropy(tf.mul(student.logitScale, tf.matMul(own, other, false, true)), labels);
      const both = tf.add(
        picks([student.imageFeatures, teacher.textFeatures]),
        picks([student.textFeatures, teacher.imageFeatures]),
      );
      parts.push(tf.mul(both, interaction / 2));
    }
    return tf.addN(parts) as tf.Scalar;
  });
}

/** Mean over the rows of the cross-entropy of `softmax(of)` from `softmax(to)`. */
function rowCrossEntropy(to: tf.Tensor2D, of: tf.Tensor2D): tf.Scalar {
  return tf.mul(tf.sum(tf.mul(tf.softmax(to), tf.logSoftmax(of))), -1 / to.shape[0]) as tf.Scalar;
}
