import { l2Normalize } from '@crossmodal/core';
import * as tf from '@tensorflow/tfjs-core';

/** Makes the root a line near 0, so that its slope has a bound and rounding errors of a sum that is 0 stay small. */
const EPSILON = 1e-8;

/**
 * Signed square root, `x / sqrt(|x| + 1e-8)`, then unit length, of each row: what keeps the few large values of a product
 * from covering all others. Perronnin et al. 2010; Lin et al. 2015, section 3.1. Any shape to the same, within `tf.tidy`.
 */
export function powerNormalize<T extends tf.Tensor>(x: T): T {
  return l2Normalize(tf.div(x, tf.sqrt(tf.add(tf.abs(x), EPSILON)))) as T;
}
