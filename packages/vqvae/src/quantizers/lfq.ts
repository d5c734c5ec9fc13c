import {
  ConfigError,
  type ForwardContext,
  Linear,
  Module,
  type Rng,
  withoutGradient,
} from '@crossmodal/core';
import * as tf from '@tensorflow/tfjs-core';
import { assertIndices, assertSize, assertVectors, assertWeight } from './check-inputs';
import { perplexityOf } from './code-counts';
import { codeLosses } from './code-losses';
import { passGradient } from './pass-gradient';
import type { Quantizer, QuantizerOutput } from './quantizer';

export interface LFQConfig {
  /** A power of 2; its logarithm is the number of bits. */
  codebookSize: number;
  /** Default the number of bits, without projections. */
  dim?: number | undefined;
  /** Weight of the entropy loss. Default 0.1. */
  entropyWeight?: number | undefined;
  /** Weight, within the entropy loss, of the codebook's entropy. Default 1. */
  diversityWeight?: number | undefined;
  /** Temperature of the codes' probabilities in the entropy loss. Default 0.01. */
  temperature?: number | undefined;
  /**
   * Bits whose codes are taken together in the codebook's entropy. With more bits than that, it is the sum of the
   * entropies of groups of bits, so that memory holds rows x 2^bits values of a group, not of all. Default 10.
   */
  entropyBits?: number | undefined;
  /** Weight of the commitment loss. Default 0.25. */
  commitmentWeight?: number | undefined;
  /** Gives the projections their first values; needed where `dim` is not the number of bits. */
  rng?: Rng | undefined;
}

export interface LFQOutput extends QuantizerOutput {
  /** [], mean entropy of a vector's code less the weighted entropy of the batch's codes: in `loss`, weighted. */
  entropyLoss: tf.Scalar;
}

/** Indices are exact as float32 up to here. */
const MOST_BITS = 24;

/**
 * Look-up free quantization: a code is the signs of the vector's dimensions. Yu et al. 2023 ("Language Model Beats
 * Diffusion"), section 3.1: `index = sum of 2^i [z_i > 0]`, and an entropy loss that makes each vector sure of its
 * code and the batch use all of them, `E[H(q(z))] - H[E(q(z))]`, where q is a softmax of minus the squared distances to
 * the codes over the temperature. The first entropy is exact for any number of bits, since bits are independent.
 *
 * @example
 * const quantizer = new LFQ({ codebookSize: 2 ** 18, dim: 256, rng: new Rng(1) });
 * const { quantized, codebookIndices, loss } = quantizer.forward(x); // x [batch, h, w, 256]
 */
export class LFQ extends Module implements Quantizer {
  /** From dim to the number of bits, where they differ; and back. */
  readonly projectIn: Linear | undefined;
  readonly projectOut: Linear | undefined;
  readonly dim: number;
  readonly codebookSize: number;
  readonly codesPerPosition = 1;
  readonly bits: number;
  private readonly weights: { entropy: number; diversity: number; commitment: number };
  private readonly temperature: number;
  private readonly entropyBits: number;

  constructor({
    codebookSize,
    dim,
    entropyWeight = 0.1,
    diversityWeight = 1,
    temperature = 0.01,
    entropyBits = 10,
    commitmentWeight = 0.25,
    rng,
  }: LFQConfig) {
    super();
    const bits = Math.log2(codebookSize);
    if (!(Number.isInteger(bits) && bits >= 1 && bits <= MOST_BITS)) {
      throw new ConfigError(
        `LFQ: codebookSize: expected a power of 2 from 2 to 2^${MOST_BITS}, received ${codebookSize}.`,
      );
    }
    assertWeight(entropyWeight, 'LFQ: entropyWeight');
    assertWeight(diversityWeight, 'LFQ: diversityWeight');
    assertWeight(commitmentWeight, 'LFQ: commitmentWeight');
    assertSize(entropyBits, 'LFQ: entropyBits');
    if (!(temperature > 0))
      throw new ConfigError(`LFQ: temperature: expected above 0, received ${temperature}.`);
    this.dim = dim ?? bits;
    assertSize(this.dim, 'LFQ: dim');
    if (this.dim !== bits) {
      if (!rng)
        throw new ConfigError('LFQ: rng: needed for the projections, since dim is not the number of bits.');
      this.projectIn = new Linear(this.dim, bits, { rng });
      this.projectOut = new Linear(bits, this.dim, { rng });
    }
    this.codebookSize = codebookSize;
    this.bits = bits;
    this.weights = { entropy: entropyWeight, diversity: diversityWeight, commitment: commitmentWeight };
    this.temperature = temperature;
    this.entropyBits = entropyBits;
  }

  forward(x: tf.Tensor, context?: ForwardContext): LFQOutput {
    assertVectors(x, this.dim, 'LFQ');
    return tf.tidy(() => {
      const z = this.projectIn?.forward(x, context) ?? x; // [..., bits]
      const isSet = tf.greater(z, 0);
      const codebookIndices = tf.sum(tf.mul(tf.cast(isSet, 'int32'), this.places()), -1); // [...]
      const codes = withoutGradient(() => signs(isSet)); // [..., bits]
      const { commitmentLoss } = codeLosses(z, codes);
      const entropyLoss = this.entropyLoss(tf.reshape(z, [-1, this.bits]));
      const passed = passGradient(z, codes, 'straightThrough');
      const { entropy, commitment } = this.weights;
      return {
        quantized: this.projectOut?.forward(passed, context) ?? passed, // [..., dim]
        codebookIndices,
        loss: tf.add(tf.mul(entropyLoss, entropy), tf.mul(commitmentLoss, commitment)) as tf.Scalar,
        codebookLoss: tf.scalar(0),
        commitmentLoss,
        entropyLoss,
        perplexity: perplexityOf(codebookIndices, this.codebookSize),
      };
    });
  }

  decode(codebookIndices: tf.Tensor): tf.Tensor {
    assertIndices(codebookIndices, this.codebookSize, 'LFQ');
    return tf.tidy(() => {
      const codes = this.codes(codebookIndices, this.bits);
      return this.projectOut?.forward(codes) ?? codes;
    });
  }

  private entropyLoss(z: tf.Tensor2D): tf.Scalar {
    // Of a bit: log of the odds of +1, from the squared distances (z + 1)² and (z - 1)².
    const logits = tf.mul(z, 4 / this.temperature);
    const size = tf.abs(logits);
    const ofBits = tf.add(tf.softplus(tf.neg(size)), tf.mul(size, tf.sigmoid(tf.neg(size))));
    const perVector = tf.mean(tf.sum(ofBits, 1));
    const ofCodebook: tf.Tensor[] = [];
    for (let start = 0; start < this.bits; start += this.entropyBits) {
      const bits = Math.min(this.entropyBits, this.bits - start);
      const codebook = this.codes(tf.range(0, 2 ** bits, 1, 'int32'), bits); // [2^bits, bits]
      const group = tf.slice(z, [0, start], [-1, bits]);
      const scores = tf.mul(tf.matMul(group, codebook, false, true), 2 / this.temperature); // [rows, 2^bits]
      const share = tf.mean(tf.softmax(scores), 0);
      ofCodebook.push(tf.neg(tf.sum(tf.mul(share, tf.log(tf.maximum(share, 1e-30))))));
    }
    return tf.sub(perVector, tf.mul(tf.addN(ofCodebook), this.weights.diversity)) as tf.Scalar;
  }

  /** int32 [...] to float32 [..., bits] of -1 and 1, the lowest bit first. */
  private codes(indices: tf.Tensor, bits: number): tf.Tensor2D {
    const halved = tf.floorDiv(tf.expandDims(indices, -1), tf.slice(this.places(), 0, bits));
    return signs(tf.equal(tf.mod(halved, tf.scalar(2, 'int32')), tf.scalar(1, 'int32'))) as tf.Tensor2D;
  }

  private places(): tf.Tensor1D {
    return tf.tensor1d(
      Array.from({ length: this.bits }, (_, i) => 2 ** i),
      'int32',
    );
  }
}

function signs(isSet: tf.Tensor): tf.Tensor {
  return tf.sub(tf.mul(tf.cast(isSet, 'float32'), 2), 1);
}
