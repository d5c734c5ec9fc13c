import { ConfigError, type ForwardContext, Module } from '@crossmodal/core';
import * as tf from '@tensorflow/tfjs-core';
import { dropModalities } from './drop-modalities';
import { type ModalityInputs, prepareModalities, type Sequence } from './modality-inputs';

/** What every strategy is told. */
export interface FusionConfig {
  /** Size of each modality's vectors, by name; the order is that of {@link Fusion.modalities}. */
  modalities: Readonly<Record<string, number>>;
  /** Size of the fused representation; for late fusion, the number of classes. */
  outputDim: number;
  /**
   * Rate at which a modality of a sample is taken away in training, never the last one that is there, so that the
   * model learns to do without. Neverova et al. 2016 (ModDrop). Default 0.
   */
  modalityDropout?: number | undefined;
}

export interface FusionOutput {
  /** float32 [batch, outputDim]; a row of zeros for a sample with no modality at all. */
  fused: tf.Tensor2D;
  /**
   * float32 [batch, modalities], in the order of {@link Fusion.modalities}: the share of each in `fused`, where the
   * strategy has one. Rows sum to 1 and a missing modality has 0.
   */
  weights?: tf.Tensor2D;
  /** What the strategy adds to the loss (balance of experts and the like). */
  auxiliaryLoss?: tf.Scalar;
}

/**
 * Several modalities in, one representation out: what every strategy here is. Sequences and single vectors are taken,
 * any modality may be missing, for all samples or for some.
 *
 * @example
 * const fusion: Fusion = new GatedFusion({ modalities: { text: 8, image: 6 }, outputDim: 4, rng: new Rng(1) });
 * const { fused } = fusion.forward({ text: tf.ones([2, 5, 8]), image: tf.ones([2, 6]) }); // [2, 4]
 */
export abstract class Fusion extends Module {
  /** Names, in the order of the configuration. */
  readonly modalities: readonly string[];
  readonly dims: Readonly<Record<string, number>>;
  readonly outputDim: number;
  readonly modalityDropout: number;

  /** @throws ConfigError when there is no modality, or a size or the rate is out of range. */
  constructor({ modalities, outputDim, modalityDropout = 0 }: FusionConfig) {
    super();
    this.modalities = Object.keys(modalities);
    this.dims = { ...modalities };
    this.outputDim = outputDim;
    this.modalityDropout = modalityDropout;
    if (this.modalities.length === 0)
      throw new ConfigError('Fusion: modalities: expected one or more, received none.');
    for (const [name, dim] of [...Object.entries(modalities), ['outputDim', outputDim] as const])
      if (!(Number.isInteger(dim) && dim > 0))
        throw new ConfigError(`Fusion: ${name}: expected a positive integer, received ${dim}.`);
    if (!(modalityDropout >= 0 && modalityDropout < 1))
      throw new ConfigError(`Fusion: modalityDropout: expected [0, 1), received ${modalityDropout}.`);
  }

  /**
   * @param inputs By name of the modality; one that is left out is missing for the whole batch.
   * @returns The caller disposes each of them.
   * @throws DataError when no modality is given, or one that the fusion does not know; ShapeError when shapes do not
   * fit each other or the configuration.
   */
  forward(inputs: ModalityInputs, context?: ForwardContext): FusionOutput {
    return tf.tidy(() => {
      let sequences = prepareModalities(inputs, this.dims);
      if (context?.training && this.modalityDropout > 0)
        sequences = dropModalities(sequences, this.modalityDropout, context);
      const output = this.fuse(sequences, context);
      const there = sequences.map((sequence) => sequence.present).reduce((a, b) => tf.maximum(a, b)); // [batch, 1]
      return { ...output, fused: tf.mul(output.fused, there) as tf.Tensor2D };
    });
  }

  /** The strategy: one entry for each modality, in order, missing ones with features and masks of zeros. Within `tf.tidy`. */
  protected abstract fuse(sequences: readonly Sequence[], context?: ForwardContext): FusionOutput;
}
