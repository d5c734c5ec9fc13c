import type * as tf from '@tensorflow/tfjs-core';
import { type ForwardContext, requireRng } from '../forward-context';
import { Module } from '../module';
import { assertRate, dropout, dropPath } from '../ops/dropout';

/**
 * In training, sets each value to 0 with probability `rate` and divides the others by `1 - rate`; nothing
 * otherwise. Srivastava et al. 2014.
 *
 * @example
 * const drop = new Dropout(0.1);
 * const y = drop.forward(x, { training: true, rng });
 */
export class Dropout extends Module {
  constructor(readonly rate: number) {
    super();
    assertRate(rate, 'Dropout');
  }

  /** Any shape to the same. The result is a new tensor in inference too, so that the caller may dispose it. */
  forward<T extends tf.Tensor>(x: T, context?: ForwardContext): T {
    if (!context?.training || this.rate === 0) return x.clone() as T;
    return dropout(x, this.rate, requireRng(context, 'Dropout'));
  }
}

/**
 * Stochastic depth: in training, sets whole samples to 0 with probability `rate` and divides the others by
 * `1 - rate`; nothing otherwise. For the branch of a residual block. Huang et al. 2016.
 *
 * @example
 * const y = tf.add(x, new DropPath(0.1).forward(branch, { training: true, rng }));
 */
export class DropPath extends Module {
  constructor(readonly rate: number) {
    super();
    assertRate(rate, 'DropPath');
  }

  /** [batch, ...] to the same. The result is a new tensor in inference too, so that the caller may dispose it. */
  forward<T extends tf.Tensor>(x: T, context?: ForwardContext): T {
    if (!context?.training || this.rate === 0) return x.clone() as T;
    return dropPath(x, this.rate, requireRng(context, 'DropPath'));
  }
}
