import { Dropout, type ForwardContext, Linear, Module, type Rng, relu } from '@crossmodal/core';
import * as tf from '@tensorflow/tfjs-core';
import {
  type FeatureDims,
  type FeatureSequences,
  type PerModality,
  readSequences,
} from './feature-sequences';
import { LSTMSubnet } from './lstm-subnet';
import { MeanSubnet } from './mean-subnet';

export interface TFNConfig {
  dims: FeatureDims;
  /** Sizes within each modality's subnetwork. Default text 128, audio 32, vision 32. */
  hiddenSizes?: PerModality<number> | undefined;
  /** Size of the text's vector. Default 64. */
  textOutputSize?: number | undefined;
  /** Size of the layers after fusion. Default 128. */
  postFusionSize?: number | undefined;
  /** 1 for scores (the default), or the number of classes. */
  outputDim?: number | undefined;
  /** Least and greatest score: the prediction is a sigmoid between them. Default: not bounded. */
  scoreRange?: readonly [least: number, greatest: number] | undefined;
  /** Rate of dropout, in each subnetwork and after fusion. Default 0.2. */
  dropout?: number | undefined;
  rng: Rng;
}

export interface TFNOutput {
  /** [batch, outputDim] */
  prediction: tf.Tensor2D;
  /** Each modality's vector: text [batch, textOutputSize], audio and vision [batch, hiddenSize]. */
  features: PerModality<tf.Tensor2D>;
  /** [batch, product of the vectors' sizes plus 1] */
  fused: tf.Tensor2D;
}

/**
 * Tensor fusion network: the outer product of three vectors `[1; z]`, which holds every product of one, two or three
 * modalities, and a perceptron on it. Zadeh et al. 2017, "Tensor fusion network for multimodal sentiment analysis".
 *
 * Text goes through an LSTM; audio and vision are averaged over time. Padding changes nothing (the authors' LSTM runs
 * over it), and of a missing modality only the 1 is left. In training a batch norm has to see more than one sample.
 *
 * @example
 * const model = new TFN({ dims: { text: 300, audio: 74, vision: 35 }, rng: new Rng(0) });
 * const { prediction } = model.forward({ text, audio, vision }); // [batch, 1]
 */
export class TFN extends Module {
  static override readonly checkpointKeys = {
    vision_subnet: 'video_subnet',
    post_fusion_layer1: 'post_fusion_layer_1',
    post_fusion_layer2: 'post_fusion_layer_2',
    post_fusion_layer3: 'post_fusion_layer_3',
  };
  readonly dims: FeatureDims;
  readonly textSubnet: LSTMSubnet;
  readonly audioSubnet: MeanSubnet;
  readonly visionSubnet: MeanSubnet;
  readonly postFusionDropout: Dropout;
  readonly postFusionLayer1: Linear;
  readonly postFusionLayer2: Linear;
  readonly postFusionLayer3: Linear;
  private readonly scoreRange: readonly [number, number] | undefined;

  constructor({
    dims,
    hiddenSizes = { text: 128, audio: 32, vision: 32 },
    textOutputSize = 64,
    postFusionSize = 128,
    outputDim = 1,
    scoreRange,
    dropout = 0.2,
    rng,
  }: TFNConfig) {
    super();
    const { text, audio, vision } = hiddenSizes;
    this.dims = dims;
    this.textSubnet = new LSTMSubnet({
      inputSize: dims.text,
      hiddenSize: text,
      outputSize: textOutputSize,
      dropout,
      rng,
    });
    this.audioSubnet = new MeanSubnet({ inputSize: dims.audio, hiddenSize: audio, dropout, rng });
    this.visionSubnet = new MeanSubnet({ inputSize: dims.vision, hiddenSize: vision, dropout, rng });
    this.postFusionDropout = new Dropout(dropout);
    const fusedSize = (textOutputSize + 1) * (audio + 1) * (vision + 1);
    this.postFusionLayer1 = new Linear(fusedSize, postFusionSize, { rng });
    this.postFusionLayer2 = new Linear(postFusionSize, postFusionSize, { rng });
    this.postFusionLayer3 = new Linear(postFusionSize, outputDim, { rng });
    this.scoreRange = scoreRange;
  }

  /**
   * The caller disposes every output.
   *
   * @throws DataError when no modality is given; ShapeError when shapes do not fit.
   */
  forward(inputs: FeatureSequences, context?: ForwardContext): TFNOutput {
    return tf.tidy(() => {
      const { text, audio, vision } = readSequences(inputs, this.dims, 'TFN');
      const features = {
        text: this.textSubnet.forward(text, context),
        audio: this.audioSubnet.forward(audio, context),
        vision: this.visionSubnet.forward(vision, context),
      };
      const fused = outerProduct(
        outerProduct(withOne(features.audio), withOne(features.vision)),
        withOne(features.text),
      );
      const y1 = relu(this.postFusionLayer1.forward(this.postFusionDropout.forward(fused, context), context));
      const y2 = relu(this.postFusionLayer2.forward(y1, context)); // [batch, postFusionSize]
      const y3 = this.postFusionLayer3.forward(y2, context) as tf.Tensor2D; // [batch, outputDim]
      return { prediction: this.scoreRange ? between(y3, this.scoreRange) : y3, features, fused };
    });
  }
}

/** `[1; z]` for each sample. */
const withOne = (z: tf.Tensor2D): tf.Tensor2D => tf.concat([tf.ones([z.shape[0], 1]), z], 1);

/** [batch, n] and [batch, m] to [batch, n m]. */
function outerProduct(a: tf.Tensor2D, b: tf.Tensor2D): tf.Tensor2D {
  const product = tf.mul(tf.expandDims(a, 2), tf.expandDims(b, 1)); // [batch, n, m]
  return tf.reshape(product, [a.shape[0], a.shape[1] * b.shape[1]]);
}

function between(x: tf.Tensor2D, [least, greatest]: readonly [number, number]): tf.Tensor2D {
  return tf.add(tf.mul(tf.sigmoid(x), greatest - least), least);
}
