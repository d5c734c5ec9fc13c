import {
  assertShape,
  Dropout,
  Embedding,
  type ForwardContext,
  LayerNorm,
  Linear,
  Module,
  normal,
  Parameter,
  type Rng,
  requireRng,
} from '@crossmodal/core';
import type { TextEncoder, TextEncoderOutput, TextInput } from '@crossmodal/encoders';
import * as tf from '@tensorflow/tfjs-core';
import type { NgramTokenizer } from './ngram-tokenizer';

export interface NgramTextEncoderConfig {
  tokenizer: NgramTokenizer;
  hiddenSize: number;
  /** Units that a unit's gate sees, itself in the middle: odd. */
  window: number;
  /** Rate at which features are left out, and values of the result, in training. */
  dropout: number;
  /** What people say of words beforehand, [vocabSize] by id of the word, 0 for most: added to units along a learned direction. */
  ratings?: Float32Array | undefined;
  rng: Rng;
}

const FIRST_STD = 0.1;
const RATING_STD = 0.3;

/**
 * A light text tower that sees order: a unit is the vector of its first feature plus the mean of the others; gates that
 * see a window of units (a "not" before it) turn its values down or up; the text is the sum over its `n` units by
 * `sqrt(n)`. Bojanowski et al. 2017, section 3.2, for the units; Dauphin et al. 2017, section 2, for the gates.
 */
export class NgramTextEncoder extends Module implements TextEncoder {
  readonly embedding: Embedding;
  readonly layerNorm: LayerNorm;
  readonly gate: Linear;
  /** [vocabSize, 1], never trained. */
  readonly ratings: Parameter | undefined;
  /** [1, hiddenSize] */
  readonly ratingDirection: Parameter | undefined;
  readonly hiddenSize: number;
  readonly contextLength: number;
  private readonly featuresPerUnit: number;
  private readonly window: number;
  private readonly dropout: Dropout;

  constructor({ tokenizer, hiddenSize, window, dropout, ratings, rng }: NgramTextEncoderConfig) {
    super();
    this.embedding = new Embedding(tokenizer.vocabSize, hiddenSize, { rng });
    this.embedding.weight.assign(normal([tokenizer.vocabSize, hiddenSize], rng, 0, FIRST_STD));
    this.layerNorm = new LayerNorm(hiddenSize);
    this.gate = new Linear(window * hiddenSize, hiddenSize, { rng });
    if (ratings) {
      this.ratings = new Parameter(tf.tensor2d(ratings, [tokenizer.vocabSize, 1]), { buffer: true });
      this.ratingDirection = new Parameter(normal([1, hiddenSize], rng, 0, RATING_STD));
    }
    this.hiddenSize = hiddenSize;
    this.contextLength = tokenizer.contextLength;
    this.featuresPerUnit = tokenizer.config.featuresPerUnit;
    this.window = window;
    this.dropout = new Dropout(dropout);
  }

  /** @param input.inputIds int32 [batch, units * featuresPerUnit], as the tokenizer gives them. */
  forward({ inputIds, attentionMask }: TextInput, context?: ForwardContext): TextEncoderOutput {
    assertShape(inputIds.shape, [null, null], 'NgramTextEncoder: inputIds');
    const { hiddenSize, featuresPerUnit } = this;
    const [batch, ids] = inputIds.shape;
    const units = ids / featuresPerUnit;
    return tf.tidy(() => {
      const there = attentionMask ?? tf.notEqual(inputIds, 0);
      const features = tf.reshape(tf.cast(there, 'float32'), [batch * units, featuresPerUnit]);
      const shares = this.shares(features, context); // [batch * units, 1, featuresPerUnit]
      const vectors = tf.reshape(this.embedding.forward(inputIds), [
        batch * units,
        featuresPerUnit,
        hiddenSize,
      ]);
      const mask = tf.reshape(tf.max(features, 1), [batch, units, 1]) as tf.Tensor3D;
      const own = tf.reshape(tf.matMul(shares, vectors), [batch, units, hiddenSize]);
      const unit = tf.mul(this.withRatings(own, inputIds), mask) as tf.Tensor3D;
      const gated = tf.mul(unit, tf.add(1, tf.tanh(this.gate.forward(this.windows(unit, mask), context))));
      const sum = tf.sum(gated, 1); // [batch, hiddenSize]
      const pooled = tf.div(sum, tf.sqrt(tf.maximum(tf.sum(mask, 1), 1)));
      return { pooledOutput: this.dropout.forward(pooled, context) as tf.Tensor2D };
    });
  }

  private withRatings(units: tf.Tensor, inputIds: tf.Tensor2D): tf.Tensor {
    if (!this.ratings || !this.ratingDirection) return units;
    const [batch, length] = units.shape as [number, number];
    const words = tf.slice(tf.reshape(inputIds, [-1, this.featuresPerUnit]), [0, 0], [-1, 1]); // the first features
    const ratings = tf.gather(this.ratings.value, tf.reshape(words, [batch * length])); // [batch * units, 1]
    return tf.add(units, tf.reshape(tf.matMul(ratings, this.ratingDirection.value), units.shape));
  }

  /** How much each feature counts in its unit: the first 1, the others as their mean. */
  private shares(features: tf.Tensor, context: ForwardContext | undefined): tf.Tensor {
    const [rows, count] = features.shape as [number, number];
    let kept = features;
    if (context?.training && this.dropout.rate > 0) {
      const draws = requireRng(context, 'NgramTextEncoder').uniformArray(rows * count);
      const keep = draws.map((draw) => (draw < this.dropout.rate ? 0 : 1));
      kept = tf.mul(features, tf.tensor2d(keep, [rows, count]));
    }
    const first = tf.slice(kept, [0, 0], [rows, 1]);
    const others = tf.slice(kept, [0, 1], [rows, count - 1]);
    const mean = tf.div(others, tf.maximum(tf.sum(others, 1, true), 1));
    return tf.reshape(tf.concat([first, mean], 1), [rows, 1, count]);
  }

  /** Each unit with those around it, normalised, zeros beyond the ends: [batch, units, window * hiddenSize]. */
  private windows(unit: tf.Tensor3D, mask: tf.Tensor3D): tf.Tensor3D {
    const [batch, units, size] = unit.shape;
    const half = (this.window - 1) / 2;
    const normalized = tf.mul(this.layerNorm.forward(unit), mask);
    const padded = tf.pad(normalized, [
      [0, 0],
      [half, half],
      [0, 0],
    ]);
    const shifted = Array.from({ length: this.window }, (_, i) =>
      tf.slice(padded, [0, i, 0], [batch, units, size]),
    );
    return tf.concat(shifted, 2) as tf.Tensor3D;
  }
}
