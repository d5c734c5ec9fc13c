import * as tf from '@tensorflow/tfjs-core';
import { ConfigError } from './errors';

/** The state of an {@link Rng}, as plain JSON. */
export type RngState = readonly [number, number, number, number];

/**
 * Seeded random numbers, the same on every platform and engine: xoshiro128** (Blackman and Vigna 2021), seeded
 * through a hash with MurmurHash3's finaliser. Everything random in crossmodal takes one of these; nothing uses `Math.random`.
 *
 * @example
 * const rng = new Rng(42);
 * const initRng = rng.split('init'); // independent streams by name, without advancing rng
 * rng.uniform(); // 0 <= x < 1
 */
export class Rng {
  private readonly s = new Uint32Array(4);

  /** @param seed Any safe integer; the same seed gives the same numbers. */
  constructor(seed: number) {
    if (!Number.isSafeInteger(seed))
      throw new ConfigError(`Rng: seed: expected a safe integer, received ${seed}.`);
    let h = hash(0x9e3779b9, seed >>> 0);
    h = hash(h, Math.floor(seed / 2 ** 32) >>> 0);
    this.seedFrom(h);
  }

  /** The next 32 random bits, as an unsigned integer. */
  uint32(): number {
    const s = this.s;
    const s1 = s[1]!;
    const result = Math.imul(rotl(Math.imul(s1, 5), 7), 9) >>> 0;
    const t = s1 << 9;
    s[2]! ^= s[0]!;
    s[3]! ^= s1;
    s[1]! ^= s[2]!;
    s[0]! ^= s[3]!;
    s[2]! ^= t;
    s[3] = rotl(s[3]!, 11);
    return result;
  }

  /** Uniform in [low, high), with 32 random bits. */
  uniform(low = 0, high = 1): number {
    return low + (high - low) * (this.uint32() / 2 ** 32);
  }

  /** Normal by Box and Muller's transform (one value for every two draws, so that no state is hidden). */
  normal(mean = 0, std = 1): number {
    const radius = Math.sqrt(-2 * Math.log((this.uint32() + 1) / 2 ** 32));
    return mean + std * radius * Math.cos(2 * Math.PI * this.uniform());
  }

  /** Normal, redrawn until within [low, high]; as PyTorch's `trunc_normal_`, both bounds are absolute values. */
  truncatedNormal(mean = 0, std = 1, low = mean - 2 * std, high = mean + 2 * std): number {
    if (!(low < high)) throw new ConfigError(`Rng.truncatedNormal: low ${low} must be below high ${high}.`);
    for (let tries = 0; tries < 10_000; tries++) {
      const x = this.normal(mean, std);
      if (x >= low && x <= high) return x;
    }
    throw new ConfigError(
      `Rng.truncatedNormal: [${low}, ${high}] holds next to nothing of N(${mean}, ${std}).`,
    );
  }

  /** Uniform integer in [0, bound), without bias. */
  integer(bound: number): number {
    if (!Number.isInteger(bound) || bound < 1 || bound > 2 ** 32) {
      throw new ConfigError(`Rng.integer: bound: expected an integer in [1, 2^32], received ${bound}.`);
    }
    const limit = 2 ** 32 - (2 ** 32 % bound);
    let x = this.uint32();
    while (x >= limit) x = this.uint32();
    return x % bound;
  }

  /** Whether an event of probability `p` happens. */
  bernoulli(p: number): boolean {
    return this.uniform() < p;
  }

  /** The integers 0 to n - 1 in random order (Fisher and Yates). */
  permutation(n: number): Int32Array {
    const order = Int32Array.from({ length: n }, (_, i) => i);
    for (let i = n - 1; i > 0; i--) {
      const j = this.integer(i + 1);
      const swap = order[i]!;
      order[i] = order[j]!;
      order[j] = swap;
    }
    return order;
  }

  /** An index drawn with probability proportional to `weights` (each finite and >= 0, not all 0). */
  categorical(weights: ArrayLike<number>): number {
    let total = 0;
    for (let i = 0; i < weights.length; i++) {
      const w = weights[i]!;
      if (!(w >= 0 && w < Infinity)) throw new ConfigError(`Rng.categorical: weight ${i} is ${w}.`);
      total += w;
    }
    if (total === 0) throw new ConfigError('Rng.categorical: all weights are 0.');
    let x = this.uniform() * total;
    let last = 0;
    for (let i = 0; i < weights.length; i++) {
      if (weights[i] === 0) continue;
      last = i;
      x -= weights[i]!;
      if (x < 0) return i;
    }
    return last; // rounding left a remainder
  }

  /** `size` values of {@link uniform}, as f32; one that would round up to `high` becomes `low`. */
  uniformArray(size: number, low = 0, high = 1): Float32Array {
    const out = new Float32Array(size);
    for (let i = 0; i < size; i++) {
      out[i] = this.uniform(low, high);
      if (out[i]! >= high) out[i] = low;
    }
    return out;
  }

  /** `size` values of {@link normal}. */
  normalArray(size: number, mean = 0, std = 1): Float32Array {
    const out = new Float32Array(size);
    for (let i = 0; i < size; i++) out[i] = this.normal(mean, std);
    return out;
  }

  /**
   * A tensor of values drawn from this generator. What is random in a model comes from here rather than from
   * `tf.tensor`: a function that is compiled then draws anew at each run.
   *
   * @param make Draws the values: float32, int32, or bool from bytes.
   * @returns The caller disposes it.
   *
   * @example
   * const noise = rng.tensor([2, 3], (rng) => rng.normalArray(6));
   */
  tensor(shape: number[], make: (rng: Rng) => Float32Array | Int32Array | Uint8Array): tf.Tensor {
    const values = make(this);
    if (values instanceof Float32Array) return tf.tensor(values, shape, 'float32');
    return tf.tensor(values, shape, values instanceof Int32Array ? 'int32' : 'bool');
  }

  /**
   * An independent generator that depends on this one's state and on `key`, without advancing this one: the
   * same key twice gives the same stream.
   */
  split(key: string | number): Rng {
    let h = typeof key === 'number' ? 0x85ebca6b : 0xc2b2ae35;
    for (const word of this.s) h = hash(h, word);
    for (const char of String(key)) h = hash(h, char.codePointAt(0)!);
    const child = new Rng(0);
    child.seedFrom(h, this.s);
    return child;
  }

  /** A generator that draws what this one would draw from here on, without advancing this one. */
  copy(): Rng {
    const copy = new Rng(0);
    copy.restore(this.state());
    return copy;
  }

  /** The state, to store and give to {@link restore}. */
  state(): RngState {
    return [this.s[0]!, this.s[1]!, this.s[2]!, this.s[3]!];
  }

  /** Goes on from a stored state. */
  restore(state: RngState): void {
    if (
      state.length !== 4 ||
      !state.every((w) => Number.isInteger(w) && w >= 0 && w < 2 ** 32) ||
      !state.some(Boolean)
    ) {
      throw new ConfigError(
        `Rng.restore: expected four unsigned 32-bit integers, not all 0, received ${JSON.stringify(state)}.`,
      );
    }
    this.s.set(state);
  }

  private seedFrom(seed: number, mix: Uint32Array = new Uint32Array(4)): void {
    let h = seed;
    const words = Array.from(mix);
    for (let i = 0; i < 4; i++) {
      h = (h + 0x9e3779b9) >>> 0;
      this.s[i] = hash(h, words[i]!);
    }
    if (!this.s.some(Boolean)) this.s[0] = 1;
  }
}

function rotl(x: number, k: number): number {
  return ((x << k) | (x >>> (32 - k))) >>> 0;
}

/** Mixes a word into a hash, with the finaliser of MurmurHash3. */
function hash(h: number, word: number): number {
  let x = (Math.imul(h ^ word, 0xcc9e2d51) + 0x52dce729 + h) >>> 0;
  x = Math.imul(x ^ (x >>> 16), 0x85ebca6b) >>> 0;
  x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35) >>> 0;
  return (x ^ (x >>> 16)) >>> 0;
}
