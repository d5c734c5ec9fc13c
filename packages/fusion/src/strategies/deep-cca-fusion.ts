import { activate, type ForwardContext, Linear, type Rng } from '@crossmodal/core';
import * as tf from '@tensorflow/tfjs-core';
import { deepCCALoss } from '../deep-cca-loss';
import { Fusion, type FusionConfig, type FusionOutput } from '../fusion';
import type { Sequence } from '../modality-inputs';
import { PerModality } from '../per-modality';
import { poolSequence } from '../pool-sequence';
import { positiveInteger } from './positive-integer';
import { twoModalities } from './two-modalities';

export interface DeepCCAFusionConfig extends FusionConfig {
  /** Size between the two linear layers of each view. Default `outputDim`. */
  hiddenSize?: number | undefined;
  /** Added to the variances: see {@link deepCCALoss}. Default 1e-3. */
  regularization?: number | undefined;
  /** Factor of {@link deepCCALoss} in `auxiliaryLoss`. Default 1. */
  correlationCoefficient?: number | undefined;
  rng: Rng;
}

/**
 * Deep CCA: each of two modalities through an MLP of its own, `v = W2 gelu(W1 m)`, to views that `auxiliaryLoss` makes
 * correlate; fused is the mean of the views. Andrew et al. 2013, figure 1.
 *
 * Exactly two modalities. With one missing, the other's view is the result, which is close to the mean once trained;
 * such samples do not count in the loss.
 *
 * @example
 * const fusion = new DeepCCAFusion({ modalities: { text: 8, image: 6 }, outputDim: 4, rng: new Rng(1) });
 * const { fused, auxiliaryLoss } = fusion.forward({ text: tf.ones([2, 5, 8]), image: tf.ones([2, 6]) }); // [2, 4], []
 */
export class DeepCCAFusion extends Fusion {
  readonly fc1: PerModality<Linear>;
  readonly fc2: PerModality<Linear>;
  readonly regularization: number;
  readonly correlationCoefficient: number;

  /** @throws ConfigError unless there are two modalities. */
  constructor(config: DeepCCAFusionConfig) {
    super(config);
    const {
      outputDim,
      hiddenSize = outputDim,
      regularization = 1e-3,
      correlationCoefficient = 1,
      rng,
    } = config;
    twoModalities(config.modalities, 'DeepCCAFusion', 'GatedFusion');
    positiveInteger(hiddenSize, 'DeepCCAFusion: hiddenSize');
    this.fc1 = new PerModality(this.modalities, (name) => new Linear(this.dims[name]!, hiddenSize, { rng }));
    this.fc2 = new PerModality(this.modalities, () => new Linear(hiddenSize, outputDim, { rng }));
    this.regularization = regularization;
    this.correlationCoefficient = correlationCoefficient;
  }

  protected override fuse(sequences: readonly Sequence[], context?: ForwardContext): FusionOutput {
    const [view1, view2] = sequences.map((sequence) => {
      const { name } = sequence;
      const hidden = activate(this.fc1.of(name).forward(poolSequence(sequence), context), 'gelu');
      return this.fc2.of(name).forward(hidden, context); // [batch, outputDim]
    }) as [tf.Tensor2D, tf.Tensor2D];
    const [present1, present2] = sequences.map(({ present }) => present) as [tf.Tensor2D, tf.Tensor2D];
    const loss = deepCCALoss(view1, view2, {
      regularization: this.regularization,
      mask: tf.squeeze(tf.mul(present1, present2), [1]) as tf.Tensor1D,
    });
    const views = tf.maximum(tf.add(present1, present2), 1);
    const sum = tf.add(tf.mul(view1, present1), tf.mul(view2, present2));
    return {
      fused: tf.div(sum, views) as tf.Tensor2D,
      auxiliaryLoss: tf.mul(loss, this.correlationCoefficient) as tf.Scalar,
    };
  }
}
