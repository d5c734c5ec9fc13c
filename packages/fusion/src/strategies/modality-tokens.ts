import { Linear, Module, normal, Parameter, type Rng } from '@crossmodal/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Sequence } from '../modality-inputs';
import { PerModality } from '../per-modality';

export interface ModalityTokensOptions {
  hiddenSize: number;
  /** Whether a modality that a sample lacks is one learned token, instead of nothing. Default false. */
  missingTokens?: boolean | undefined;
  rng: Rng;
}

/** Vectors of every modality as tokens of one size, each marked with a learned embedding of its modality. */
export class ModalityTokens extends Module {
  readonly projections: PerModality<Linear>;
  /** [modalities, hiddenSize] */
  readonly modalityEmbeddings: Parameter;
  /** [modalities, hiddenSize] */
  readonly missingTokens: Parameter | undefined;

  constructor(
    dims: Readonly<Record<string, number>>,
    { hiddenSize, missingTokens = false, rng }: ModalityTokensOptions,
  ) {
    super();
    const names = Object.keys(dims);
    const start = () => new Parameter(normal([names.length, hiddenSize], rng, 0, 0.02));
    this.projections = new PerModality(names, (name) => new Linear(dims[name]!, hiddenSize, { rng }));
    this.modalityEmbeddings = start();
    this.missingTokens = missingTokens ? start() : undefined;
  }

  /** Sequences to sequences, with features [batch, length, hiddenSize]. Within `tf.tidy`. */
  forward(sequences: readonly Sequence[]): Sequence[] {
    return sequences.map((sequence, i) => {
      const { name, mask, present } = sequence;
      const projected = this.projections.of(name).forward(sequence.features); // [batch, length, hiddenSize]
      const features = tf.add(projected, tf.slice(this.modalityEmbeddings.value, i, 1)) as tf.Tensor3D;
      if (!this.missingTokens) return { name, features, mask, present };
      const missing = tf.expandDims(tf.slice(this.missingTokens.value, i, 1), 0);
      const [batch, , hiddenSize] = features.shape;
      return {
        name,
        features: tf.concat([features, tf.broadcastTo(missing, [batch, 1, hiddenSize])], 1), // one token more
        mask: tf.concat([mask, tf.sub(1, present)], 1) as tf.Tensor2D,
        present: tf.onesLike(present),
      };
    });
  }
}

/** Sequences one after the other. Within `tf.tidy`. */
export function concatSequences(sequences: readonly Sequence[]): Pick<Sequence, 'features' | 'mask'> {
  return {
    features: tf.concat(
      sequences.map(({ features }) => features),
      1,
    ),
    mask: tf.concat(
      sequences.map(({ mask }) => mask),
      1,
    ),
  };
}
