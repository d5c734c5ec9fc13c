import * as tf from '@tensorflow/tfjs-core';
import type { ForwardContext } from '../forward-context';
import type { Module } from '../module';
import { checkpointed } from '../ops/checkpointed';

interface Block<X extends tf.Tensor, I, Y extends tf.Tensor> extends Module {
  forward(x: X, inputs: I, context?: ForwardContext): Y;
}

/**
 * `block.forward(x, inputs, context)` for a block of a stack: one that is computed again in the backward pass when
 * the context says `gradientCheckpointing` ({@link checkpointed}). With a cache, it never is.
 *
 * @returns What the block returns; the caller disposes it.
 * @example
 * for (const layer of this.layers) x = checkpointedBlock(layer, x, { causal: true }, context);
 */
export function checkpointedBlock<X extends tf.Tensor, I extends object, Y extends tf.Tensor>(
  block: Block<X, I, Y>,
  x: X,
  inputs: I,
  context?: ForwardContext,
): Y {
  const hasCache = 'cache' in inputs && inputs.cache !== undefined;
  if (!context?.gradientCheckpointing || !tf.engine().isTapeOn() || hasCache)
    return block.forward(x, inputs, context);
  const tensors = Object.fromEntries(
    Object.entries(inputs).filter(([, value]) => value instanceof tf.Tensor),
  );
  return checkpointed(
    ({ x, ...again }, context) => block.forward(x as X, { ...inputs, ...again }, context),
    { x, ...tensors } as Record<string, tf.Tensor>,
    block.namedParameters().values(),
    context,
  );
}
