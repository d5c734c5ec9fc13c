import {
  type CheckpointKeys,
  Dropout,
  type ForwardContext,
  LayerNorm,
  Linear,
  Module,
  normal,
  Parameter,
  type Rng,
} from '@crossmodal/core';
import { type PretrainedFamily, PretrainedModule, writeConfig } from '@crossmodal/hub';
import * as tf from '@tensorflow/tfjs-core';
import { hasPooler } from '../shared/has-pooler';
import { initializeNormal } from '../shared/initialize-linears';
import { PatchDropout } from '../shared/patch-dropout';
import { PatchEmbedding } from '../shared/patch-embedding';
import { resizePositionEmbeddings } from '../shared/resize-position-embeddings';
import { tokenAt } from '../shared/token-at';
import type { VisionEncoder, VisionEncoderOutput } from '../shared/tower';
import { TransformerEncoder } from '../shared/transformer-encoder';
import { checkPixelValues, type VisionTransformerInput } from '../shared/vision-input';
import { readViTConfig, type ViTConfig } from './vit-config';

export interface ViTOutput extends VisionEncoderOutput {
  /** [batch, hiddenSize]; see `pooling` and `pooler` of {@link ViTConfig}. */
  pooledOutput: tf.Tensor2D;
  /** [batch, 1 + patches, hiddenSize], normalised; the class token first. */
  lastHiddenState: tf.Tensor3D;
  /** On request: what goes into the first block and comes out of each, [batch, 1 + patches, hiddenSize]. */
  hiddenStates?: tf.Tensor3D[];
}

/**
 * The vision transformer: an image as a row of patches, with a class token before them. Dosovitskiy et al. 2020,
 * "An image is worth 16x16 words", section 3.1.
 *
 * Checkpoint keys are those of transformers' `ViTModel`, as files have them and as version 5 has them in memory.
 *
 * @example
 * const vit = new ViT({ ...readViTConfig({ image_size: 32, patch_size: 4 }), rng: new Rng(0) });
 * const { pooledOutput } = vit.forward({ pixelValues }); // [batch, 768]
 */
export class ViT extends PretrainedModule implements VisionEncoder {
  static readonly family: PretrainedFamily<ViT> = {
    prefix: 'vit',
    build(json, rng, weights) {
      const config = readViTConfig(json, 'ViT.fromPretrained');
      return new ViT({ ...config, pooler: hasPooler(weights) ?? config.pooler, rng });
    },
  };
  static override readonly checkpointKeys: CheckpointKeys = {
    'encoder.layers.*.layer_norm1': ['encoder.layer.*.layernorm_before', 'layers.*.layernorm_before'],
    'encoder.layers.*.layer_norm2': ['encoder.layer.*.layernorm_after', 'layers.*.layernorm_after'],
    'encoder.layers.*.self_attn.q_proj': [
      'encoder.layer.*.attention.attention.query',
      'layers.*.attention.q_proj',
    ],
    'encoder.layers.*.self_attn.k_proj': [
      'encoder.layer.*.attention.attention.key',
      'layers.*.attention.k_proj',
    ],
    'encoder.layers.*.self_attn.v_proj': [
      'encoder.layer.*.attention.attention.value',
      'layers.*.attention.v_proj',
    ],
    'encoder.layers.*.self_attn.out_proj': [
      'encoder.layer.*.attention.output.dense',
      'layers.*.attention.o_proj',
    ],
    'encoder.layers.*.mlp.fc1': ['encoder.layer.*.intermediate.dense', 'layers.*.mlp.fc1'],
    'encoder.layers.*.mlp.fc2': ['encoder.layer.*.output.dense', 'layers.*.mlp.fc2'],
    pooler: 'pooler.dense',
  };
  readonly embeddings: ViTEmbeddings;
  readonly encoder: TransformerEncoder;
  readonly layernorm: LayerNorm;
  readonly pooler: Linear | undefined;
  readonly config: ViTConfig;

  constructor({ rng, ...config }: ViTConfig & { rng: Rng }) {
    super();
    const { hiddenSize, initializerRange } = config;
    const initialize = (module: Module) => initializeNormal(module, initializerRange, rng);
    this.embeddings = new ViTEmbeddings(config, rng);
    this.encoder = new TransformerEncoder(config, rng, { initialize });
    this.layernorm = new LayerNorm(hiddenSize, { epsilon: config.layerNormEps });
    this.pooler = config.pooler ? new Linear(hiddenSize, hiddenSize, { rng }) : undefined;
    if (this.pooler) initialize(this.pooler);
    this.config = config;
  }

  get hiddenSize(): number {
    return this.config.hiddenSize;
  }

  /** The caller disposes every output. In training, `patchDropout` makes the patches fewer. */
  forward(input: VisionTransformerInput, context?: ForwardContext): ViTOutput {
    checkPixelValues(input, this.config, 'ViT');
    return tf.tidy(() => {
      const embedded = this.embeddings.forward(input.pixelValues, context); // [batch, 1 + patches, hiddenSize]
      const hiddenStates = this.encoder.hiddenStates(embedded, {}, context);
      const lastHiddenState = this.layernorm.forward(hiddenStates.at(-1)!) as tf.Tensor3D;
      const pooled =
        this.config.pooling === 'mean'
          ? (tf.mean(tf.slice(lastHiddenState, [0, 1, 0], [-1, -1, -1]), 1) as tf.Tensor2D)
          : tokenAt(lastHiddenState, 0); // [batch, hiddenSize]
      const pooledOutput = this.pooler
        ? (tf.tanh(this.pooler.forward(pooled, context)) as tf.Tensor2D)
        : pooled;
      const output = { pooledOutput, lastHiddenState };
      return input.outputHiddenStates ? { ...output, hiddenStates } : output;
    });
  }

  protected override configJson(): Record<string, unknown> {
    return { architectures: ['ViTModel'], model_type: 'vit', ...writeConfig(this.config) };
  }
}

/** Class token and patches, with positions. */
class ViTEmbeddings extends Module {
  static override readonly checkpointKeys = { patch_embeddings: 'patch_embeddings.projection' };
  /** [1, 1, hiddenSize] */
  readonly clsToken: Parameter;
  /** [1, 1 + patches, hiddenSize] */
  readonly positionEmbeddings: Parameter;
  readonly patchEmbeddings: PatchEmbedding;
  readonly dropout: Dropout;
  readonly patchDropout: PatchDropout;
  private readonly grid: [rows: number, columns: number];

  constructor(config: ViTConfig, rng: Rng) {
    super();
    const { hiddenSize, patchSize, imageSize, numChannels, initializerRange: std } = config;
    this.clsToken = new Parameter(normal([1, 1, hiddenSize], rng, 0, std));
    this.patchEmbeddings = new PatchEmbedding(patchSize, numChannels, hiddenSize, { std, bias: true, rng });
    this.grid = this.patchEmbeddings.grid(imageSize, imageSize);
    const positions = 1 + this.grid[0] * this.grid[1];
    this.positionEmbeddings = new Parameter(normal([1, positions, hiddenSize], rng, 0, std));
    this.dropout = new Dropout(config.hiddenDropoutProb);
    this.patchDropout = new PatchDropout(config.patchDropout ?? 0, { prefixTokens: 1 });
  }

  forward(pixelValues: tf.Tensor4D, context: ForwardContext | undefined): tf.Tensor3D {
    return tf.tidy(() => {
      const patches = this.patchEmbeddings.forward(pixelValues); // [batch, patches, hiddenSize]
      const [batch, , hiddenSize] = patches.shape;
      const classToken = tf.broadcastTo(this.clsToken.value, [batch, 1, hiddenSize]);
      const own = tf.reshape(this.positionEmbeddings.value, [-1, hiddenSize]) as tf.Tensor2D;
      const to = this.patchEmbeddings.grid(pixelValues.shape[1], pixelValues.shape[2]);
      const positions = resizePositionEmbeddings(own, { from: this.grid, to, prefixTokens: 1 });
      const tokens = tf.add(tf.concat([classToken, patches], 1), positions) as tf.Tensor3D;
      return this.patchDropout.forward(this.dropout.forward(tokens, context), context);
    });
  }
}
