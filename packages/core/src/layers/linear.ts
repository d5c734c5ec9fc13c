import type * as tf from '@tensorflow/tfjs-core';
import { Module } from '../module';
import { linear } from '../ops/linear';
import { Parameter } from '../parameter';
import type { Rng } from '../rng';
import { uniform } from './initializers';

export interface LinearOptions {
  /** Default true. */
  bias?: boolean | undefined;
  /** Gives weight and bias their first values: uniform in ±1 / sqrt(inFeatures), as PyTorch. */
  rng: Rng;
}

/**
 * Affine map of the last axis, `y = x W + b`.
 *
 * @example
 * const layer = new Linear(4, 2, { rng: new Rng(1) });
 * const y = layer.forward(tf.ones([3, 4])); // [3, 2]
 */
export class Linear extends Module {
  /** [in, out]; in files [out, in]. */
  readonly weight: Parameter;
  /** [out] */
  readonly bias: Parameter | undefined;

  constructor(inFeatures: number, outFeatures: number, { bias = true, rng }: LinearOptions) {
    super();
    const bound = 1 / Math.sqrt(inFeatures);
    this.weight = new Parameter(uniform([inFeatures, outFeatures], rng, -bound, bound), { layout: 'linear' });
    this.bias = bias ? new Parameter(uniform([outFeatures], rng, -bound, bound)) : undefined;
  }

  /** float32 [..., in] to [..., out]. */
  forward(x: tf.Tensor): tf.Tensor {
    return linear(x, this.weight.value, this.bias?.value);
  }
}
