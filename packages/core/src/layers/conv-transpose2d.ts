import type * as tf from '@tensorflow/tfjs-core';
import { Module } from '../module';
import { type ConvTranspose2dOptions, convTranspose2d } from '../ops/conv-transpose2d';
import { Parameter } from '../parameter';
import type { Rng } from '../rng';
import { uniform } from './initializers';

export interface ConvTranspose2dConfig extends ConvTranspose2dOptions {
  kernelSize: number;
  /** Default true. */
  bias?: boolean | undefined;
  /** Gives weight and bias their first values: uniform in ±1 / sqrt(out x kernelSize^2), as PyTorch. */
  rng: Rng;
}

/**
 * Transposed 2-D convolution with a square kernel: makes images larger, in decoders.
 *
 * @example
 * const up = new ConvTranspose2d(8, 3, { kernelSize: 4, stride: 2, padding: 1, rng: new Rng(1) });
 * const y = up.forward(tf.ones([1, 16, 16, 8])); // [1, 32, 32, 3]
 */
export class ConvTranspose2d extends Module {
  /** [height, width, out, in]; in files [in, out, height, width]. */
  readonly weight: Parameter;
  /** [out] */
  readonly bias: Parameter | undefined;
  private readonly options: ConvTranspose2dOptions;

  constructor(
    inChannels: number,
    outChannels: number,
    { kernelSize, bias = true, rng, ...options }: ConvTranspose2dConfig,
  ) {
    super();
    const bound = 1 / Math.sqrt(outChannels * kernelSize ** 2);
    const shape = [kernelSize, kernelSize, outChannels, inChannels];
    this.weight = new Parameter(uniform(shape, rng, -bound, bound), { layout: 'convTranspose2d' });
    this.bias = bias ? new Parameter(uniform([outChannels], rng, -bound, bound)) : undefined;
    this.options = options;
  }

  /** float32 [batch, height, width, in] to [batch, height', width', out]. */
  forward(x: tf.Tensor4D): tf.Tensor4D {
    return convTranspose2d(x, this.weight.value as tf.Tensor as tf.Tensor4D, this.bias?.value, this.options);
  }
}
