import {
  type CheckpointKeys,
  Dropout,
  type ForwardContext,
  Linear,
  Module,
  type Rng,
  relu,
} from '@crossmodal/core';
import type { Sequence } from '@crossmodal/fusion';
import * as tf from '@tensorflow/tfjs-core';
import { CrossModalTransformer } from './cross-modal-transformer';
import {
  type FeatureDims,
  type FeatureSequences,
  type PerModality,
  perModality,
  readSequences,
} from './feature-sequences';
import { TemporalConv } from './temporal-conv';

export interface MulTConfig {
  dims: FeatureDims;
  /** Size that each modality is brought to. Default 30. */
  hiddenSize?: number | undefined;
  /** Default 5. */
  numHeads?: number | undefined;
  /** Layers of each cross-modal transformer, and of those on their results, which have 3 at least. Default 5. */
  numLayers?: number | undefined;
  /** Steps that the convolution of each modality sees; a shorter sequence counts as missing. Default 1 each. */
  kernelSizes?: PerModality<number> | undefined;
  /** Whether a step sees no later steps. Default true, as the authors train. */
  causal?: boolean | undefined;
  /** 1 for scores (the default), or the number of classes. */
  outputDim?: number | undefined;
  /** Rate of dropout in the transformers and before the last layers. Default 0.1. */
  dropout?: number | undefined;
  /** Rate of dropout of the text's vectors, and of what goes into each transformer. Default 0.25. */
  embedDropout?: number | undefined;
  rng: Rng;
}

export interface MulTOutput {
  /** [batch, outputDim] */
  prediction: tf.Tensor2D;
  /** The last step of each modality, informed by the two others: [batch, 2 hiddenSize]. */
  features: PerModality<tf.Tensor2D>;
}

/**
 * Multimodal transformer: each modality attends to the two others, step by step, whatever their lengths. Tsai et al.
 * 2019, "Multimodal transformer for unaligned multimodal language sequences", figure 2.
 *
 * Padding, at either end, changes nothing: it is not attended to, positions count what is there, and the last step is
 * the last that is there. The authors' code does not mask; without padding the two agree, but for dropout of attention's
 * weights, which ours has not, and for features whose size is `hiddenSize` already, which it does not convolve. A missing
 * modality is zeros, and nothing attends to it. Keys are the authors', whose `in_proj` is three here (`q_proj`, `k_proj`, `v_proj`).
 *
 * @example
 * const model = new MulT({ dims: { text: 300, audio: 74, vision: 35 }, rng: new Rng(0) });
 * const { prediction } = model.forward({ text, audio, vision }); // [batch, 1]
 */
export class MulT extends Module {
  static override readonly checkpointKeys: CheckpointKeys = {
    text_conv: 'proj_l',
    audio_conv: 'proj_a',
    vision_conv: 'proj_v',
    text_with_audio: 'trans_l_with_a',
    text_with_vision: 'trans_l_with_v',
    audio_with_text: 'trans_a_with_l',
    audio_with_vision: 'trans_a_with_v',
    vision_with_text: 'trans_v_with_l',
    vision_with_audio: 'trans_v_with_a',
    text_memory: 'trans_l_mem',
    audio_memory: 'trans_a_mem',
    vision_memory: 'trans_v_mem',
  };
  readonly dims: FeatureDims;
  readonly textDropout: Dropout;
  readonly textConv: TemporalConv;
  readonly audioConv: TemporalConv;
  readonly visionConv: TemporalConv;
  readonly textWithAudio: CrossModalTransformer;
  readonly textWithVision: CrossModalTransformer;
  readonly audioWithText: CrossModalTransformer;
  readonly audioWithVision: CrossModalTransformer;
  readonly visionWithText: CrossModalTransformer;
  readonly visionWithAudio: CrossModalTransformer;
  readonly textMemory: CrossModalTransformer;
  readonly audioMemory: CrossModalTransformer;
  readonly visionMemory: CrossModalTransformer;
  readonly proj1: Linear;
  readonly proj2: Linear;
  readonly outputDropout: Dropout;
  readonly outLayer: Linear;

  /** @throws ConfigError when `numHeads` does not divide `hiddenSize`. */
  constructor({
    dims,
    hiddenSize = 30,
    numHeads = 5,
    numLayers = 5,
    kernelSizes = perModality(() => 1),
    causal = true,
    outputDim = 1,
    dropout = 0.1,
    embedDropout = 0.25,
    rng,
  }: MulTConfig) {
    super();
    this.dims = dims;
    this.textDropout = new Dropout(embedDropout);
    this.textConv = new TemporalConv(dims.text, hiddenSize, kernelSizes.text, rng);
    this.audioConv = new TemporalConv(dims.audio, hiddenSize, kernelSizes.audio, rng);
    this.visionConv = new TemporalConv(dims.vision, hiddenSize, kernelSizes.vision, rng);
    const config = { hiddenSize, numHeads, numLayers, dropout, embedDropout, causal, rng };
    this.textWithAudio = new CrossModalTransformer(config);
    this.textWithVision = new CrossModalTransformer(config);
    this.audioWithText = new CrossModalTransformer(config);
    this.audioWithVision = new CrossModalTransformer(config);
    this.visionWithText = new CrossModalTransformer(config);
    this.visionWithAudio = new CrossModalTransformer(config);
    const memory = { ...config, hiddenSize: 2 * hiddenSize, numLayers: Math.max(numLayers, 3) };
    this.textMemory = new CrossModalTransformer(memory);
    this.audioMemory = new CrossModalTransformer(memory);
    this.visionMemory = new CrossModalTransformer(memory);
    this.proj1 = new Linear(6 * hiddenSize, 6 * hiddenSize, { rng });
    this.proj2 = new Linear(6 * hiddenSize, 6 * hiddenSize, { rng });
    this.outputDropout = new Dropout(dropout);
    this.outLayer = new Linear(6 * hiddenSize, outputDim, { rng });
  }

  /**
   * The caller disposes every output.
   *
   * @throws DataError when no modality is given; ShapeError when shapes do not fit.
   */
  forward(inputs: FeatureSequences, context?: ForwardContext): MulTOutput {
    return tf.tidy(() => {
      const given = readSequences(inputs, this.dims, 'MulT');
      const dropped = { ...given.text, features: this.textDropout.forward(given.text.features, context) };
      const text = this.textConv.forward(dropped); // [batch, textLength, hiddenSize]
      const audio = this.audioConv.forward(given.audio);
      const vision = this.visionConv.forward(given.vision);
      const informed = (
        target: Sequence,
        [first, second]: readonly [CrossModalTransformer, CrossModalTransformer],
        sources: readonly [Sequence, Sequence],
        memory: CrossModalTransformer,
      ) => {
        const a = first.forward(target, sources[0], context).features;
        const b = second.forward(target, sources[1], context).features;
        const both = { ...target, features: tf.concat([a, b], 2) }; // [batch, length, 2 hiddenSize]
        return lastStep(memory.forward(both, undefined, context));
      };
      const features = {
        text: informed(text, [this.textWithAudio, this.textWithVision], [audio, vision], this.textMemory),
        audio: informed(audio, [this.audioWithText, this.audioWithVision], [text, vision], this.audioMemory),
        vision: informed(
          vision,
          [this.visionWithText, this.visionWithAudio],
          [text, audio],
          this.visionMemory,
        ),
      };
      const last = tf.concat([features.text, features.audio, features.vision], 1); // [batch, 6 hiddenSize]
      const hidden = this.outputDropout.forward(relu(this.proj1.forward(last, context)), context);
      const residual = tf.add(last, this.proj2.forward(hidden, context));
      return { prediction: this.outLayer.forward(residual, context) as tf.Tensor2D, features };
    });
  }
}

/** The last step that is there, [batch, dim]; zeros where none is. */
function lastStep({ features, mask }: Sequence): tf.Tensor2D {
  const [batch, length, dim] = features.shape;
  const steps = tf.mul(mask, tf.range(1, length + 1)); // [batch, length]
  const chosen = tf.mul(mask, tf.cast(tf.equal(steps, tf.max(steps, 1, true)), 'float32'));
  const last = tf.matMul(tf.reshape(chosen, [batch, 1, length]), features); // [batch, 1, dim]
  return tf.reshape(last, [batch, dim]);
}
