import * as tf from '@tensorflow/tfjs-core';
import { assertShape } from '../assert-shape';
import { Module } from '../module';
import { linear } from '../ops/linear';
import { type LSTMStates, lstm } from '../ops/lstm';
import { Parameter } from '../parameter';
import type { Rng } from '../rng';
import { uniform } from './initializers';

export interface LSTMConfig {
  inputSize: number;
  hiddenSize: number;
  /** Whether a second LSTM reads the sequence from its end. Default false. */
  bidirectional?: boolean | undefined;
  /** Gives all weights their first values: uniform in ±1 / sqrt(hiddenSize), as PyTorch. */
  rng: Rng;
}

export interface LSTMOutput {
  /** [batch, length, directions * hiddenSize]: hidden states at each step, zeros where masked. */
  output: tf.Tensor3D;
  /** [batch, directions * hiddenSize]: hidden states after the last step of each direction. */
  hidden: tf.Tensor2D;
  /** [batch, directions * hiddenSize]: cells after the last step of each direction. */
  cell: tf.Tensor2D;
}

/**
 * Long short-term memory of one layer, in one or both directions; the same as PyTorch's `nn.LSTM` with `batch_first`,
 * and its names in files. Masked steps change nothing, which is what packed sequences do there. Hochreiter and
 * Schmidhuber 1997; Gers et al. 2000.
 *
 * @example
 * const lstm = new LSTM({ inputSize: 4, hiddenSize: 3, bidirectional: true, rng: new Rng(1) });
 * const { output, hidden } = lstm.forward(tf.ones([2, 5, 4])); // [2, 5, 6], [2, 6]
 */
export class LSTM extends Module {
  static override readonly checkpointKeys = Object.fromEntries(
    ['weight_ih', 'weight_hh', 'bias_ih', 'bias_hh'].flatMap((name) => [
      [`ahead.${name}`, `${name}_l0`],
      [`back.${name}`, `${name}_l0_reverse`],
    ]),
  );
  readonly ahead: Direction;
  readonly back: Direction | undefined;

  constructor({ inputSize, hiddenSize, bidirectional = false, rng }: LSTMConfig) {
    super();
    this.ahead = new Direction(inputSize, hiddenSize, rng);
    this.back = bidirectional ? new Direction(inputSize, hiddenSize, rng) : undefined;
  }

  /**
   * @param x float32 [batch, length, inputSize]
   * @param mask [batch, length]: 1 for a step, 0 for padding, wherever it lies. Default: all 1.
   * @throws ShapeError when shapes do not fit.
   */
  forward(x: tf.Tensor, mask?: tf.Tensor2D): LSTMOutput {
    assertShape(x.shape, [null, null, this.ahead.weightIh.shape[0]!], 'LSTM: x');
    if (mask) assertShape(mask.shape, x.shape.slice(0, 2), 'LSTM: mask');
    return tf.tidy(() => {
      const ahead = this.ahead.forward(x, mask, false);
      const back = this.back?.forward(x, mask, true);
      if (!back) return { ...ahead };
      return {
        output: tf.concat([ahead.output, back.output], 2),
        hidden: tf.concat([ahead.hidden, back.hidden], 1),
        cell: tf.concat([ahead.cell, back.cell], 1),
      };
    });
  }
}

/** The weights of one direction. */
class Direction extends Module {
  /** [inputSize, 4 hiddenSize], for the input, forget, candidate and output gates; in files transposed. */
  readonly weightIh: Parameter;
  /** [hiddenSize, 4 hiddenSize]; in files transposed. */
  readonly weightHh: Parameter;
  /** [4 hiddenSize] */
  readonly biasIh: Parameter;
  /** [4 hiddenSize]; added to the other one. */
  readonly biasHh: Parameter;

  constructor(inputSize: number, hiddenSize: number, rng: Rng) {
    super();
    const bound = 1 / Math.sqrt(hiddenSize);
    const first = (...shape: number[]) => uniform(shape, rng, -bound, bound);
    this.weightIh = new Parameter(first(inputSize, 4 * hiddenSize), { layout: 'linear' });
    this.weightHh = new Parameter(first(hiddenSize, 4 * hiddenSize), { layout: 'linear' });
    this.biasIh = new Parameter(first(4 * hiddenSize));
    this.biasHh = new Parameter(first(4 * hiddenSize));
  }

  forward(x: tf.Tensor, mask: tf.Tensor2D | undefined, reverse: boolean): LSTMStates {
    const bias = tf.add(this.biasIh.value, this.biasHh.value);
    const gates = linear(x, this.weightIh.value, bias) as tf.Tensor3D; // [batch, length, 4 hiddenSize]
    return lstm(gates, this.weightHh.value as unknown as tf.Tensor2D, { mask, reverse });
  }
}
