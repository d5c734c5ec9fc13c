import type * as tf from '@tensorflow/tfjs-core';
import type { ForwardContext } from '../forward-context';

interface ImageLayer {
  forward(x: tf.Tensor4D, context?: ForwardContext): tf.Tensor4D;
}

/**
 * Layers of images, at least one, one after the other; what lies between them is released as soon as it can be.
 *
 * @example
 * const y = runInOrder(this.blocks, x, context);
 */
export function runInOrder(
  layers: Iterable<ImageLayer>,
  x: tf.Tensor4D,
  context?: ForwardContext,
): tf.Tensor4D {
  let y = x;
  for (const layer of layers) {
    const next = layer.forward(y, context);
    if (y !== x) y.dispose();
    y = next;
  }
  return y;
}
