import {
  assertShape,
  type ForwardContext,
  LayerNorm,
  Linear,
  Module,
  normal,
  Parameter,
  type Rng,
} from '@crossmodal/core';
import {
  PatchDropout,
  PatchEmbedding,
  PositionEmbedding,
  TransformerEncoder,
  type VisionEncoder,
  type VisionEncoderOutput,
} from '@crossmodal/encoders';
import * as tf from '@tensorflow/tfjs-core';
import { AttentionalPooler } from './attentional-pooler';
import type { CoCaConfig } from './coca-config';
import { blockKeys } from './coca-tensors';

export interface CoCaVisionOutput extends VisionEncoderOutput {
  /** [batch, embedDim]; the first pooled vector, projected. */
  pooledOutput: tf.Tensor2D;
  /** [batch, attnPoolerQueries - 1, embedDim]; the other pooled vectors, which the decoder sees. */
  imageTokens: tf.Tensor3D;
}

/**
 * CoCa's image tower: CLIP's vision transformer, pooled by attention to one vector for the contrast and some for
 * the decoder. Yu et al. 2022, section 3.2; as open_clip has it, with one pooler for both.
 */
export class CoCaVisionTransformer extends Module implements VisionEncoder {
  static override readonly checkpointKeys = {
    patch_embedding: 'conv1',
    'position_embedding.weight': 'positional_embedding',
    pre_layernorm: 'ln_pre',
    ...blockKeys('encoder.layers', 'transformer.resblocks'),
    attentional_pooler: 'attn_pool',
    post_layernorm: 'ln_post',
    projection: 'proj',
  };
  /** [width] */
  readonly classEmbedding: Parameter;
  readonly patchEmbedding: PatchEmbedding;
  readonly positionEmbedding: PositionEmbedding;
  readonly patchDropout: PatchDropout;
  readonly preLayernorm: LayerNorm;
  readonly encoder: TransformerEncoder;
  readonly attentionalPooler: AttentionalPooler;
  readonly postLayernorm: LayerNorm;
  readonly projection: Linear;
  readonly hiddenSize: number;
  private readonly imageSize: number;

  constructor({ embedDim, quickGelu, visionCfg: config, rng }: CoCaConfig & { rng: Rng }) {
    super();
    const { imageSize, patchSize, width } = config;
    const std = width ** -0.5;
    this.classEmbedding = new Parameter(normal([width], rng, 0, std));
    this.patchEmbedding = new PatchEmbedding(patchSize, 3, width, { std: 0.02, rng });
    const [rows, columns] = this.patchEmbedding.grid(imageSize, imageSize);
    this.positionEmbedding = new PositionEmbedding(1 + rows * columns, width, { std, rng });
    this.patchDropout = new PatchDropout(config.patchDropout, { prefixTokens: 1 });
    this.preLayernorm = new LayerNorm(width);
    this.encoder = new TransformerEncoder(
      {
        hiddenSize: width,
        intermediateSize: Math.floor(width * config.mlpRatio),
        numHiddenLayers: config.layers,
        numAttentionHeads: Math.floor(width / config.headWidth),
        hiddenAct: quickGelu ? 'quick_gelu' : 'gelu',
        layerNormEps: 1e-5,
      },
      rng,
    );
    this.attentionalPooler = new AttentionalPooler({
      hiddenSize: embedDim,
      sourceSize: width,
      numHeads: config.attnPoolerHeads,
      numQueries: config.attnPoolerQueries,
      rng,
    });
    this.postLayernorm = new LayerNorm(embedDim);
    this.projection = new Linear(embedDim, embedDim, { bias: false, rng });
    this.hiddenSize = embedDim;
    this.imageSize = imageSize;
  }

  /**
   * @param input.pixelValues float32 [batch, imageSize, imageSize, 3]
   * @returns The caller disposes every output.
   * @throws ShapeError when the images are of another size.
   */
  forward({ pixelValues }: { pixelValues: tf.Tensor4D }, context?: ForwardContext): CoCaVisionOutput {
    const { imageSize, hiddenSize } = this;
    assertShape(pixelValues.shape, [null, imageSize, imageSize, 3], 'CoCaVisionTransformer: pixelValues');
    return tf.tidy(() => {
      const patches = this.patchEmbedding.forward(pixelValues); // [batch, patches, width]
      const [batch, , width] = patches.shape;
      const classToken = tf.broadcastTo(this.classEmbedding.value, [batch, 1, width]);
      const embedded = this.positionEmbedding.forward(tf.concat([classToken, patches], 1) as tf.Tensor3D);
      const normed = this.preLayernorm.forward(this.patchDropout.forward(embedded, context)) as tf.Tensor3D;
      const hidden = this.encoder.forward(normed, {}, context); // [batch, 1 + patches, width]
      const pooled = this.postLayernorm.forward(this.attentionalPooler.forward(hidden, context));
      const first = tf.reshape(tf.slice(pooled, [0, 0, 0], [-1, 1, -1]), [batch, hiddenSize]);
      return {
        pooledOutput: this.projection.forward(first, context) as tf.Tensor2D,
        imageTokens: tf.slice(pooled, [0, 1, 0], [-1, -1, -1]) as tf.Tensor3D,
      };
    });
  }
}
