import { type ForwardContext, LayerNorm, Module, normal, Parameter, type Rng } from '@crossmodal/core';
import { type PretrainedFamily, PretrainedModule, writeConfig } from '@crossmodal/hub';
import * as tf from '@tensorflow/tfjs-core';
import { PatchDropout } from '../shared/patch-dropout';
import { PatchEmbedding } from '../shared/patch-embedding';
import { PositionEmbedding } from '../shared/position-embedding';
import { tokenAt } from '../shared/token-at';
import type { VisionEncoder, VisionEncoderOutput } from '../shared/tower';
import { TransformerEncoder } from '../shared/transformer-encoder';
import { checkPixelValues, type VisionTransformerInput } from '../shared/vision-input';
import { type CLIPVisionConfig, readCLIPVisionConfig } from './clip-tower-config';

export interface CLIPVisionOutput extends VisionEncoderOutput {
  /** [batch, hiddenSize]; the class token's, normalised. */
  pooledOutput: tf.Tensor2D;
  /** [batch, 1 + patches, hiddenSize]; the class token first. */
  lastHiddenState: tf.Tensor3D;
  /** On request: what goes into the first block and comes out of each, [batch, 1 + patches, hiddenSize]. */
  hiddenStates?: tf.Tensor3D[];
}

/**
 * CLIP's image tower: a vision transformer that reads the picture from a class token. Radford et al. 2021,
 * section 2.4; Dosovitskiy et al. 2020.
 *
 * @example
 * const visionEncoder = new CLIPVisionTransformer({ ...clipViTB32.config.visionConfig, rng: new Rng(0) });
 */
export class CLIPVisionTransformer extends PretrainedModule implements VisionEncoder {
  static readonly family: PretrainedFamily<CLIPVisionTransformer> = {
    prefix: 'vision_model',
    build: (json, rng) =>
      new CLIPVisionTransformer({
        ...readCLIPVisionConfig(json['vision_config'] ?? json, 'CLIPVisionTransformer.fromPretrained'),
        rng,
      }),
  };
  static override readonly checkpointKeys = { pre_layernorm: 'pre_layrnorm' };
  readonly embeddings: CLIPVisionEmbeddings;
  readonly preLayernorm: LayerNorm;
  readonly encoder: TransformerEncoder;
  readonly postLayernorm: LayerNorm;
  readonly patchDropout: PatchDropout;
  readonly config: CLIPVisionConfig;

  constructor({ rng, ...config }: CLIPVisionConfig & { rng: Rng }) {
    super();
    const { hiddenSize, layerNormEps: epsilon } = config;
    this.embeddings = new CLIPVisionEmbeddings(config, rng);
    this.preLayernorm = new LayerNorm(hiddenSize, { epsilon });
    this.encoder = new TransformerEncoder(config, rng);
    this.postLayernorm = new LayerNorm(hiddenSize, { epsilon });
    this.patchDropout = new PatchDropout(config.patchDropout ?? 0, { prefixTokens: 1 });
    this.config = config;
  }

  get hiddenSize(): number {
    return this.config.hiddenSize;
  }

  /** The caller disposes every output. In training, `patchDropout` makes the patches fewer. */
  forward(input: VisionTransformerInput, context?: ForwardContext): CLIPVisionOutput {
    checkPixelValues(input, this.config, 'CLIPVisionTransformer');
    return tf.tidy(() => {
      const embedded = this.patchDropout.forward(this.embeddings.forward(input.pixelValues), context);
      const normed = this.preLayernorm.forward(embedded) as tf.Tensor3D;
      const hiddenStates = this.encoder.hiddenStates(normed, {}, context);
      const lastHiddenState = tf.clone(hiddenStates.at(-1)!); // [batch, 1 + patches, hiddenSize]
      const pooledOutput = this.postLayernorm.forward(tokenAt(lastHiddenState, 0)) as tf.Tensor2D;
      const output = { pooledOutput, lastHiddenState };
      return input.outputHiddenStates ? { ...output, hiddenStates } : output;
    });
  }

  protected override configJson(): Record<string, unknown> {
    return {
      architectures: ['CLIPVisionModel'],
      model_type: 'clip_vision_model',
      ...writeConfig(this.config),
    };
  }
}

/** Class token and patches, with positions. */
class CLIPVisionEmbeddings extends Module {
  /** [hiddenSize] */
  readonly classEmbedding: Parameter;
  readonly patchEmbedding: PatchEmbedding;
  readonly positionEmbedding: PositionEmbedding;
  private readonly grid: [rows: number, columns: number];

  constructor({ hiddenSize, patchSize, imageSize, numChannels }: CLIPVisionConfig, rng: Rng) {
    super();
    this.classEmbedding = new Parameter(normal([hiddenSize], rng, 0, hiddenSize ** -0.5));
    this.patchEmbedding = new PatchEmbedding(patchSize, numChannels, hiddenSize, { std: 0.02, rng });
    this.grid = this.patchEmbedding.grid(imageSize, imageSize);
    const positions = 1 + this.grid[0] * this.grid[1];
    this.positionEmbedding = new PositionEmbedding(positions, hiddenSize, { std: 0.02, rng });
  }

  forward(pixelValues: tf.Tensor4D): tf.Tensor3D {
    return tf.tidy(() => {
      const patches = this.patchEmbedding.forward(pixelValues); // [batch, patches, hiddenSize]
      const [batch, , hiddenSize] = patches.shape;
      const classToken = tf.broadcastTo(this.classEmbedding.value, [batch, 1, hiddenSize]);
      const to = this.patchEmbedding.grid(pixelValues.shape[1], pixelValues.shape[2]);
      const tokens = tf.concat([classToken, patches], 1) as tf.Tensor3D; // [batch, 1 + patches, hiddenSize]
      return this.positionEmbedding.forward(tokens, { from: this.grid, to, prefixTokens: 1 });
    });
  }
}
