import type * as tf from '@tensorflow/tfjs-core';
import { Module } from '../module';
import { type Conv2dOptions, conv2d } from '../ops/conv2d';
import { Parameter } from '../parameter';
import type { Rng } from '../rng';
import { uniform } from './initializers';

export interface Conv2dConfig extends Conv2dOptions {
  kernelSize: number;
  /** Default true. */
  bias?: boolean | undefined;
  /** Gives weight and bias their first values: uniform in ±1 / sqrt(in x kernelSize^2), as PyTorch. */
  rng: Rng;
}

/**
 * 2-D convolution with a square kernel and PyTorch's padding.
 *
 * @example
 * const conv = new Conv2d(3, 8, { kernelSize: 3, stride: 2, padding: 1, rng: new Rng(1) });
 * const y = conv.forward(tf.ones([1, 32, 32, 3])); // [1, 16, 16, 8]
 */
export class Conv2d extends Module {
  /** [height, width, in, out]; in files [out, in, height, width]. */
  readonly weight: Parameter;
  /** [out] */
  readonly bias: Parameter | undefined;
  /** Stride and padding. */
  readonly options: Readonly<Conv2dOptions>;

  constructor(
    inChannels: number,
    outChannels: number,
    { kernelSize, bias = true, rng, ...options }: Conv2dConfig,
  ) {
    super();
    const bound = 1 / Math.sqrt(inChannels * kernelSize ** 2);
    const shape = [kernelSize, kernelSize, inChannels, outChannels];
    this.weight = new Parameter(uniform(shape, rng, -bound, bound), { layout: 'conv2d' });
    this.bias = bias ? new Parameter(uniform([outChannels], rng, -bound, bound)) : undefined;
    this.options = options;
  }

  /** float32 [batch, height, width, in] to [batch, height', width', out]. */
  forward(x: tf.Tensor4D): tf.Tensor4D {
    return conv2d(x, this.weight.value as tf.Tensor as tf.Tensor4D, this.bias?.value, this.options);
  }
}
