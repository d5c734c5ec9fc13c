import * as tf from '@tensorflow/tfjs-core';
import { ConfigError } from '../errors';
import { fileShape, type ParameterLayout } from '../parameter';
import type { Rng } from '../rng';

/** What the scale of a weight's first values is computed from. */
export interface FanOptions {
  /** How the weight lies in the engine: says which sizes are inputs and which outputs. Default `linear`. */
  layout?: ParameterLayout;
}

export interface KaimingOptions extends FanOptions {
  /** Keep the variance of the activations (`fanIn`, the default) or of the gradients (`fanOut`). */
  mode?: 'fanIn' | 'fanOut';
  /** What follows the layer. Default `leakyRelu`. */
  nonlinearity?: Nonlinearity;
  /** Negative slope of the leaky ReLU. Default 0, a ReLU. */
  a?: number;
}

export type Nonlinearity = 'linear' | 'sigmoid' | 'tanh' | 'relu' | 'leakyRelu' | 'selu';

/**
 * PyTorch's recommended factor on the standard deviation for what follows the layer.
 *
 * @param a Negative slope, of `leakyRelu` only.
 */
export function nonlinearityGain(nonlinearity: Nonlinearity, a = 0.01): number {
  const gains = {
    linear: 1,
    sigmoid: 1,
    tanh: 5 / 3,
    relu: Math.SQRT2,
    leakyRelu: Math.sqrt(2 / (1 + a * a)),
    selu: 3 / 4,
  };
  return gains[nonlinearity];
}

/**
 * Number of inputs and outputs that one weight connects, as PyTorch counts them from the shape in files
 * `[a, b, ...window]`: fan in is b x window, fan out a x window.
 *
 * @throws ConfigError for fewer than two dimensions.
 */
export function fans(shape: readonly number[], layout: ParameterLayout = 'linear') {
  if (shape.length < 2)
    throw new ConfigError(`fans: shape: expected two dimensions or more, received [${shape.join(', ')}].`);
  const [first, second, ...window] = fileShape(shape, layout) as [number, number, ...number[]];
  const field = window.reduce((product, size) => product * size, 1);
  return { fanIn: second * field, fanOut: first * field };
}

/** Values uniform in [low, high), in a new tensor. */
export function uniform(shape: number[], rng: Rng, low = 0, high = 1): tf.Tensor {
  return tf.tensor(rng.uniformArray(tf.util.sizeFromShape(shape), low, high), shape);
}

/** Values from N(mean, std^2), in a new tensor. */
export function normal(shape: number[], rng: Rng, mean = 0, std = 1): tf.Tensor {
  return tf.tensor(rng.normalArray(tf.util.sizeFromShape(shape), mean, std), shape);
}

/** Values from N(mean, std^2), redrawn until in [low, high]: absolute values, as PyTorch's `trunc_normal_`. */
export function truncatedNormal(
  shape: number[],
  rng: Rng,
  { mean = 0, std = 1, low = -2, high = 2 } = {},
): tf.Tensor {
  const size = tf.util.sizeFromShape(shape);
  const values = Float32Array.from({ length: size }, () => rng.truncatedNormal(mean, std, low, high));
  return tf.tensor(values, shape);
}

/**
 * Uniform in ±gain sqrt(3 / fan). He et al. 2015, equation 10.
 *
 * @example
 * linear.weight.assign(kaimingUniform(linear.weight.shape, rng, { layout: linear.weight.layout }));
 */
export function kaimingUniform(shape: number[], rng: Rng, options: KaimingOptions = {}): tf.Tensor {
  const bound = Math.sqrt(3) * kaimingStd(shape, options);
  return uniform(shape, rng, -bound, bound);
}

/** Normal with standard deviation gain / sqrt(fan). He et al. 2015, equation 10. */
export function kaimingNormal(shape: number[], rng: Rng, options: KaimingOptions = {}): tf.Tensor {
  return normal(shape, rng, 0, kaimingStd(shape, options));
}

/** Uniform in ±gain sqrt(6 / (fanIn + fanOut)). Glorot and Bengio 2010, equation 16. */
export function xavierUniform(
  shape: number[],
  rng: Rng,
  { layout, gain = 1 }: FanOptions & { gain?: number } = {},
): tf.Tensor {
  const bound = Math.sqrt(3) * gain * xavierStd(shape, layout);
  return uniform(shape, rng, -bound, bound);
}

/** Normal with standard deviation gain sqrt(2 / (fanIn + fanOut)). Glorot and Bengio 2010, equation 12. */
export function xavierNormal(
  shape: number[],
  rng: Rng,
  { layout, gain = 1 }: FanOptions & { gain?: number } = {},
): tf.Tensor {
  return normal(shape, rng, 0, gain * xavierStd(shape, layout));
}

function kaimingStd(
  shape: number[],
  { layout, mode = 'fanIn', nonlinearity = 'leakyRelu', a = 0 }: KaimingOptions,
): number {
  return nonlinearityGain(nonlinearity, a) / Math.sqrt(fans(shape, layout)[mode]);
}

function xavierStd(shape: number[], layout: ParameterLayout | undefined): number {
  const { fanIn, fanOut } = fans(shape, layout);
  return Math.sqrt(2 / (fanIn + fanOut));
}
