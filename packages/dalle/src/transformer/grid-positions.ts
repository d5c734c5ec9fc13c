import { Embedding, Module, type Rng } from '@crossmodal/core';
import * as tf from '@tensorflow/tfjs-core';
import type { SequenceLayout } from './sequence-layout';

/** A learned vector for each position of the text, and for an image token the sum of its row's and its column's. */
export class GridPositions extends Module {
  readonly textPositions: Embedding;
  readonly rowPositions: Embedding;
  readonly columnPositions: Embedding;

  constructor(
    private readonly layout: SequenceLayout,
    hiddenSize: number,
    rng: Rng,
  ) {
    super();
    this.textPositions = new Embedding(layout.textPositions, hiddenSize, { rng });
    this.rowPositions = new Embedding(layout.gridHeight, hiddenSize, { rng });
    this.columnPositions = new Embedding(layout.gridWidth, hiddenSize, { rng });
  }

  /** Those of the positions from `start`, [length, hiddenSize]; the caller disposes them. */
  forward(start: number, length: number): tf.Tensor2D {
    const { textPositions, gridWidth } = this.layout;
    const text = Math.max(0, Math.min(textPositions - start, length));
    return tf.tidy(() => {
      const parts: tf.Tensor[] = [];
      if (text > 0) parts.push(tf.slice(this.textPositions.weight.value, [start, 0], [text, -1]));
      if (text < length) {
        const first = start + text - textPositions;
        const indices = Array.from({ length: length - text }, (_, i) => first + i);
        const rows = indices.map((index) => Math.floor(index / gridWidth));
        const columns = indices.map((index) => index % gridWidth);
        const ofRows = this.rowPositions.forward(tf.tensor1d(rows, 'int32'));
        parts.push(tf.add(ofRows, this.columnPositions.forward(tf.tensor1d(columns, 'int32'))));
      }
      return tf.concat(parts, 0) as tf.Tensor2D;
    });
  }
}
