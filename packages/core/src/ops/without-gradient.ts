import * as tf from '@tensorflow/tfjs-core';
import { customOp } from './custom-op';

/** `f()` as a constant: the tape sees nothing of it, and keeps nothing of it in memory. */
export function withoutGradient<T extends tf.Tensor | tf.Tensor[]>(f: () => T): T {
  return customOp<T>(
    {},
    () => tf.tidy(f),
    () => ({}),
  );
}

/** `x`, through which no gradient passes: `sg[x]` of the papers. */
export function stopGradient<T extends tf.Tensor>(x: T): T {
  return withoutGradient(() => tf.clone(x));
}
