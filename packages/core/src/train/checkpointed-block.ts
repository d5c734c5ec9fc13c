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
  const tensors: Record<string, tf.Tensor> = { x };
  mapTensors(inputs, (tensor, path) => {
    tensors[path] = tensor;
    return tensor;
  });
  return checkpointed(
    (again, context) => {
      const given = mapTensors(inputs, (_, path) => again[path]!);
      return block.forward(again['x'] as X, given as I, context);
    },
    tensors,
    block.namedParameters().values(),
    context,
  );
}

/** `value` with `f` of every tensor in its place, those of plain objects in it too. */
function mapTensors(
  value: unknown,
  f: (tensor: tf.Tensor, path: string) => tf.Tensor,
  path = 'inputs',
): unknown {
  if (value instanceof tf.Tensor) return f(value, path);
  if (Object.getPrototypeOf(value ?? 0) !== Object.prototype) return value;
  const entries = Object.entries(value as object);
  return Object.fromEntries(entries.map(([key, part]) => [key, mapTensors(part, f, `${path}.${key}`)]));
}
