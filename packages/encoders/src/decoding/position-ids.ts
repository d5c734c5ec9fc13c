import { assertShape } from '@crossmodal/core';
import * as tf from '@tensorflow/tfjs-core';

/**
 * Positions of the newest `length` tokens, counted without padding (which has the position of the token before it,
 * or 0).
 *
 * @param attentionMask [batch, past + length], 1 for a token; absent: all are tokens.
 * @returns int32 [batch, length], or [1, length] without a mask; the caller disposes it.
 * @throws ShapeError when the mask has another shape.
 */
export function positionIds(
  attentionMask: tf.Tensor2D | undefined,
  [batch, length]: readonly [number, number],
  past: number,
  caller: string,
): tf.Tensor2D {
  return tf.tidy(() => {
    if (!attentionMask) return tf.reshape(tf.range(past, past + length, 1, 'int32'), [1, length]);
    const hint = 'It covers what the caches hold, too.';
    assertShape(attentionMask.shape, [batch, past + length], `${caller}: attentionMask`, hint);
    const counted = tf.cumsum(tf.cast(attentionMask, 'float32'), 1);
    const newest = tf.slice(counted, [0, past], [-1, length]);
    return tf.cast(tf.maximum(tf.sub(newest, 1), 0), 'int32') as tf.Tensor2D;
  });
}
