import {
  assertShape,
  ConfigError,
  type ForwardContext,
  Linear,
  l2Normalize,
  Parameter,
  type Rng,
} from '@crossmodal/core';
import type {
  CLIPTextTransformer,
  CLIPVisionTransformer,
  TextEncoder,
  TextInput,
  VisionEncoder,
} from '@crossmodal/encoders';
import { type PretrainedFamily, PretrainedModule } from '@crossmodal/hub';
import * as tf from '@tensorflow/tfjs-core';
import { type CLIPConfig, writeCLIPConfig } from './clip-config';
import { familyOf, publishedConfig } from './families/families';
import { isOpenCLIP, openCLIPTensors, readPublishedConfig } from './families/open-clip';

export interface CLIPOptions<V extends VisionEncoder, T extends TextEncoder> {
  visionEncoder: V;
  textEncoder: T;
  /** Size of the space that images and texts share. Left out, it is that of the towers, whose vectors are compared as they are. */
  projectionDim?: number | undefined;
  /** Whether images are projected. Default true; false for a tower that ends in the shared space, as CLIP's ResNet does. */
  projectsImages?: boolean | undefined;
  /** First value of the factor on the cosines. Default 1 / 0.07. */
  logitScale?: number | undefined;
  /** First value of the number added to the logits, for {@link sigLIPLoss}. Default: there is none. */
  logitBias?: number | undefined;
  /** Gives the projections their first values. */
  rng: Rng;
}

/** Images and texts that belong together, row by row. */
export interface CLIPInput extends TextInput {
  /** float32 [batch, height, width, channels], normalised as the image tower wants it. */
  pixelValues: tf.Tensor4D;
}

export interface CLIPOutput {
  /** [batch, projectionDim], rows of unit length. */
  imageFeatures: tf.Tensor2D;
  /** [batch, projectionDim], rows of unit length. */
  textFeatures: tf.Tensor2D;
  /** [], what cosines are multiplied by to give logits: the exponential of the learned parameter. */
  logitScale: tf.Scalar;
  /** [], what is then added; present if the model was made with `logitBias`. */
  logitBias?: tf.Scalar;
}

/**
 * CLIP: an image tower and a text tower, each projected linearly into one space where a picture lies near the
 * words for it. Radford et al. 2021, "Learning transferable visual models from natural language supervision".
 *
 * Checkpoint keys are those of transformers' `CLIPModel`: `vision_model.…`, `text_model.…`,
 * `visual_projection.weight`, `text_projection.weight`, `logit_scale`. `fromPretrained` loads OpenAI's CLIPs, open_clip's,
 * Chinese-CLIP and SigLIP.
 *
 * @example
 * const published = await CLIP.fromPretrained('openai/clip-vit-base-patch32');
 * const clip = new CLIP({ visionEncoder, textEncoder, projectionDim: 64, rng: new Rng(0) });
 * const { imageFeatures, textFeatures, logitScale } = clip.forward({ pixelValues, inputIds, attentionMask });
 * const loss = clipLoss(imageFeatures, textFeatures, logitScale);
 */
export class CLIP<
  V extends VisionEncoder = VisionEncoder,
  T extends TextEncoder = TextEncoder,
> extends PretrainedModule {
  static readonly family: PretrainedFamily<CLIP> = {
    build: (config, rng) => CLIP.fromConfig(config, { rng }),
    readConfig: readPublishedConfig,
    convert: (weights) => (isOpenCLIP(weights) ? openCLIPTensors(weights) : weights),
  };
  readonly visionModel: V;
  readonly textModel: T;
  readonly visualProjection: Linear | undefined;
  readonly textProjection: Linear | undefined;
  /** [] or, with a bias, [1] as in SigLIP's files: the logarithm of the factor on the cosines. */
  readonly logitScale: Parameter;
  /** [1] */
  readonly logitBias?: Parameter;
  /** Size of the space that images and texts share. */
  readonly projectionDim: number;

  constructor({
    visionEncoder,
    textEncoder,
    projectionDim,
    projectsImages = true,
    logitScale = 1 / 0.07,
    logitBias,
    rng,
  }: CLIPOptions<V, T>) {
    super();
    const [imageSize, textSize] = [visionEncoder.hiddenSize, textEncoder.hiddenSize];
    if (projectionDim === undefined && imageSize !== textSize)
      throw new ConfigError(
        `CLIP: projectionDim: expected a size, since the towers' vectors have ${imageSize} and ${textSize} values.`,
      );
    if (projectionDim !== undefined && (!Number.isInteger(projectionDim) || projectionDim < 1))
      throw new ConfigError(`CLIP: projectionDim: expected a positive integer, received ${projectionDim}.`);
    if (!projectsImages && imageSize !== (projectionDim ?? imageSize))
      throw new ConfigError(
        `CLIP: projectsImages: expected true, since the image tower's vectors have ${imageSize} values and the shared ` +
          `space ${projectionDim}.`,
      );
    if (!(logitScale > 0))
      throw new ConfigError(`CLIP: logitScale: expected a number above 0, received ${logitScale}.`);
    this.visionModel = visionEncoder;
    this.textModel = textEncoder;
    if (projectionDim !== undefined) {
      if (projectsImages) this.visualProjection = projection(imageSize, projectionDim, rng.split('visual'));
      this.textProjection = projection(textSize, projectionDim, rng.split('text'));
    }
    const shape = logitBias === undefined ? [] : [1];
    this.logitScale = new Parameter(tf.fill(shape, Math.log(logitScale)));
    if (logitBias !== undefined) this.logitBias = new Parameter(tf.fill(shape, logitBias));
    this.projectionDim = projectionDim ?? imageSize;
  }

  /**
   * A model of a published family, with random weights.
   *
   * @param config Sizes of a CLIP of two transformers, or a parsed `config.json` of a CLIP, Chinese-CLIP or SigLIP.
   * @throws ConfigError when it is of another kind of model, or a value cannot be.
   */
  static override fromConfig(
    config: CLIPConfig,
    options: { rng: Rng },
  ): CLIP<CLIPVisionTransformer, CLIPTextTransformer>;
  static override fromConfig(config: Record<string, unknown>, options: { rng: Rng }): CLIP;
  static override fromConfig(config: CLIPConfig | Record<string, unknown>, { rng }: { rng: Rng }): CLIP {
    const json = 'textConfig' in config ? writeCLIPConfig(config as CLIPConfig) : config;
    return new CLIP(familyOf(json).read(json, rng));
  }

  /** @throws ConfigError when the towers are not those of a published family. */
  protected override configJson(): Record<string, unknown> {
    return publishedConfig(this);
  }

  /** Features of images and texts, and the scale: what the losses take. The caller disposes all of them. */
  forward({ pixelValues, ...text }: CLIPInput, context?: ForwardContext): CLIPOutput {
    return tf.tidy(() => ({
      ...this.outputOf(this.encodeImage({ pixelValues }, context), this.encodeText(text, context)),
    }));
  }

  /** What {@link forward} returns, with features that are there already. */
  outputOf(imageFeatures: tf.Tensor2D, textFeatures: tf.Tensor2D): CLIPOutput {
    return tf.tidy(() => {
      const logitScale = tf.reshape(tf.exp(this.logitScale.value), []) as tf.Scalar;
      const output = { imageFeatures, textFeatures, logitScale };
      return this.logitBias
        ? { ...output, logitBias: tf.reshape(this.logitBias.value, []) as tf.Scalar }
        : output;
    });
  }

  /** @returns [batch, projectionDim], rows of unit length; the caller disposes it. */
  encodeImage(input: { pixelValues: tf.Tensor4D }, context?: ForwardContext): tf.Tensor2D {
    return tf.tidy(() => {
      const { pooledOutput } = this.visionModel.forward(input, context);
      assertShape(
        pooledOutput.shape,
        [null, this.visionModel.hiddenSize],
        'CLIP: pooledOutput of visionModel',
      );
      return l2Normalize(project(pooledOutput, this.visualProjection, context));
    });
  }

  /** @returns [batch, projectionDim], rows of unit length; the caller disposes it. */
  encodeText(input: TextInput, context?: ForwardContext): tf.Tensor2D {
    return tf.tidy(() => {
      const { pooledOutput } = this.textModel.forward(input, context);
      assertShape(pooledOutput.shape, [null, this.textModel.hiddenSize], 'CLIP: pooledOutput of textModel');
      return l2Normalize(project(pooledOutput, this.textProjection, context));
    });
  }

  /** Keeps the factor on the cosines from 1 to `greatest`: to be called after every step of training. */
  clampLogitScale(greatest = 100): void {
    this.logitScale.assign(tf.clipByValue(this.logitScale.value, 0, Math.log(greatest)));
  }
}

function project(x: tf.Tensor2D, projection: Linear | undefined, context?: ForwardContext): tf.Tensor2D {
  return projection ? (projection.forward(x, context) as tf.Tensor2D) : x;
}

/** A linear map without bias; initialised as OpenAI does. */
function projection(hiddenSize: number, projectionDim: number, rng: Rng): Linear {
  const linear = new Linear(hiddenSize, projectionDim, { bias: false, rng });
  const values = rng.normalArray(hiddenSize * projectionDim, 0, hiddenSize ** -0.5);
  linear.weight.assign(tf.tensor2d(values, [hiddenSize, projectionDim]));
  return linear;
}
