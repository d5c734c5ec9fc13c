import type * as tf from '@tensorflow/tfjs-core';
import { Module } from '../module';
import type { Conv2dOptions } from '../ops/conv2d';
import { depthwiseConv2d } from '../ops/depthwise-conv2d';
import { Parameter } from '../parameter';
import type { Conv2dConfig } from './conv2d';
import { uniform } from './initializers';

/**
 * Depthwise 2-D convolution with a square kernel and PyTorch's padding: one filter a channel.
 *
 * @example
 * const conv = new DepthwiseConv2d(8, { kernelSize: 3, padding: 1, rng: new Rng(1) });
 * const y = conv.forward(tf.ones([1, 32, 32, 8])); // [1, 32, 32, 8]
 */
export class DepthwiseConv2d extends Module {
  /** [height, width, channels, 1]; in files [channels, 1, height, width]. */
  readonly weight: Parameter;
  /** [channels] */
  readonly bias: Parameter | undefined;
  /** Stride and padding. */
  readonly options: Readonly<Conv2dOptions>;

  /** @param config As of a `Conv2d`; first values are uniform in ±1 / kernelSize. */
  constructor(numChannels: number, { kernelSize, bias = true, rng, ...options }: Conv2dConfig) {
    super();
    const bound = 1 / kernelSize;
    const shape = [kernelSize, kernelSize, numChannels, 1];
    this.weight = new Parameter(uniform(shape, rng, -bound, bound), { layout: 'depthwiseConv2d' });
    this.bias = bias ? new Parameter(uniform([numChannels], rng, -bound, bound)) : undefined;
    this.options = options;
  }

  /** float32 [batch, height, width, channels] to [batch, height', width', channels]. */
  forward(x: tf.Tensor4D): tf.Tensor4D {
    const weight = this.weight.value as tf.Tensor as tf.Tensor4D;
    return depthwiseConv2d(x, weight, this.bias?.value, this.options);
  }
}
