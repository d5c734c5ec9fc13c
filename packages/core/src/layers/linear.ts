import * as tf from '@tensorflow/tfjs-core';
import type { LoRA } from '../adapters/lora';
import type { ForwardContext } from '../forward-context';
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
  static override readonly checkpointKeys = { lora: '' };
  /** [in, out]; in files [out, in]. */
  readonly weight: Parameter;
  /** [out] */
  readonly bias: Parameter | undefined;
  /** Low-rank adapters, where {@link addLoRA} or {@link loadLoRA} gave it some. */
  lora: LoRA | undefined;

  constructor(inFeatures: number, outFeatures: number, { bias = true, rng }: LinearOptions) {
    super();
    const bound = 1 / Math.sqrt(inFeatures);
    this.weight = new Parameter(uniform([inFeatures, outFeatures], rng, -bound, bound), { layout: 'linear' });
    this.bias = bias ? new Parameter(uniform([outFeatures], rng, -bound, bound)) : undefined;
  }

  /** float32 [..., in] to [..., out]. The context is for the dropout of an adapter. */
  forward(x: tf.Tensor, context?: ForwardContext): tf.Tensor {
    const { lora } = this;
    const base = () => linear(x, this.weight.value, this.bias?.value);
    return lora?.isApplied ? tf.tidy(() => lora.addTo(base(), x, context)) : base();
  }

  /** Whether it is `x W + b` and no more, as fused kernels take it to be. */
  get isPlain(): boolean {
    return !this.lora?.isApplied;
  }
}
