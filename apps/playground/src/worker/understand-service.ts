import * as tf from '@tensorflow/tfjs-core';
import { ensureEngine } from './engine';

export class UnderstandService {
  /** Probabilities of scores. */
  async probabilities(scores: readonly number[]): Promise<Float32Array> {
    await ensureEngine();
    const result = tf.tidy(() => tf.softmax(tf.tensor1d([...scores])));
    const values = (await result.data()) as Float32Array;
    result.dispose();
    return values;
  }
}
