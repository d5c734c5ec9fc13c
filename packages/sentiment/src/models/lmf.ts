import { type ForwardContext, Module, type Rng } from '@crossmodal/core';
import { LowRankFusion } from '@crossmodal/fusion';
import * as tf from '@tensorflow/tfjs-core';
import {
  type FeatureDims,
  type FeatureSequences,
  type PerModality,
  readSequences,
} from './feature-sequences';
import { LSTMSubnet } from './lstm-subnet';
import { MeanSubnet } from './mean-subnet';

export interface LMFConfig {
  dims: FeatureDims;
  /** Sizes within each modality's subnetwork. Default text 128, audio 32, vision 32. */
  hiddenSizes?: PerModality<number> | undefined;
  /** Size of the text's vector. Default 64. */
  textOutputSize?: number | undefined;
  /** Number of products summed for each output. Default 4. */
  rank?: number | undefined;
  /** 1 for scores (the default), or the number of classes. */
  outputDim?: number | undefined;
  /** Rate of dropout in each subnetwork. Default 0.2. */
  dropout?: number | undefined;
  rng: Rng;
}

export interface LMFOutput {
  /** [batch, outputDim] */
  prediction: tf.Tensor2D;
  /** Each modality's vector: text [batch, textOutputSize], audio and vision [batch, hiddenSize]. */
  features: PerModality<tf.Tensor2D>;
}

/**
 * Low-rank multimodal fusion: the prediction of a {@link TFN} with a linear layer alone on its tensor, whose weights are
 * a sum of `rank` outer products, so that the tensor is never made. Liu et al. 2018, "Efficient low-rank multimodal
 * fusion with modality-specific factors".
 *
 * Subnetworks, padding and missing modalities are as in {@link TFN}. The authors' weights of the ranks are within the
 * factors of {@link LowRankFusion}.
 *
 * @example
 * const model = new LMF({ dims: { text: 300, audio: 74, vision: 35 }, rng: new Rng(0) });
 * const { prediction } = model.forward({ text, audio, vision }); // [batch, 1]
 */
export class LMF extends Module {
  static override readonly checkpointKeys = { vision_subnet: 'video_subnet' };
  readonly dims: FeatureDims;
  readonly textSubnet: LSTMSubnet;
  readonly audioSubnet: MeanSubnet;
  readonly visionSubnet: MeanSubnet;
  readonly fusion: LowRankFusion;

  constructor({
    dims,
    hiddenSizes = { text: 128, audio: 32, vision: 32 },
    textOutputSize = 64,
    rank,
    outputDim = 1,
    dropout = 0.2,
    rng,
  }: LMFConfig) {
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
    this.fusion = new LowRankFusion({
      modalities: { text: textOutputSize, audio, vision },
      outputDim,
      rank,
      rng,
    });
  }

  /**
   * The caller disposes every output.
   *
   * @throws DataError when no modality is given; ShapeError when shapes do not fit.
   */
  forward(inputs: FeatureSequences, context?: ForwardContext): LMFOutput {
    return tf.tidy(() => {
      const { text, audio, vision } = readSequences(inputs, this.dims, 'LMF');
      const features = {
        text: this.textSubnet.forward(text, context),
        audio: this.audioSubnet.forward(audio, context),
        vision: this.visionSubnet.forward(vision, context),
      };
      return { prediction: this.fusion.forward(features, context).fused, features };
    });
  }
}
