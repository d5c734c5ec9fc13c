import { type ForwardContext, Linear, type Rng } from '@crossmodal/core';
import * as tf from '@tensorflow/tfjs-core';
import { Fusion, type FusionConfig, type FusionOutput } from '../fusion';
import type { Sequence } from '../modality-inputs';
import { PerModality } from '../per-modality';
import { poolSequence } from '../pool-sequence';

export interface GatedFusionConfig extends FusionConfig {
  rng: Rng;
}

/**
 * Gated multimodal unit: each modality's `h = tanh(W x + b)`, weighed value by value with gates that see all of them.
 * Arevalo et al. 2017, section 3.1 and figure 2.
 *
 * As in the paper, two modalities share one gate, `z * h1 + (1 - z) * h2`; of another number each has its own,
 * `sum of z_m * h_m`. A missing modality takes no part; of two, the gate is then open for the one that is there.
 * `weights` are the means of each modality's gates, divided by their sum.
 *
 * @example
 * const fusion = new GatedFusion({ modalities: { text: 8, image: 6 }, outputDim: 4, rng: new Rng(1) });
 * const { fused, weights } = fusion.forward({ text: tf.ones([2, 5, 8]), image: tf.ones([2, 6]) }); // [2, 4], [2, 2]
 */
export class GatedFusion extends Fusion {
  readonly projections: PerModality<Linear>;
  /** From all modalities to `outputDim` gates: of the first of two, or of each, one modality after another. */
  readonly gate: Linear;

  constructor({ rng, ...config }: GatedFusionConfig) {
    super(config);
    const dims = Object.values(config.modalities);
    this.projections = new PerModality(
      this.modalities,
      (name) => new Linear(this.dims[name]!, config.outputDim, { rng }),
    );
    const total = dims.reduce((sum, dim) => sum + dim, 0);
    this.gate = new Linear(total, (dims.length === 2 ? 1 : dims.length) * config.outputDim, { rng });
  }

  protected override fuse(sequences: readonly Sequence[], context?: ForwardContext): FusionOutput {
    const vectors = sequences.map(poolSequence);
    const hidden = vectors.map((x, i) =>
      tf.tanh(this.projections.of(this.modalities[i]!).forward(x, context)),
    ); // each [batch, outputDim]
    const gates = this.gates(vectors, sequences, context); // each [batch, outputDim]
    const strengths = tf.concat(
      gates.map((gate) => tf.mean(gate, 1, true)),
      1,
    ); // [batch, modalities]
    const total = tf.maximum(tf.sum(strengths, 1, true), 1e-12);
    return {
      fused: hidden.map((h, i) => tf.mul(gates[i]!, h)).reduce((a, b) => tf.add(a, b)) as tf.Tensor2D,
      weights: tf.div(strengths, total),
    };
  }

  /** One for each modality, [batch, outputDim], zeros where it is missing. */
  private gates(
    vectors: tf.Tensor2D[],
    sequences: readonly Sequence[],
    context: ForwardContext | undefined,
  ): tf.Tensor2D[] {
    const values = tf.sigmoid(this.gate.forward(tf.concat(vectors, 1), context)) as tf.Tensor2D;
    const present = sequences.map((sequence) => sequence.present);
    if (vectors.length !== 2)
      return tf.split(values, vectors.length, 1).map((gate, i) => tf.mul(gate, present[i]!));
    const [first, second] = present as [tf.Tensor2D, tf.Tensor2D];
    return [
      tf.mul(first, tf.sub(1, tf.mul(second, tf.sub(1, values)))), // z, or 1 without the second
      tf.mul(second, tf.sub(1, tf.mul(first, values))), // 1 - z, or 1 without the first
    ];
  }
}
