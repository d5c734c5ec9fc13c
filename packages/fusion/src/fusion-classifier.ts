import { ConfigError, Dropout, type ForwardContext, Linear, Module, type Rng } from '@crossmodal/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Fusion, FusionOutput } from './fusion';
import type { ModalityInputs } from './modality-inputs';

export interface FusionClassifierConfig {
  fusion: Fusion;
  /** Left out where what `fusion` gives are logits already, as late fusion's: there is no head then. */
  numClasses?: number | undefined;
  /** Rate of dropout between fusion and head. Default 0. */
  dropout?: number | undefined;
  rng: Rng;
}

export interface FusionClassifierOutput extends FusionOutput {
  /** float32 [batch, classes] */
  logits: tf.Tensor2D;
}

/**
 * A fusion, and a linear head that tells classes (or values: one "class" for a regression) by what it gives.
 *
 * @example
 * const fusion: Fusion = new GatedFusion({ modalities: { text: 8, image: 6 }, outputDim: 4, rng });
 * const classifier = new FusionClassifier({ fusion, numClasses: 3, dropout: 0.1, rng });
 * const { logits } = classifier.forward({ text: tf.ones([2, 5, 8]), image: tf.ones([2, 6]) }); // [2, 3]
 */
export class FusionClassifier extends Module {
  readonly fusion: Fusion;
  readonly dropout: Dropout;
  readonly classifier: Linear | undefined;

  /** @throws ConfigError when the number of classes or the rate is out of range. */
  constructor({ fusion, numClasses, dropout = 0, rng }: FusionClassifierConfig) {
    super();
    if (numClasses !== undefined && !(Number.isInteger(numClasses) && numClasses > 0))
      throw new ConfigError(
        `FusionClassifier: numClasses: expected a positive integer, received ${numClasses}.`,
      );
    this.fusion = fusion;
    this.dropout = new Dropout(dropout);
    this.classifier =
      numClasses === undefined ? undefined : new Linear(fusion.outputDim, numClasses, { rng });
  }

  /**
   * @param inputs As {@link Fusion.forward} takes them.
   * @returns The caller disposes each of them.
   */
  forward(inputs: ModalityInputs, context?: ForwardContext): FusionClassifierOutput {
    return tf.tidy(() => {
      const output = this.fusion.forward(inputs, context);
      const { classifier } = this;
      const logits = classifier
        ? classifier.forward(this.dropout.forward(output.fused, context), context)
        : tf.clone(output.fused); // [batch, classes]
      return { ...output, logits: logits as tf.Tensor2D };
    });
  }
}
