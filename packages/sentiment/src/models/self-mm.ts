import {
  type CheckpointKeys,
  Dropout,
  type ForwardContext,
  Linear,
  Module,
  type Rng,
  relu,
} from '@crossmodal/core';
import type { BertModel, TextInput } from '@crossmodal/encoders';
import * as tf from '@tensorflow/tfjs-core';
import {
  type FeatureDims,
  type FeatureSequences,
  type PerModality,
  perModality,
  readSequences,
} from './feature-sequences';
import { LSTMSubnet } from './lstm-subnet';

export interface SelfMMConfig {
  /** Sizes of each modality's vectors; `text` is not read where there is a `bert`. */
  dims: FeatureDims;
  /** Reads the text, as token ids; its first token's state is the text. Default: an LSTM, which reads features. */
  bert?: BertModel | undefined;
  /** Sizes of the LSTMs' states. Default text 128, audio 16, vision 32. */
  lstmSizes?: PerModality<number> | undefined;
  /** Sizes of the vectors made of them. Default text 64, audio 16, vision 32. */
  outputSizes?: PerModality<number> | undefined;
  /** Size within each head. Default fusion 128, text 32, audio 16, vision 32. */
  headSizes?: Record<SelfMMTask, number> | undefined;
  /** Rate of dropout, after LSTMs and before heads. Default 0.1. */
  dropout?: number | undefined;
  rng: Rng;
}

/** What has a prediction of its own: all modalities together, and each alone. */
export const SELF_MM_TASKS = ['fusion', 'text', 'audio', 'vision'] as const;

export type SelfMMTask = (typeof SELF_MM_TASKS)[number];

/** Feature sequences; a model with a BERT reads `tokens` in the place of `text`. */
export type SelfMMInput = FeatureSequences & { readonly tokens?: TextInput | undefined };

export interface SelfMMOutput {
  /** [batch, 1], of all modalities together. */
  prediction: tf.Tensor2D;
  /** [batch, 1], of each alone: in training only of use. */
  unimodal: PerModality<tf.Tensor2D>;
  /** [batch, headSize], within each head: what labels of single modalities are made from. */
  features: Record<SelfMMTask, tf.Tensor2D>;
}

/**
 * Self-MM: a score of all modalities together, and one of each alone, whose labels are made while it trains
 * ({@link UnimodalLabelGenerator}). Yu et al. 2021, "Learning modality-specific representations with self-supervised
 * multi-task learning for multimodal sentiment analysis", figure 2. Train it with {@link selfMMLoss}.
 *
 * Scores only, as published. Padding changes nothing. A missing modality is a vector of zeros.
 *
 * @example
 * const model = new SelfMM({ dims: { text: 300, audio: 74, vision: 35 }, rng: new Rng(0) });
 * const { prediction } = model.forward({ text, audio, vision }); // [batch, 1]
 */
export class SelfMM extends Module {
  static override readonly checkpointKeys: CheckpointKeys = {
    vision_model: 'video_model',
    ...headKeys('fusion', 'fusion'),
    ...headKeys('text', 'text'),
    ...headKeys('audio', 'audio'),
    ...headKeys('vision', 'video'),
  };
  readonly dims: FeatureDims;
  readonly textModel: LSTMSubnet | BertModel;
  readonly audioModel: LSTMSubnet;
  readonly visionModel: LSTMSubnet;
  readonly fusionHead: Head;
  readonly textHead: Head;
  readonly audioHead: Head;
  readonly visionHead: Head;

  constructor({
    dims,
    bert,
    lstmSizes = { text: 128, audio: 16, vision: 32 },
    outputSizes = { text: 64, audio: 16, vision: 32 },
    headSizes = { fusion: 128, text: 32, audio: 16, vision: 32 },
    dropout = 0.1,
    rng,
  }: SelfMMConfig) {
    super();
    this.dims = bert ? { ...dims, text: bert.hiddenSize } : dims;
    const subnet = (modality: 'text' | 'audio' | 'vision') =>
      new LSTMSubnet({
        inputSize: dims[modality],
        hiddenSize: lstmSizes[modality],
        outputSize: outputSizes[modality],
        dropout,
        rng,
      });
    this.textModel = bert ?? subnet('text');
    this.audioModel = subnet('audio');
    this.visionModel = subnet('vision');
    const textSize = bert?.hiddenSize ?? outputSizes.text;
    const { audio, vision } = outputSizes;
    this.fusionHead = new Head(textSize + audio + vision, headSizes.fusion, dropout, rng);
    this.textHead = new Head(textSize, headSizes.text, dropout, rng);
    this.audioHead = new Head(audio, headSizes.audio, dropout, rng);
    this.visionHead = new Head(vision, headSizes.vision, dropout, rng);
  }

  /**
   * The caller disposes every output.
   *
   * @throws DataError when no modality is given; ShapeError when shapes do not fit.
   */
  forward(inputs: SelfMMInput, context?: ForwardContext): SelfMMOutput {
    return tf.tidy(() => {
      const { textModel } = this;
      const given =
        textModel instanceof LSTMSubnet
          ? inputs
          : { ...inputs, text: this.readTokens(textModel, inputs.tokens, context) };
      const sequences = readSequences(given, this.dims, 'SelfMM');
      const text =
        textModel instanceof LSTMSubnet
          ? textModel.forward(sequences.text, context)
          : (tf.squeeze(sequences.text.features, [1]) as tf.Tensor2D);
      const audio = this.audioModel.forward(sequences.audio, context);
      const vision = this.visionModel.forward(sequences.vision, context);
      const heads = {
        fusion: this.fusionHead.forward(tf.concat([text, audio, vision], 1), context),
        text: this.textHead.forward(text, context),
        audio: this.audioHead.forward(audio, context),
        vision: this.visionHead.forward(vision, context),
      };
      return {
        prediction: heads.fusion.prediction,
        unimodal: perModality((modality) => heads[modality].prediction),
        features: { fusion: heads.fusion.feature, ...perModality((modality) => heads[modality].feature) },
      };
    });
  }

  /** The state of the first token, [batch, hiddenSize]. */
  private readTokens(
    bert: BertModel,
    tokens: TextInput | undefined,
    context: ForwardContext | undefined,
  ): tf.Tensor2D | undefined {
    if (!tokens) return undefined;
    const { lastHiddenState } = bert.forward(tokens, context);
    const [batch, , size] = lastHiddenState.shape;
    const first = tf.slice(lastHiddenState, [0, 0, 0], [batch, 1, size]);
    return tf.reshape<tf.Rank.R2>(first, [batch, size]);
  }
}

/** A vector to a score. */
class Head extends Module {
  readonly dropout: Dropout;
  readonly layer1: Linear;
  readonly layer2: Linear;
  readonly layer3: Linear;

  constructor(inputSize: number, hiddenSize: number, dropout: number, rng: Rng) {
    super();
    this.dropout = new Dropout(dropout);
    this.layer1 = new Linear(inputSize, hiddenSize, { rng });
    this.layer2 = new Linear(hiddenSize, hiddenSize, { rng });
    this.layer3 = new Linear(hiddenSize, 1, { rng });
  }

  /** [batch, inputSize] to the feature [batch, hiddenSize] and the prediction [batch, 1]. */
  forward(x: tf.Tensor2D, context: ForwardContext | undefined) {
    const feature = relu(this.layer1.forward(this.dropout.forward(x, context), context)) as tf.Tensor2D;
    const hidden = relu(this.layer2.forward(feature, context));
    return { feature, prediction: this.layer3.forward(hidden, context) as tf.Tensor2D };
  }
}

/** The authors' names of a {@link Head}. */
function headKeys(name: string, theirs: string): CheckpointKeys {
  return Object.fromEntries([1, 2, 3].map((i) => [`${name}_head.layer${i}`, `post_${theirs}_layer_${i}`]));
}
