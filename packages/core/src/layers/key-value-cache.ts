import * as tf from '@tensorflow/tfjs-core';
import { assertShape } from '../assert-shape';

type Shape4D = [number, number, number, number];
interface KeysAndValues {
  keys: tf.Tensor4D;
  values: tf.Tensor4D;
}

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
  /** [batch, heads, capacity, headDim]: only the first `length` positions hold anything. */
  private stored: KeysAndValues | undefined;
  private held = 0;

  /**
   * A cache that holds what is given: it takes both over.
   *
   * @param keys [batch, heads, capacity, headDim], and `values` alike; the first `length` positions count.
   */
  static holding(keys: tf.Tensor4D, values: tf.Tensor4D, length: number): KeyValueCache {
    const cache = new KeyValueCache();
    cache.set({ keys, values }, length);
    return cache;
  }

  /** What is held, [batch, heads, capacity, headDim]; it belongs to the cache. */
  get tensors(): Readonly<KeysAndValues> | undefined {
    return this.stored;
  }

  /** Takes over what somebody else has computed; the first `length` positions count. */
  set({ keys, values }: KeysAndValues, length: number): void {
    this.held = length;
    this.store(keys, values);
  }

  /** Number of positions held. */
  get length(): number {
    return this.held;
  }

  /**
   * Adds the new positions.
   *
   * @param keys [batch, heads, positions, headDim], and `values` alike.
   * @returns Those of all positions. They belong to the cache: do not dispose them.
   * @throws ShapeError when they do not fit what is held.
   */
  append(keys: tf.Tensor4D, values: tf.Tensor4D): KeysAndValues {
    this.assertFits(keys.shape);
    const { held, stored } = this;
    const joined = (before: tf.Tensor4D | undefined, now: tf.Tensor4D) =>
      tf.tidy(() => (before ? tf.concat([firstPositions(before, held), now], 2) : tf.clone(now)));
    this.held += keys.shape[2];
    return this.store(joined(stored?.keys, keys), joined(stored?.values, values));
  }

  /**
   * Adds positions that the caller computes: it writes them after the `length` ones of before, in place. For
   * kernels that can.
   *
   * @param shape [batch, heads, new positions, headDim]
   * @returns Memory with room for them, [batch, heads, capacity, headDim]. It belongs to the cache: do not dispose it.
   * @throws ShapeError when the shape does not fit what is held.
   */
  extend(shape: Shape4D): KeysAndValues {
    this.assertFits(shape);
    const { stored } = this;
    const [batch, heads, positions, headDim] = shape;
    this.held += positions;
    const capacity = stored?.keys.shape[2] ?? 0;
    if (stored && this.held <= capacity && !isShared(stored.keys) && !isShared(stored.values)) return stored;
    // Half as much again, so that moving what is held costs little for each position.
    const room = Math.max(1, Math.ceil(1.5 * this.held) - capacity);
    const more = tf.zeros([batch, heads, room, headDim]) as tf.Tensor4D;
    const grown = (x: tf.Tensor4D | undefined) => (x ? tf.concat([x, more], 2) : tf.clone(more));
    const result = this.store(grown(stored?.keys), stored ? grown(stored.values) : tf.zerosLike(more));
    more.dispose();
    return result;
  }

  /**
   * Goes on with other rows of the batch, in any order and number: as beams branch and end.
   *
   * @param rows For each row to come, the index of the one whose past it takes over.
   */
  selectRows(rows: readonly number[]): void {
    const { stored } = this;
    if (!stored) return;
    const indices = tf.tensor1d(rows as number[], 'int32');
    this.store(tf.gather(stored.keys, indices), tf.gather(stored.values, indices));
    indices.dispose();
  }

  /** Forgets everything; the cache can be used again. */
  dispose(): void {
    tf.dispose({ ...this.stored });
    this.stored = undefined;
    this.held = 0;
  }

  private store(keys: tf.Tensor4D, values: tf.Tensor4D): KeysAndValues {
    if (this.stored?.keys !== keys) tf.dispose({ ...this.stored });
    this.stored = { keys: tf.keep(keys), values: tf.keep(values) };
    return this.stored;
  }

  private assertFits(shape: readonly number[]): void {
    const [batch, heads, , headDim] = this.stored?.keys.shape ?? [null, null, null, null];
    const hint = 'A cache is for one sequence or batch: dispose() it before the next.';
    assertShape(shape, [batch!, heads!, null, headDim!], 'KeyValueCache: keys', hint);
  }
}

/** Whether another tensor has the same data, which must not change with it. */
const isShared = ({ dataId }: tf.Tensor): boolean => tf.engine().backend.refCount(dataId) > 1;

function firstPositions(x: tf.Tensor4D, count: number): tf.Tensor4D {
  return x.shape[2] === count ? x : tf.slice(x, [0, 0, 0, 0], [-1, -1, count, -1]);
}
