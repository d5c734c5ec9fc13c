import {
  assertShape,
  type ForwardContext,
  LayerNorm,
  Module,
  normal,
  Parameter,
  type Rng,
} from '@crossmodal/core';
import * as tf from '@tensorflow/tfjs-core';
import { PatchEmbedding } from '../shared/patch-embedding';
import { PositionEmbedding } from '../shared/position-embedding';
import type { VisionEncoder, VisionEncoderOutput } from '../shared/tower';
import { TransformerEncoder } from '../shared/transformer-encoder';
import type { CLIPVisionConfig } from './clip-tower-config';

export interface CLIPVisionOutput extends VisionEncoderOutput {
  /** [batch, hiddenSize]; the class token's, normalised. */
  pooledOutput: tf.Tensor2D;
  /** [batch, 1 + patches, hiddenSize]; the class token first. */
  lastHiddenState: tf.Tensor3D;
}

/**
 * CLIP's image tower: a vision transformer that reads the picture from a class token. Radford et al. 2021,
 * section 2.4; Dosovitskiy et al. 2020.
 *
 * @example
 * const visionEncoder = new CLIPVisionTransformer({ ...clipViTB32.config.visionConfig, rng: new Rng(0) });
 */
export class CLIPVisionTransformer extends Module implements VisionEncoder {
  static override readonly checkpointKeys = { pre_layernorm: 'pre_layrnorm' };
  readonly embeddings: CLIPVisionEmbeddings;
  readonly preLayernorm: LayerNorm;
  readonly encoder: TransformerEncoder;
  readonly postLayernorm: LayerNorm;
  readonly config: CLIPVisionConfig;

  constructor({ rng, ...config }: CLIPVisionConfig & { rng: Rng }) {
    super();
    const { hiddenSize, layerNormEps: epsilon } = config;
    this.embeddings = new CLIPVisionEmbeddings(config, rng);
    this.preLayernorm = new LayerNorm(hiddenSize, { epsilon });
    this.encoder = new TransformerEncoder(config, rng);
    this.postLayernorm = new LayerNorm(hiddenSize, { epsilon });
    this.config = config;
  }

  get hiddenSize(): number {
    return this.config.hiddenSize;
  }

  /** @param input.pixelValues float32 [batch, imageSize, imageSize, numChannels] */
  forward({ pixelValues }: { pixelValues: tf.Tensor4D }, context?: ForwardContext): CLIPVisionOutput {
    const { imageSize, numChannels, hiddenSize } = this.config;
    const expected = [null, imageSize, imageSize, numChannels];
    assertShape(pixelValues.shape, expected, 'CLIPVisionTransformer: pixelValues');
    return tf.tidy(() => {
      const embedded = this.preLayernorm.forward(this.embeddings.forward(pixelValues)) as tf.Tensor3D;
      const lastHiddenState = this.encoder.forward(embedded, {}, context); // [batch, 1 + patches, hiddenSize]
      const classToken = tf.slice(lastHiddenState, [0, 0, 0], [-1, 1, -1]); // [batch, 1, hiddenSize]
      const pooledOutput = this.postLayernorm.forward(
        tf.reshape(classToken, [-1, hiddenSize]),
      ) as tf.Tensor2D;
      return { pooledOutput, lastHiddenState };
    });
  }
}

/** Class token and patches, with positions. */
class CLIPVisionEmbeddings extends Module {
  /** [hiddenSize] */
  readonly classEmbedding: Parameter;
  readonly patchEmbedding: PatchEmbedding;
  readonly positionEmbedding: PositionEmbedding;

  constructor({ hiddenSize, patchSize, imageSize, numChannels }: CLIPVisionConfig, rng: Rng) {
    super();
    const patches = Math.floor(imageSize / patchSize) ** 2;
    this.classEmbedding = new Parameter(normal([hiddenSize], rng, 0, hiddenSize ** -0.5));
    this.patchEmbedding = new PatchEmbedding(patchSize, numChannels, hiddenSize, { std: 0.02, rng });
    this.positionEmbedding = new PositionEmbedding(1 + patches, hiddenSize, { std: 0.02, rng });
  }

  forward(pixelValues: tf.Tensor4D): tf.Tensor3D {
    return tf.tidy(() => {
      const patches = this.patchEmbedding.forward(pixelValues); // [batch, patches, hiddenSize]
      const [batch, , hiddenSize] = patches.shape;
      const classToken = tf.broadcastTo(this.classEmbedding.value, [batch, 1, hiddenSize]);
      return this.positionEmbedding.forward(tf.concat([classToken, patches], 1) as tf.Tensor3D);
    });
  }
}
