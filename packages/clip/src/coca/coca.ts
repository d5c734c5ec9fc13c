import {
  ConfigError,
  type ForwardContext,
  l2Normalize,
  Parameter,
  type Rng,
  ShapeError,
  ZeroRng,
} from '@crossmodal/core';
import { type GenerateOptions, generate, type TextInput } from '@crossmodal/encoders';
import {
  type FileContents,
  type PretrainedFamily,
  PretrainedModule,
  readJson,
  type SaveOptions,
} from '@crossmodal/hub';
import * as tf from '@tensorflow/tfjs-core';
import { CLIP, type CLIPInput } from '../clip';
import { Captioner } from './captioner';
import { type CoCaConfig, readCoCaConfig, writeCoCaConfig } from './coca-config';
import { CoCaDecoder } from './coca-decoder';
import { cocaTensors, openCLIPState } from './coca-tensors';
import { CoCaTextTransformer } from './coca-text-transformer';
import { CoCaVisionTransformer } from './coca-vision-transformer';

export interface CoCaOutput {
  /** [batch, embedDim], rows of unit length. */
  imageFeatures: tf.Tensor2D;
  /** [batch, embedDim], rows of unit length. */
  textFeatures: tf.Tensor2D;
  /** [], what cosines are multiplied by to give logits: the exponential of the learned parameter. */
  logitScale: tf.Scalar;
  /** [batch, length - 1, vocabSize]; at each token of the text but the last, of the one that follows. */
  logits: tf.Tensor3D;
  /** int32 [batch, length - 1]; the tokens that follow, `padId` where there is padding. */
  labels: tf.Tensor2D;
}

/** As `generate` of `@crossmodal/encoders` takes them, and where captions start. */
export interface CaptionOptions
  extends Omit<GenerateOptions, 'attentionMask' | 'maxNewTokens' | 'padTokenId'> {
  /** At most so many tokens are added. Default 30, or as many as the model can take. */
  maxNewTokens?: number | undefined;
  /** What every caption starts from. Default: the last but one of the vocabulary, as CLIP's tokenizer has it. */
  startTokenId?: number | undefined;
  /** A token, or several, that end a caption, as padding always does. Default: the last of the vocabulary. */
  eosTokenId?: number | readonly number[] | undefined;
}

/**
 * CoCa: an image tower and a text tower for the contrast, and a decoder on top of the text tower that tells what is
 * in a picture. Yu et al. 2022, "CoCa: Contrastive captioners are image-text foundation models".
 *
 * `fromPretrained` loads open_clip's CoCas and `saveTo` writes what open_clip loads (`open_clip_config.json`,
 * `open_clip_model.safetensors`); transformers has no CoCa. Checkpoint keys are open_clip's, but for matrices of
 * queries, keys and values, which its files pack. Texts are rows of `contextLength` ids, padded on the right.
 *
 * @example
 * const coca = await CoCa.fromPretrained('laion/mscoco_finetuned_CoCa-ViT-B-32-laion2B-s13B-b90k');
 * const [tokens] = await coca.caption(pixelValues, { numBeams: 6 });
 * console.log(tokenizer.decode(tokens));
 */
export class CoCa extends PretrainedModule {
  static override readonly checkpointKeys = { vision_model: 'visual', text_model: 'text' };
  static readonly family: PretrainedFamily<CoCa> = {
    build: (json, rng) => new CoCa({ ...readCoCaConfig(json), rng }),
    readConfig: (files) => readJson(files, 'open_clip_config.json'),
    convert: cocaTensors,
    restore: openCLIPState,
  };
  readonly visionModel: CoCaVisionTransformer;
  readonly textModel: CoCaTextTransformer;
  readonly textDecoder: CoCaDecoder;
  /** [], the logarithm of the factor on the cosines. */
  readonly logitScale: Parameter;
  readonly config: CoCaConfig;

  /** @throws ConfigError when sizes do not fit. */
  constructor({ rng, ...config }: CoCaConfig & { rng: Rng }) {
    super();
    const { embedDim, textCfg, multimodalCfg } = config;
    for (const [name, { width }] of Object.entries({ textCfg, multimodalCfg })) {
      if (width !== embedDim)
        throw new ConfigError(`CoCa: ${name}.width: expected embedDim (${embedDim}), received ${width}.`);
    }
    this.visionModel = new CoCaVisionTransformer({ ...config, rng: rng.split('vision') });
    this.textModel = new CoCaTextTransformer({ ...config, rng: rng.split('text') });
    this.textDecoder = new CoCaDecoder({ ...config, rng: rng.split('decoder') });
    this.logitScale = new Parameter(tf.scalar(Math.log(1 / 0.07)));
    this.config = config;
  }

  protected override configJson(): Record<string, unknown> {
    return writeCoCaConfig(this.config);
  }

  /** The model as the files that open_clip takes: `open_clip_config.json`, `open_clip_model.safetensors`, and those given. */
  override async toFiles(options: SaveOptions = {}): Promise<FileContents> {
    const names: Record<string, string> = {
      'config.json': 'open_clip_config.json',
      'model.safetensors': 'open_clip_model.safetensors',
    };
    const files = Object.entries(await super.toFiles());
    return { ...options.files, ...Object.fromEntries(files.map(([name, file]) => [names[name]!, file])) };
  }

  /**
   * Features of images and texts, and what the decoder says of every text with its image: what {@link coCaLoss}
   * takes. The caller disposes all of them.
   *
   * @throws ShapeError when the texts are too short or too long, or the images not of the model's size.
   */
  forward({ pixelValues, ...text }: CLIPInput, context?: ForwardContext): CoCaOutput {
    return tf.tidy(() => {
      const inputIds = this.textModel.padded(text);
      const length = inputIds.shape[1];
      if (length < 2) {
        throw new ShapeError(
          `CoCa: inputIds: expected 2 tokens or more, of which one follows another, received ${length}.`,
        );
      }
      const image = this.visionModel.forward({ pixelValues }, context);
      const { pooledOutput, textTokens } = this.textModel.forward({ inputIds }, context);
      const before = tf.slice(textTokens, [0, 0, 0], [-1, length - 1, -1]) as tf.Tensor3D;
      return {
        imageFeatures: l2Normalize(image.pooledOutput),
        textFeatures: l2Normalize(pooledOutput),
        logitScale: tf.exp(this.logitScale.value) as tf.Scalar,
        logits: this.textDecoder.forward({ textTokens: before, image: image.imageTokens }, context),
        labels: tf.slice(inputIds, [0, 1], [-1, length - 1]) as tf.Tensor2D,
      };
    });
  }

  /** @returns [batch, embedDim], rows of unit length; the caller disposes it. */
  encodeImage(input: { pixelValues: tf.Tensor4D }, context?: ForwardContext): tf.Tensor2D {
    return tf.tidy(() => l2Normalize(this.visionModel.forward(input, context).pooledOutput));
  }

  /** @returns [batch, embedDim], rows of unit length; the caller disposes it. */
  encodeText(input: TextInput, context?: ForwardContext): tf.Tensor2D {
    return tf.tidy(() => l2Normalize(this.textModel.forward(input, context).pooledOutput));
  }

  /**
   * Describes images: greedily, by beam search (`numBeams`) or by drawing (`rng`, `topK`, `topP`, `temperature`).
   * Images are encoded once, and their keys and those of the text are kept from token to token.
   *
   * @param pixelValues float32 [batch, imageSize, imageSize, 3]
   * @returns Tokens of each caption without the first, all rows of the length of the longest: the token that ended a
   *   row is there, and padding after it.
   * @throws ConfigError for options that cannot be, or contradict each other; the signal's reason when aborted.
   * @example
   * const captions = await coca.caption(pixelValues, { rng: new Rng(1), topP: 0.9, maxNewTokens: 20 });
   */
  async caption(pixelValues: tf.Tensor4D, options: CaptionOptions = {}): Promise<number[][]> {
    const { vocabSize, padId, contextLength } = this.config.textCfg;
    const { startTokenId = vocabSize - 2, eosTokenId = vocabSize - 1, ...others } = options;
    const { imageTokens, inputIds } = tf.tidy(() => ({
      imageTokens: this.visionModel.forward({ pixelValues }).imageTokens,
      inputIds: tf.fill([pixelValues.shape[0], 1], startTokenId, 'int32') as tf.Tensor2D,
    }));
    try {
      return await generate(new Captioner(this, imageTokens), inputIds, {
        ...others,
        maxNewTokens: options.maxNewTokens ?? Math.min(30, contextLength - 1),
        eosTokenId: [eosTokenId, padId].flat(),
        padTokenId: padId,
      });
    } finally {
      tf.dispose([imageTokens, inputIds]);
    }
  }

  /**
   * The two towers as a {@link CLIP}, for {@link ZeroShotClassifier} and {@link ImageTextRetriever}. It shares the
   * towers' weights and has a copy of the scale: `dispose()` of either is enough, but for the other's `logitScale`.
   */
  towers(): CLIP<CoCaVisionTransformer, CoCaTextTransformer> {
    const { visionModel: visionEncoder, textModel: textEncoder } = this;
    const clip = new CLIP({ visionEncoder, textEncoder, rng: new ZeroRng() });
    clip.logitScale.assign(tf.clone(this.logitScale.value));
    return clip;
  }

  /** Keeps the factor on the cosines from 1 to `greatest`: to be called after every step of training. */
  clampLogitScale(greatest = 100): void {
    this.logitScale.assign(tf.clipByValue(this.logitScale.value, 0, Math.log(greatest)));
  }
}
