import * as tf from '@tensorflow/tfjs-core';

export interface GradientOptions {
  /** Step of the central difference. Default 1e-2: f32 sums lose digits with smaller ones. */
  step?: number;
  /** Allowed difference, absolute plus relative to the largest gradient. Default 1e-2. */
  tolerance?: number;
  /** Directions tried for each input. Default 4. */
  directions?: number;
}

/**
 * Fails unless the gradient that the tape computes for `f` (tensors to one tensor of any shape) agrees with
 * central differences along random directions of every float input.
 */
export function expectGradient(
  f: (...inputs: tf.Tensor[]) => tf.Tensor,
  inputs: tf.Tensor[],
  { step = 1e-2, tolerance = 1e-2, directions = 4 }: GradientOptions = {},
): void {
  tf.tidy(() => {
    // A fixed random weighting of the outputs makes a scalar that depends on each of them.
    const weights = tf.tidy(() => pseudoRandom(f(...inputs).shape, 7));
    const scalar = (...xs: tf.Tensor[]) => tf.sum(tf.mul(f(...xs), weights)) as tf.Scalar;
    const gradients = tf.grads(scalar as never)(inputs);
    inputs.forEach((input, i) => {
      for (let d = 0; d < directions; d++) {
        const direction = pseudoRandom(input.shape, 11 + 13 * d + i);
        const at = (sign: number) =>
          scalar(
            ...inputs.map((x, j) => (j === i ? tf.add(x, tf.mul(direction, sign * step)) : x)),
          ).dataSync()[0]!;
        const expected = (at(1) - at(-1)) / (2 * step);
        const actual = tf.sum(tf.mul(gradients[i]!, direction)).dataSync()[0]!;
        const scale = Math.max(1, Math.abs(expected), Math.abs(actual));
        if (!(Math.abs(actual - expected) <= tolerance * scale)) {
          throw new Error(
            `expectGradient: input ${i}, direction ${d}: ${actual}, central difference ${expected}.`,
          );
        }
      }
    });
  });
}

function pseudoRandom(shape: number[], seed: number): tf.Tensor {
  const size = shape.reduce((a, b) => a * b, 1);
  const values = Float32Array.from({ length: size }, (_, i) => {
    const x = Math.sin((i + 1) * 12.9898 + seed * 78.233) * 43758.5453;
    return (x - Math.floor(x)) * 2 - 1;
  });
  return tf.tensor(values, shape);
}
