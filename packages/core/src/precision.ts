import * as tf from '@tensorflow/tfjs-core';

/** What products of matrices, convolutions and attention are computed in. Everything else, and the weights, are float32 in either. */
export type Precision = 'f32' | 'f16';

/** An engine that has float16: products are computed in what its `precision` says. */
interface F16Engine {
  supportsF16: boolean;
  precision: Precision;
}

/**
 * Whether the engine in use can compute products in float16: `webgpu` on devices with `shader-f16`.
 *
 * @example
 * const precision = computesInF16() ? 'f16' : 'f32';
 */
export function computesInF16(): boolean {
  return (tf.backend() as Partial<F16Engine>).supportsF16 === true;
}

/**
 * Runs `f` with products of matrices, convolutions and attention in `precision`: with 'f16' what is multiplied is
 * rounded to float16, products and sums are float32. Numbers beyond 65,504 become infinite in it, and gradients below
 * 6e-8 zero (`Trainer` scales its loss for that). An engine that has no float16 ({@link computesInF16}) computes in
 * float32 all the same.
 *
 * @param f May be asynchronous: what else the engine is asked meanwhile is computed so too.
 * @returns What `f` returns.
 * @example
 * const features = withPrecision('f16', () => clip.getImageFeatures(pixelValues));
 */
export function withPrecision<T>(precision: Precision, f: () => T): T {
  const engine = tf.backend() as unknown as F16Engine;
  if (!computesInF16() || engine.precision === precision) return f();
  const before = engine.precision;
  const restore = () => {
    engine.precision = before;
  };
  engine.precision = precision;
  let result: T;
  try {
    result = f();
  } catch (error) {
    restore();
    throw error;
  }
  if (result instanceof Promise) return result.finally(restore) as T;
  restore();
  return result;
}
