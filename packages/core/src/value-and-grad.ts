import * as tf from '@tensorflow/tfjs-core';
import type { Parameter } from './parameter';

/** The value of a function and its gradients by parameter key; the caller owns all of them. */
export interface ValueAndGradients {
  value: tf.Scalar;
  gradients: Map<string, tf.Tensor>;
}

/**
 * Computes a scalar and its gradients with respect to the trainable ones of `parameters`. A parameter that `f`
 * does not use has no entry.
 *
 * Activations and their gradients are released as the backward pass goes, not after it (as tf.grads does): the
 * peak of memory is that of the forward pass.
 *
 * @param f The loss; called once.
 * @param parameters By checkpoint key: `module.namedParameters()`.
 *
 * @example
 * const { value, gradients } = valueAndGrad(() => tf.sum(tf.square(w.value)), new Map([['w', w]]));
 */
export function valueAndGrad(
  f: () => tf.Scalar,
  parameters: ReadonlyMap<string, Parameter>,
): ValueAndGradients {
  const trained = [...parameters].filter(([, parameter]) => parameter.trainable);
  if (trained.length === 0) return { value: tf.tidy(f), gradients: new Map() };
  const forward = () => {
    const value = f();
    releaseDuringBackward();
    return value;
  };
  const variables = trained.map(([, parameter]) => parameter.value);
  const { value, grads } = runOnTape(() =>
    tf.engine().gradients(forward, variables, undefined as never, true),
  );
  const gradients = new Map<string, tf.Tensor>();
  for (const [i, [key]] of trained.entries()) {
    const gradient = grads[i];
    if (gradient != null) gradients.set(key, gradient);
  }
  return { value: value as tf.Scalar, gradients };
}

/**
 * Gradients of `sum(dy · f())` for tensors that `f` reads, undefined where it does not: for use within a backward
 * pass, whose own tape stays as it is. The caller owns them.
 */
export function pullBack(f: () => tf.Tensor, xs: tf.Tensor[], dy: tf.Tensor): (tf.Tensor | undefined)[] {
  const forward = () => {
    const y = f();
    releaseDuringBackward();
    return y;
  };
  const { state } = tf.engine();
  const outer = state.activeTape;
  try {
    // A clone of dy, since a backward pass releases what it was given.
    const { value, grads } = runOnTape(() => tf.engine().gradients(forward, xs, tf.clone(dy), true));
    value.dispose();
    return grads;
  } finally {
    if (state.gradientDepth === 0) state.activeTape = outer!;
  }
}

/**
 * Makes each node of the tape release, when its turn comes in the backward pass, what the node after it held: the
 * tensors saved for that node's gradient, the gradients of its outputs, whose last use that was, and the
 * gradients that were added to those of a tensor used more than once.
 */
function releaseDuringBackward(): void {
  const { activeTape, gradientDepth } = tf.engine().state;
  if (activeTape === undefined || gradientDepth !== 1) return; // an outer gradient will need the tape once more
  const reached = new Set<number>();
  let held: tf.Tensor[] = [];
  for (const node of activeTape) {
    const { gradient, saved } = node;
    if (gradient === undefined) continue;
    // Called on a copy of the node that has only the inputs whose gradients are wanted.
    node.gradient = function (this: typeof node, dys) {
      tf.dispose(held);
      held = [...(saved ?? []), ...[dys].flat().filter((dy) => dy != null)];
      const computed = tf.tidy(() => {
        const inputGradients = gradient(dys);
        const owned: tf.Tensor[] = [];
        for (const name of Object.keys(this.inputs)) {
          const dx = inputGradients[name]!();
          // One that is passed on as it came, or to two inputs, needs a life of its own.
          owned.push(held.includes(dx) || owned.includes(dx) ? tf.clone(dx) : dx);
        }
        return owned;
      });
      return Object.fromEntries(
        Object.entries(this.inputs).map(([name, input], i) => {
          if (reached.has(input.id)) held.push(computed[i]!);
          reached.add(input.id);
          return [name, () => computed[i]!];
        }),
      );
    };
  }
}

/** Runs `f`; when it throws, releases what the tape has saved for the way back, which tfjs forgets. */
function runOnTape<T>(f: () => T): T {
  try {
    return f();
  } catch (error) {
    const { state } = tf.engine();
    if (state.gradientDepth === 0) {
      for (const { saved } of state.activeTape ?? []) tf.dispose(saved ?? []);
      state.activeTape = [];
    }
    throw error;
  }
}
