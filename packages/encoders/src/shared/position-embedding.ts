import { assertShape, Module, normal, Parameter, type Rng } from '@crossmodal/core';
import * as tf from '@tensorflow/tfjs-core';

/** A learned vector for each position, added to what is there. */
export class PositionEmbedding extends Module {
  /** [positions, hiddenSize] */
  readonly weight: Parameter;

  constructor(positions: number, hiddenSize: number, { std, rng }: { std: number; rng: Rng }) {
    super();
    this.weight = new Parameter(normal([positions, hiddenSize], rng, 0, std));
  }

  /** [batch, length, hiddenSize] to the same, for a length up to that of the table; the caller disposes it. */
  forward(x: tf.Tensor3D): tf.Tensor3D {
    const [positions, hiddenSize] = this.weight.shape as [number, number];
    assertShape(x.shape, [null, null, hiddenSize], 'PositionEmbedding: x');
    const length = x.shape[1];
    return tf.tidy(() => {
      const table = this.weight.value as tf.Tensor2D;
      return tf.add(x, length === positions ? table : tf.slice(table, [0, 0], [length, -1]));
    });
  }
}
