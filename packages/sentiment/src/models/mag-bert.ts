import {
  assertShape,
  Dropout,
  type ForwardContext,
  Linear,
  type LossResult,
  Module,
  type Rng,
} from '@crossmodal/core';
import type { BertInput, BertModel } from '@crossmodal/encoders';
import * as tf from '@tensorflow/tfjs-core';
import { type FeatureDims, type ModalityFeatures, readSequences } from './feature-sequences';
import { MAG } from './mag';
import { sentimentLoss } from './sentiment-loss';

export interface MAGBertConfig {
  /** A pretrained one, as a rule; it is trained with the rest. */
  bert: BertModel;
  /** Sizes of the vectors of a word. */
  dims: Readonly<Record<'audio' | 'vision', number>>;
  /** Greatest length of the displacement, as a share of the embedding's. Default 1. */
  betaShift?: number | undefined;
  /** 1 for scores (the default), or the number of classes. */
  outputDim?: number | undefined;
  /** Rate of dropout of the displaced embeddings. Default 0.5. */
  dropout?: number | undefined;
  rng: Rng;
}

/** Tokens, and for each of them how it sounded and looked. */
export interface MAGBertInput {
  tokens: Pick<BertInput, 'inputIds' | 'attentionMask' | 'tokenTypeIds'>;
  /** float32 [batch, length, dims.audio], with the length of the tokens; zeros (or a mask) where there is none. */
  audio?: ModalityFeatures | undefined;
  /** float32 [batch, length, dims.vision], with the length of the tokens; zeros (or a mask) where there is none. */
  vision?: ModalityFeatures | undefined;
}

export interface MAGBertOutput {
  /** [batch, outputDim] */
  prediction: tf.Tensor2D;
  /** [batch, hiddenSize] */
  pooledOutput: tf.Tensor2D;
  /** [batch, length, hiddenSize] */
  lastHiddenState: tf.Tensor3D;
}

/** A batch to train a {@link MAGBert} on. */
export interface MAGBertBatch extends MAGBertInput {
  /** [batch]: scores; or classes, from 0. */
  labels: tf.Tensor1D;
}

/**
 * MAG-BERT: a BERT whose embeddings are displaced by a {@link MAG} before its first block, and a classifier. Rahman et al.
 * 2020, "Integrating multimodal information in large pretrained transformers", section 4.
 *
 * Audio and vision are aligned with the tokens. Padding tokens change nothing; audio or vision that is missing is zeros,
 * as the authors have it for tokens without any, of which a displacement by the biases is left.
 *
 * @example
 * const model = new MAGBert({ bert, dims: { audio: 74, vision: 47 }, rng: new Rng(0) });
 * const { prediction } = model.forward({ tokens: { inputIds, attentionMask }, audio, vision }); // [batch, 1]
 */
export class MAGBert extends Module {
  static override readonly checkpointKeys = { mag: 'bert.MAG' };
  readonly dims: FeatureDims;
  readonly bert: BertModel;
  readonly mag: MAG;
  readonly dropout: Dropout;
  readonly classifier: Linear;

  constructor({ bert, dims, outputDim = 1, rng, ...config }: MAGBertConfig) {
    super();
    const { hiddenSize, hiddenDropoutProb } = bert.config;
    this.dims = { ...dims, text: hiddenSize };
    this.bert = bert;
    this.mag = new MAG({ ...config, dims: this.dims, rng });
    this.dropout = new Dropout(hiddenDropoutProb);
    this.classifier = new Linear(hiddenSize, outputDim, { rng });
  }

  /**
   * The caller disposes every output.
   *
   * @throws ShapeError when shapes do not fit: audio and vision have a vector for each token.
   */
  forward({ tokens, audio, vision }: MAGBertInput, context?: ForwardContext): MAGBertOutput {
    const adaptEmbeddings = (embedded: tf.Tensor3D) => {
      const [batch, length] = embedded.shape;
      const none = (dim: number) => tf.zeros([batch, length, dim]) as tf.Tensor3D;
      const inputs = {
        text: embedded,
        audio: audio ?? none(this.dims.audio),
        vision: vision ?? none(this.dims.vision),
      };
      const read = readSequences(inputs, this.dims, 'MAGBert');
      for (const name of ['audio', 'vision'] as const) {
        const hint = 'Audio and vision have a vector for each token.';
        const expected = [batch, length, this.dims[name]];
        assertShape(read[name].features.shape, expected, `MAGBert: inputs.${name}`, hint);
      }
      return this.mag.forward(embedded, read.audio.features, read.vision.features, context);
    };
    return tf.tidy(() => {
      const output = this.bert.forward({ ...tokens, adaptEmbeddings }, context);
      const { pooledOutput, lastHiddenState } = output;
      const kept = this.dropout.forward(pooledOutput, context);
      const prediction = this.classifier.forward(kept, context) as tf.Tensor2D;
      return { prediction, pooledOutput, lastHiddenState };
    });
  }
}

/** Squared error of scores, or cross-entropy of classes, for a `Trainer`. */
export function magBertLoss(model: MAGBert, batch: MAGBertBatch, context?: ForwardContext): LossResult {
  return {
    loss: tf.tidy(() =>
      sentimentLoss(model.forward(batch, context).prediction, batch.labels, { error: 'squared' }),
    ),
  };
}
