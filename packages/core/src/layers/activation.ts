import type * as tf from '@tensorflow/tfjs-core';
import { gelu } from '../ops/gelu';
import { relu } from '../ops/relu';
import { silu } from '../ops/silu';

const functions = {
  gelu: (x: tf.Tensor) => gelu(x),
  geluTanh: (x: tf.Tensor) => gelu(x, 'tanh'),
  quickGelu: (x: tf.Tensor) => gelu(x, 'quick'),
  silu,
  relu: (x: tf.Tensor) => relu(x),
} satisfies Record<string, (x: tf.Tensor) => tf.Tensor>;

/** An activation, element by element. */
export type Activation = keyof typeof functions;

/** Applies an activation: any shape to the same. */
export function activate(x: tf.Tensor, activation: Activation): tf.Tensor {
  return functions[activation](x);
}
