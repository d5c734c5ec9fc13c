import {
  ConfigError,
  type ForwardContext,
  Linear,
  MLP,
  ModuleList,
  type Rng,
  requireRng,
} from '@crossmodal/core';
import * as tf from '@tensorflow/tfjs-core';
import { Fusion, type FusionConfig, type FusionOutput } from '../fusion';
import type { Sequence } from '../modality-inputs';
import { poolSequence } from '../pool-sequence';
import { ExpertRouter } from './expert-router';
import { positiveInteger } from './positive-integer';

export interface MixtureOfExpertsFusionConfig extends FusionConfig {
  /** Default 4. */
  numExperts?: number | undefined;
  /** Experts for each sample. Default 2. */
  topK?: number | undefined;
  /** Hidden size of each expert. Default `4 * outputDim`. */
  expertSize?: number | undefined;
  /**
   * In training an expert takes at most `capacityFactor * topK * batch / numExperts` samples, the first ones of the batch
   * first; the rest do without it. ST-MoE has 1.25. Default: each takes all that choose it, as in inference.
   */
  capacityFactor?: number | undefined;
  /** In training, what the router sees is multiplied by random factors in 1 ± this. Switch has 0.01. Default 0. */
  jitter?: number | undefined;
  /** Factor of the loss that keeps experts equally busy. Default 0.01, that of Switch. */
  balanceCoefficient?: number | undefined;
  /** Factor of the loss that keeps the router's scores small. Default 0.001, that of ST-MoE. */
  zCoefficient?: number | undefined;
  rng: Rng;
}

/**
 * Experts on the joint representation `h = W [m1; m2; ...] + b`, of which a router chooses k for each sample:
 * `h + sum of gate_e * expert_e(h)`. Shazeer et al. 2017; Fedus et al. 2022 (Switch); Zoph et al. 2022 (ST-MoE).
 *
 * Add `auxiliaryLoss` to the loss, or all samples may end up with the same experts. A sample that its experts had no
 * place for is `h`. Any number of modalities; a missing one is a vector of zeros in h.
 *
 * @example
 * const fusion = new MixtureOfExpertsFusion({ modalities: { text: 8, image: 6 }, outputDim: 4, rng: new Rng(1) });
 * const { fused, auxiliaryLoss } = fusion.forward({ text: tf.ones([2, 5, 8]), image: tf.ones([2, 6]) }); // [2, 4], []
 */
export class MixtureOfExpertsFusion extends Fusion {
  readonly projection: Linear;
  readonly router: ExpertRouter;
  readonly experts: ModuleList<MLP>;
  readonly topK: number;
  readonly capacityFactor: number;
  readonly jitter: number;
  readonly balanceCoefficient: number;
  readonly zCoefficient: number;

  /** @throws ConfigError when a number is out of range. */
  constructor({
    numExperts = 4,
    topK = 2,
    expertSize,
    capacityFactor = Number.POSITIVE_INFINITY,
    jitter = 0,
    balanceCoefficient = 0.01,
    zCoefficient = 0.001,
    rng,
    ...config
  }: MixtureOfExpertsFusionConfig) {
    super(config);
    positiveInteger(numExperts, 'MixtureOfExpertsFusion: numExperts');
    if (positiveInteger(topK, 'MixtureOfExpertsFusion: topK') > numExperts)
      throw new ConfigError(
        `MixtureOfExpertsFusion: topK: expected at most the ${numExperts} experts, received ${topK}.`,
      );
    if (!(capacityFactor > 0))
      throw new ConfigError(
        `MixtureOfExpertsFusion: capacityFactor: expected more than 0, received ${capacityFactor}.`,
      );
    if (!(jitter >= 0 && jitter < 1))
      throw new ConfigError(`MixtureOfExpertsFusion: jitter: expected [0, 1), received ${jitter}.`);
    const hiddenSize = config.outputDim;
    const size = Object.values(config.modalities).reduce((sum, dim) => sum + dim, 0);
    this.projection = new Linear(size, hiddenSize, { rng });
    this.router = new ExpertRouter(hiddenSize, numExperts, rng);
    this.experts = new ModuleList(
      Array.from({ length: numExperts }, () => new MLP({ hiddenSize, intermediateSize: expertSize, rng })),
    );
    this.topK = topK;
    this.capacityFactor = capacityFactor;
    this.jitter = jitter;
    this.balanceCoefficient = balanceCoefficient;
    this.zCoefficient = zCoefficient;
  }

  protected override fuse(sequences: readonly Sequence[], context?: ForwardContext): FusionOutput {
    const { experts, topK, capacityFactor } = this;
    const joint = this.projection.forward(tf.concat(sequences.map(poolSequence), 1), context) as tf.Tensor2D;
    const there = sequences.map(({ present }) => present).reduce((a, b) => tf.maximum(a, b)); // [batch, 1]
    const [batch] = joint.shape;
    const share = context?.training ? (capacityFactor * topK) / experts.length : 1;
    const capacity = Math.min(batch, Math.ceil(share * batch));
    const { gates, places, balanceLoss, zLoss } = this.router.forward(this.jittered(joint, context), there, {
      topK,
      capacity,
    });
    let fused = joint;
    for (const [e, expert] of [...experts].entries()) {
      const gate = tf.slice(gates, [0, e], [batch, 1]);
      const place = tf.slice(places, [0, e], [batch, 1]);
      const result = runExpert(expert, joint, place, capacity, context); // [batch, outputDim]
      fused = tf.add(fused, tf.mul(gate, result));
    }
    const auxiliaryLoss = tf.add(
      tf.mul(balanceLoss, this.balanceCoefficient),
      tf.mul(zLoss, this.zCoefficient),
    ) as tf.Scalar;
    return { fused, auxiliaryLoss };
  }

  private jittered(x: tf.Tensor2D, context: ForwardContext | undefined): tf.Tensor2D {
    if (!context?.training || this.jitter === 0) return x;
    const rng = requireRng(context, 'MixtureOfExpertsFusion: jitter');
    const factors = rng.tensor(x.shape, (source) =>
      source.uniformArray(x.size, 1 - this.jitter, 1 + this.jitter),
    );
    return tf.mul(x, factors);
  }
}

/**
 * An expert's result for the samples that have a place, anything for others. Shapes depend on the capacity alone, so
 * that no engine has to wait for the router; with places for all, each sample is its own place.
 */
function runExpert(
  expert: MLP,
  x: tf.Tensor2D,
  places: tf.Tensor2D,
  capacity: number,
  context: ForwardContext | undefined,
): tf.Tensor {
  if (capacity === x.shape[0]) return expert.forward(x, context);
  const dispatch = tf.cast(tf.equal(places, tf.range(0, capacity)), 'float32'); // [batch, capacity]
  return tf.matMul(dispatch, expert.forward(tf.matMul(dispatch, x, true), context) as tf.Tensor2D);
}
