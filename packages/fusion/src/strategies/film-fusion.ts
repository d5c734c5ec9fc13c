import { ConfigError, type ForwardContext, Linear, type Rng } from '@crossmodal/core';
import * as tf from '@tensorflow/tfjs-core';
import { Fusion, type FusionConfig, type FusionOutput } from '../fusion';
import type { Sequence } from '../modality-inputs';
import { poolSequence } from '../pool-sequence';
import { twoModalities } from './two-modalities';

export interface FiLMFusionConfig extends FusionConfig {
  /** Name of the modality that says how the other is scaled and shifted. */
  conditioning: string;
  rng: Rng;
}

/**
 * Feature-wise linear modulation: one modality scales and shifts each feature of the other, `(1 + γ(c)) * F(x) + β(c)`,
 * where F, γ and β are linear maps of the pooled modalities. Perez et al. 2018, equations 1 and 2; γ is learned as a
 * difference to 1, as in section 7.2.
 *
 * Exactly two modalities. With the conditioning one missing, `F(x)` is left as it is; with the other missing, the
 * result is `β(c)`.
 *
 * @example
 * const modalities = { text: 8, image: 6 };
 * const fusion = new FiLMFusion({ modalities, conditioning: 'text', outputDim: 4, rng: new Rng(1) });
 * const { fused } = fusion.forward({ text: tf.ones([2, 5, 8]), image: tf.ones([2, 6]) }); // [2, 4]
 */
export class FiLMFusion extends Fusion {
  readonly conditioning: string;
  /** F */
  readonly features: Linear;
  /** γ, then β */
  readonly generator: Linear;

  /** @throws ConfigError unless there are two modalities, and `conditioning` is one of them. */
  constructor({ conditioning, rng, ...config }: FiLMFusionConfig) {
    super(config);
    twoModalities(config.modalities, 'FiLMFusion', 'GatedFusion');
    if (!this.modalities.includes(conditioning))
      throw new ConfigError(
        `FiLMFusion: conditioning: expected one of ${this.modalities.join(', ')}, received "${conditioning}".`,
      );
    this.conditioning = conditioning;
    const conditioned = this.modalities.find((name) => name !== conditioning)!;
    this.features = new Linear(this.dims[conditioned]!, config.outputDim, { rng });
    this.generator = new Linear(this.dims[conditioning]!, 2 * config.outputDim, { rng });
  }

  protected override fuse(sequences: readonly Sequence[], context?: ForwardContext): FusionOutput {
    const condition = sequences.find(({ name }) => name === this.conditioning)!;
    const other = sequences.find(({ name }) => name !== this.conditioning)!;
    const generated = this.generator.forward(poolSequence(condition), context);
    const [gamma, beta] = tf.split(tf.mul(generated, condition.present), 2, 1); // each [batch, outputDim]
    const features = tf.mul(this.features.forward(poolSequence(other), context), other.present);
    return { fused: tf.add(tf.mul(tf.add(1, gamma!), features), beta!) as tf.Tensor2D };
  }
}
