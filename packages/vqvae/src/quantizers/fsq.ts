import {
  ConfigError,
  type ForwardContext,
  Linear,
  Module,
  type Rng,
  withoutGradient,
} from '@crossmodal/core';
import * as tf from '@tensorflow/tfjs-core';
import { assertIndices, assertSize, assertVectors } from './check-inputs';
import { perplexityOf } from './code-counts';
import { passGradient } from './pass-gradient';
import type { Quantizer, QuantizerOutput } from './quantizer';

export interface FSQConfig {
  /** Values that each dimension of a code can take, 3 or more: [8, 5, 5, 5] is a codebook of 1,000 codes. */
  levels: readonly number[];
  /** Default the number of levels, without projections. */
  dim?: number | undefined;
  /** Gives the projections their first values; needed where `dim` is not the number of levels. */
  rng?: Rng | undefined;
}

/** Outermost values lie this much inside the bound, so that rounding reaches them. */
const EPSILON = 1e-3;
/** Indices are exact as float32 up to here. */
const LARGEST = 2 ** 24;

/**
 * Finite scalar quantization: each dimension is bounded by a tanh and rounded to one of a few levels; no codebook, and
 * no loss. Mentzer et al. 2023, section 3.1 and appendix A.1, from which the offsets of even levels and the order of
 * the indices (the first dimension counts fastest) are too.
 *
 * @example
 * const quantizer = new FSQ({ levels: [8, 5, 5, 5], dim: 64, rng: new Rng(1) });
 * const { quantized, codebookIndices } = quantizer.forward(x); // x [batch, h, w, 64], indices in [0, 1000)
 */
export class FSQ extends Module implements Quantizer {
  /** From dim to the number of levels, where they differ; and back. */
  readonly projectIn: Linear | undefined;
  readonly projectOut: Linear | undefined;
  readonly levels: readonly number[];
  readonly dim: number;
  readonly codebookSize: number;
  readonly codesPerPosition = 1;

  constructor({ levels, dim = levels.length, rng }: FSQConfig) {
    super();
    if (levels.length === 0) throw new ConfigError('FSQ: levels: expected one or more, received none.');
    if (levels.includes(2))
      throw new ConfigError('FSQ: levels: expected 3 or more, received 2. LFQ has two.');
    for (const level of levels) assertSize(level, 'FSQ: levels', 3);
    assertSize(dim, 'FSQ: dim');
    this.levels = [...levels];
    this.codebookSize = levels.reduce((product, level) => product * level, 1);
    if (this.codebookSize > LARGEST) {
      throw new ConfigError(`FSQ: levels: expected at most ${LARGEST} codes, received ${this.codebookSize}.`);
    }
    this.dim = dim;
    if (dim !== levels.length) {
      if (!rng)
        throw new ConfigError('FSQ: rng: needed for the projections, since dim is not the number of levels.');
      this.projectIn = new Linear(dim, levels.length, { rng });
      this.projectOut = new Linear(levels.length, dim, { rng });
    }
  }

  forward(x: tf.Tensor, context?: ForwardContext): QuantizerOutput {
    assertVectors(x, this.dim, 'FSQ');
    return tf.tidy(() => {
      const bounded = this.bound(this.projectIn?.forward(x, context) ?? x); // [..., levels]
      const rounded = withoutGradient(() => tf.round(bounded));
      const halfWidths = this.perLevel((level) => Math.floor(level / 2));
      const codes = tf.div(passGradient(bounded, rounded, 'straightThrough'), halfWidths);
      const codebookIndices = withoutGradient(() => {
        const digits = tf.add(rounded, halfWidths); // 0, 1, ... level - 1
        return tf.cast(tf.sum(tf.mul(digits, tf.tensor1d(this.places())), -1), 'int32'); // [...]
      });
      return {
        quantized: this.projectOut?.forward(codes, context) ?? codes, // [..., dim]
        codebookIndices,
        loss: tf.scalar(0),
        codebookLoss: tf.scalar(0),
        commitmentLoss: tf.scalar(0),
        perplexity: perplexityOf(codebookIndices, this.codebookSize),
      };
    });
  }

  decode(codebookIndices: tf.Tensor): tf.Tensor {
    assertIndices(codebookIndices, this.codebookSize, 'FSQ');
    return tf.tidy(() => {
      const index = tf.expandDims(codebookIndices, -1); // [..., 1]
      const places = tf.tensor1d(this.places(), 'int32');
      const digits = tf.mod(tf.floorDiv(index, places), tf.tensor1d([...this.levels], 'int32')); // [..., levels]
      const halfWidths = this.perLevel((level) => Math.floor(level / 2));
      const codes = tf.div(tf.sub(tf.cast(digits, 'float32'), halfWidths), halfWidths);
      return this.projectOut?.forward(codes) ?? codes;
    });
  }

  /** Each dimension into the range that rounds to its levels; an even number of them is off the centre by a half. */
  private bound(z: tf.Tensor): tf.Tensor {
    const halfRange = (level: number) => ((level - 1) * (1 + EPSILON)) / 2;
    const offset = (level: number) => (level % 2 === 0 ? 0.5 : 0);
    const shifts = this.perLevel((level) => Math.atanh(offset(level) / halfRange(level)));
    const scaled = tf.mul(tf.tanh(tf.add(z, shifts)), this.perLevel(halfRange));
    return tf.sub(scaled, this.perLevel(offset));
  }

  private perLevel(f: (level: number) => number): tf.Tensor1D {
    return tf.tensor1d(this.levels.map(f));
  }

  /** What a step of each dimension adds to the index. */
  private places(): number[] {
    let place = 1;
    return this.levels.map((level) => {
      const here = place;
      place *= level;
      return here;
    });
  }
}
