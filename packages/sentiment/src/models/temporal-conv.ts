import { conv2d, Module, Parameter, type Rng, uniform } from '@crossmodal/core';
import type { Sequence } from '@crossmodal/fusion';
import * as tf from '@tensorflow/tfjs-core';

/** Convolution along time without padding and bias, `kernelSize - 1` steps shorter. */
export class TemporalConv extends Module {
  /** [kernelSize, in, out]; in files [out, in, kernelSize]. */
  readonly weight: Parameter;

  constructor(inputSize: number, outputSize: number, kernelSize: number, rng: Rng) {
    super();
    const bound = 1 / Math.sqrt(inputSize * kernelSize);
    const first = uniform([kernelSize, inputSize, outputSize], rng, -bound, bound);
    this.weight = new Parameter(first, { layout: 'conv1d' });
  }

  /** Steps are there where the whole kernel saw what is there: padding changes nothing. Within `tf.tidy`. */
  forward(sequence: Sequence): Sequence {
    const [kernelSize, inputSize, outputSize] = this.weight.shape as [number, number, number];
    const missing = Math.max(0, kernelSize - sequence.features.shape[1]);
    const features = tf.pad(sequence.features, [
      [0, 0],
      [0, missing],
      [0, 0],
    ]) as tf.Tensor3D;
    const padded = tf.pad(sequence.mask, [
      [0, 0],
      [0, missing],
    ]);
    const [batch, length] = features.shape;
    const steps = length - kernelSize + 1;
    const rows = tf.reshape(features, [batch, 1, length, inputSize]) as tf.Tensor4D;
    const filter = tf.reshape(this.weight.value, [1, kernelSize, inputSize, outputSize]) as tf.Tensor4D;
    const mask = Array.from({ length: kernelSize }, (_, i) =>
      tf.slice(padded, [0, i], [batch, steps]),
    ).reduce((a, b) => tf.mul(a, b)) as tf.Tensor2D; // [batch, steps]
    return {
      name: sequence.name,
      features: tf.reshape(conv2d(rows, filter), [batch, steps, outputSize]),
      mask,
      present: tf.max(mask, 1, true),
    };
  }
}
