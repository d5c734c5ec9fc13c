import * as tf from '@tensorflow/tfjs-core';

/**
 * Runs `f`, which computes gradients, within the forward pass of other gradients: that pass's tape sees nothing of it,
 * so what comes out is constant to it. (tfjs would record it all, and keep it in memory, as for second derivatives.)
 */
export function onOwnTape<T>(f: () => T): T {
  const { state } = tf.engine();
  const { activeTape, gradientDepth } = state;
  state.gradientDepth = 0;
  try {
    return f();
  } finally {
    state.activeTape = activeTape!;
    state.gradientDepth = gradientDepth;
  }
}
