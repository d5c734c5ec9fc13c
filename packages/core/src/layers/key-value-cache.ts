import * as tf from '@tensorflow/tfjs-core';

/**
 * Keys and values that a self-attention has computed so far, so that generating goes on from the last token
 * alone. One for each {@link MultiHeadAttention} and sequence; the owner disposes it.
 *
 * @example
 * const cache = new KeyValueCache();
 * attention.forward(prompt, { causal: true, cache });
 * attention.forward(nextToken, { causal: true, cache }); // sees the prompt
 * cache.dispose();
 */
export class KeyValueCache {
  private keys: tf.Tensor4D | undefined;
  private values: tf.Tensor4D | undefined;

  /** Number of positions held. */
  get length(): number {
    return this.keys?.shape[2] ?? 0;
  }

  /**
   * Adds the new positions.
   *
   * @param keys [batch, heads, positions, headDim], and `values` alike.
   * @returns Those of all positions. They belong to the cache: do not dispose them.
   */
  append(keys: tf.Tensor4D, values: tf.Tensor4D): { keys: tf.Tensor4D; values: tf.Tensor4D } {
    const [before, valuesBefore] = [this.keys, this.values];
    this.keys = tf.keep(before ? tf.concat([before, keys], 2) : tf.clone(keys));
    this.values = tf.keep(valuesBefore ? tf.concat([valuesBefore, values], 2) : tf.clone(values));
    before?.dispose();
    valuesBefore?.dispose();
    return { keys: this.keys, values: this.values };
  }

  /** Forgets everything; the cache can be used again. */
  dispose(): void {
    this.keys?.dispose();
    this.values?.dispose();
    this.keys = undefined;
    this.values = undefined;
  }
}
