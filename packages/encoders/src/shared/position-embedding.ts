import { assertShape, Module, normal, Parameter, type Rng } from '@crossmodal/core';
import * as tf from '@tensorflow/tfjs-core';
import { type PositionGrids, resizePositionEmbeddings } from './resize-position-embeddings';

/** A learned vector for each position, added to what is there. */
export class PositionEmbedding extends Module {
  /** [positions, hiddenSize] */
  readonly weight: Parameter;

  constructor(positions: number, hiddenSize: number, { std, rng }: { std: number; rng: Rng }) {
    super();
    this.weight = new Parameter(normal([positions, hiddenSize], rng, 0, std));
  }

  /**
   * [batch, length, hiddenSize] to the same, for a length up to that of the table; the caller disposes it.
   *
   * @param grids Of patches, where the table is resized from one to the other.
   */
  forward(x: tf.Tensor3D, grids?: PositionGrids): tf.Tensor3D {
    const hiddenSize = this.weight.shape[1]!;
    assertShape(x.shape, [null, null, hiddenSize], 'PositionEmbedding: x');
    const length = x.shape[1];
    return tf.tidy(() => {
      const own = this.weight.value as tf.Tensor2D;
      const table = grids ? resizePositionEmbeddings(own, grids) : own;
      return tf.add(x, length === table.shape[0] ? table : tf.slice(table, [0, 0], [length, -1]));
    });
  }
}
