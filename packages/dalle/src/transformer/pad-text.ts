import * as tf from '@tensorflow/tfjs-core';
import type { DALLEConfig } from './dalle-config';

/**
 * Texts of full length: where there is no token, the id of padding at that position, `textVocabSize + position`.
 *
 * @param textIds int32 [batch, length]
 * @param present int32 [batch, length]; 1 for a token, 0 for padding.
 * @returns int32 [batch, textLength]; the caller disposes it.
 */
export function padText(
  textIds: tf.Tensor2D,
  present: tf.Tensor2D,
  { textVocabSize, textLength }: Pick<DALLEConfig, 'textVocabSize' | 'textLength'>,
): tf.Tensor2D {
  const [batch, length] = textIds.shape;
  return tf.tidy(() => {
    const after: [number, number] = [0, textLength - length];
    const isToken = tf.cast(tf.pad2d(present, [[0, 0], after]), 'bool');
    const padding = tf.range(textVocabSize, textVocabSize + textLength, 1, 'int32');
    const all = tf.tile(tf.reshape(padding, [1, textLength]), [batch, 1]);
    return tf.where(isToken, tf.pad2d(textIds, [[0, 0], after]), all) as tf.Tensor2D;
  });
}
