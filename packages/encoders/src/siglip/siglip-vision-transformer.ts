import { type ForwardContext, LayerNorm, Module, type Rng } from '@crossmodal/core';
import { type PretrainedFamily, PretrainedModule, writeConfig } from '@crossmodal/hub';
import * as tf from '@tensorflow/tfjs-core';
import { ACTIVATIONS } from '../shared/activation-names';
import { AttentionPooling } from '../shared/attention-pooling';
import { initializeXavier } from '../shared/initialize-linears';
import { PatchEmbedding } from '../shared/patch-embedding';
import { PositionEmbedding } from '../shared/position-embedding';
import type { VisionEncoder, VisionEncoderOutput } from '../shared/tower';
import { TransformerEncoder } from '../shared/transformer-encoder';
import { checkPixelValues, type VisionTransformerInput } from '../shared/vision-input';
import { readSigLIPVisionConfig, type SigLIPVisionConfig } from './siglip-tower-config';

export interface SigLIPVisionOutput extends VisionEncoderOutput {
  /** [batch, hiddenSize]; the head's, or the mean of the patches where there is no head. */
  pooledOutput: tf.Tensor2D;
  /** [batch, patches, hiddenSize], normalised. */
  lastHiddenState: tf.Tensor3D;
  /** On request: what goes into the first block and comes out of each, [batch, patches, hiddenSize]. */
  hiddenStates?: tf.Tensor3D[];
}

/**
 * SigLIP's image tower: a vision transformer without a class token, read by a learned query. Zhai et al. 2023,
 * "Sigmoid loss for language image pre-training"; Zhai et al. 2021, "Scaling vision transformers", section 3.2.
 *
 * Checkpoint keys are those of transformers' `SiglipVisionModel`, below `vision_model`.
 *
 * @example
 * const visionEncoder = new SigLIPVisionTransformer({ ...readSigLIPVisionConfig({}), rng: new Rng(0) });
 */
export class SigLIPVisionTransformer extends PretrainedModule implements VisionEncoder {
  static readonly family: PretrainedFamily<SigLIPVisionTransformer> = {
    prefix: 'vision_model',
    build: (json, rng) =>
      new SigLIPVisionTransformer({
        ...readSigLIPVisionConfig(json['vision_config'] ?? json, 'SigLIPVisionTransformer.fromPretrained'),
        rng,
      }),
  };
  readonly embeddings: SigLIPVisionEmbeddings;
  readonly encoder: TransformerEncoder;
  readonly postLayernorm: LayerNorm;
  readonly head: AttentionPooling | undefined;
  readonly config: SigLIPVisionConfig;

  constructor({ rng, ...config }: SigLIPVisionConfig & { rng: Rng }) {
    super();
    const { hiddenSize, layerNormEps: epsilon } = config;
    this.embeddings = new SigLIPVisionEmbeddings(config, rng);
    this.encoder = new TransformerEncoder(config, rng, { initialize: initializeXavier });
    this.postLayernorm = new LayerNorm(hiddenSize, { epsilon });
    if (config.visionUseHead) {
      const { intermediateSize, numAttentionHeads: numHeads } = config;
      const activation = ACTIVATIONS[config.hiddenAct];
      this.head = new AttentionPooling({ hiddenSize, intermediateSize, numHeads, activation, epsilon, rng });
      initializeXavier(this.head, rng);
    }
    this.config = config;
  }

  get hiddenSize(): number {
    return this.config.hiddenSize;
  }

  /** The caller disposes every output. */
  forward(input: VisionTransformerInput, context?: ForwardContext): SigLIPVisionOutput {
    checkPixelValues(input, this.config, 'SigLIPVisionTransformer');
    return tf.tidy(() => {
      const embedded = this.embeddings.forward(input.pixelValues); // [batch, patches, hiddenSize]
      const hiddenStates = this.encoder.hiddenStates(embedded, {}, context);
      const lastHiddenState = this.postLayernorm.forward(hiddenStates.at(-1)!) as tf.Tensor3D;
      const pooledOutput = this.head
        ? this.head.forward(lastHiddenState)
        : (tf.mean(lastHiddenState, 1) as tf.Tensor2D);
      const output = { pooledOutput, lastHiddenState };
      return input.outputHiddenStates ? { ...output, hiddenStates } : output;
    });
  }

  protected override configJson(): Record<string, unknown> {
    return {
      architectures: ['SiglipVisionModel'],
      model_type: 'siglip_vision_model',
      ...writeConfig(this.config),
    };
  }
}

/** Patches, with positions. */
class SigLIPVisionEmbeddings extends Module {
  readonly patchEmbedding: PatchEmbedding;
  readonly positionEmbedding: PositionEmbedding;
  private readonly grid: [rows: number, columns: number];

  constructor({ hiddenSize, patchSize, imageSize, numChannels }: SigLIPVisionConfig, rng: Rng) {
    super();
    const patchStd = (numChannels * patchSize ** 2) ** -0.5;
    const options = { std: patchStd, bias: true, rng };
    this.patchEmbedding = new PatchEmbedding(patchSize, numChannels, hiddenSize, options);
    this.grid = this.patchEmbedding.grid(imageSize, imageSize);
    const positions = this.grid[0] * this.grid[1];
    this.positionEmbedding = new PositionEmbedding(positions, hiddenSize, { std: hiddenSize ** -0.5, rng });
  }

  forward(pixelValues: tf.Tensor4D): tf.Tensor3D {
    return tf.tidy(() => {
      const to = this.patchEmbedding.grid(pixelValues.shape[1], pixelValues.shape[2]);
      return this.positionEmbedding.forward(this.patchEmbedding.forward(pixelValues), {
        from: this.grid,
        to,
      });
    });
  }
}
