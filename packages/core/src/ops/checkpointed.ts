import * as tf from '@tensorflow/tfjs-core';
import type { ForwardContext } from '../forward-context';
import type { Parameter } from '../parameter';
import { BufferSnapshot } from '../train/buffer-snapshot';
import { pullBack } from '../value-and-grad';
import { customOp } from './custom-op';

type Inputs = Record<string, tf.Tensor | undefined>;

/**
 * `fn(inputs, context)`, of which the tape keeps the inputs only: the backward pass runs it once more, with the
 * same random numbers, and has the same gradients for less memory. Running statistics are updated once.
 *
 * @param fn Must depend on nothing but its inputs, the parameters and the context.
 * @param inputs Every tensor that `fn` is to read, beside parameters.
 * @param parameters Those that `fn` reads, buffers included.
 * @returns What `fn` returned; the caller disposes it.
 * @see Chen et al. 2016, "Training deep nets with sublinear memory cost".
 * @example
 * const y = checkpointed(({ x }, context) => mlp.forward(x, context), { x }, mlp.namedParameters().values(), context);
 */
export function checkpointed<I extends Inputs, T extends tf.Tensor>(
  fn: (inputs: I, context: ForwardContext) => T,
  inputs: I,
  parameters: Iterable<Parameter>,
  context: ForwardContext = {},
): T {
  const all = [...parameters];
  const variables = all.filter(({ trainable }) => trainable).map(({ value }) => value);
  const given = Object.entries(inputs).filter(
    (entry): entry is [string, tf.Tensor] => entry[1] !== undefined,
  );
  const names = given.map(([name]) => name);
  const inner = { ...context, gradientCheckpointing: false };
  const rng = context.rng?.copy();
  const named = Object.fromEntries(variables.map((variable, i) => [`parameter ${i}`, variable]));
  return customOp<tf.Tensor>(
    { ...inputs, ...named },
    (save) => {
      save(given.map(([, tensor]) => tensor));
      return fn(inputs, inner);
    },
    (dy, saved) => {
      const again = Object.fromEntries(names.map((name, i) => [name, saved[i]])) as I;
      const leaves: [string, tf.Tensor][] = [
        ...names
          .map((name, i): [string, tf.Tensor] => [name, saved[i]!])
          .filter(([, x]) => x.dtype === 'float32'),
        ...Object.entries(named),
      ];
      const buffers = new BufferSnapshot(all);
      try {
        const run = () => fn(again, rng ? { ...inner, rng } : inner);
        const gradients = pullBack(
          run,
          leaves.map(([, x]) => x),
          dy,
        );
        return Object.fromEntries(
          leaves.map(([name, x], i) => [name, () => gradients[i] ?? tf.zerosLike(x)]),
        );
      } finally {
        buffers.restore();
      }
    },
  ) as T;
}
