import { Rng } from '@crossmodal/core';
import * as tf from '@tensorflow/tfjs-core';
import { breathe } from './breathe';
import { ensureEngine } from './engine';

export class TrainService {
  /** Finds the largest eigenvalue of a random symmetric matrix by power iteration, to show progress and stop. */
  async largestEigenvalue(
    size: number,
    steps: number,
    onProgress: (done: number, value: number) => void,
    signal: AbortSignal,
  ): Promise<number> {
    await ensureEngine();
    const rng = new Rng(1);
    const random = tf.tensor2d(
      Float32Array.from({ length: size * size }, () => rng.uniform()),
      [size, size],
    );
    const matrix = tf.tidy(() => tf.add(random, tf.transpose(random)));
    random.dispose();
    let vector = tf.ones([size, 1]) as tf.Tensor2D;
    let value = 0;
    try {
      for (let step = 1; step <= steps; step++) {
        const next = tf.tidy(() => tf.matMul(matrix, vector) as tf.Tensor2D);
        const norm = tf.norm(next);
        vector.dispose();
        vector = tf.tidy(() => tf.div(next, norm) as tf.Tensor2D);
        value = (await norm.data())[0]!;
        tf.dispose([next, norm]);
        onProgress(step, value);
        await breathe();
        signal.throwIfAborted();
      }
    } finally {
      tf.dispose([matrix, vector]);
    }
    return value;
  }
}
