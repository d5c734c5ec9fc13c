import { assertShape, type ForwardContext, globalAveragePool, ModuleList, type Rng } from '@crossmodal/core';
import { type PretrainedFamily, PretrainedModule, writeConfig } from '@crossmodal/hub';
import * as tf from '@tensorflow/tfjs-core';
import type { VisionEncoder, VisionEncoderOutput } from '../shared/tower';
import { EfficientNetBlock, EfficientNetEmbeddings, runStages } from './efficientnet-block';
import {
  type EfficientNetConfig,
  efficientNetBlocks,
  readEfficientNetConfig,
  scaledChannels,
} from './efficientnet-config';

export interface ALIGNVisionOutput extends VisionEncoderOutput {
  /** [batch, hiddenSize]; the mean over the places of `lastHiddenState`. */
  pooledOutput: tf.Tensor2D;
  /** [batch, height / 32, width / 32, hiddenSize] */
  lastHiddenState: tf.Tensor4D;
  /** Of each of the seven stages, [batch, height, width, channels]. */
  featureMaps: tf.Tensor4D[];
}

/**
 * ALIGN's image tower: an {@link EfficientNet} without its last convolution, named as transformers'
 * `AlignVisionModel`. Jia et al. 2021, section 4.
 *
 * @example
 * const visionEncoder = new ALIGNVisionModel({ ...efficientNetB7.config, rng: new Rng(0) });
 * const { pooledOutput } = visionEncoder.forward({ pixelValues }); // [batch, 640]
 */
export class ALIGNVisionModel extends PretrainedModule implements VisionEncoder {
  static readonly family: PretrainedFamily<ALIGNVisionModel> = {
    prefix: 'vision_model',
    build: (json, rng) =>
      new ALIGNVisionModel({
        ...readEfficientNetConfig(json['vision_config'] ?? json, 'ALIGNVisionModel.fromPretrained'),
        rng,
      }),
  };
  static override readonly checkpointKeys = { blocks: 'encoder.blocks' };
  readonly embeddings: EfficientNetEmbeddings;
  readonly blocks: ModuleList<EfficientNetBlock>;
  readonly config: EfficientNetConfig;

  constructor({ rng, ...config }: EfficientNetConfig & { rng: Rng }) {
    super();
    this.embeddings = new EfficientNetEmbeddings(config, rng);
    this.blocks = new ModuleList(
      efficientNetBlocks(config).map((block) => new EfficientNetBlock(block, config, rng)),
    );
    this.config = config;
  }

  get hiddenSize(): number {
    return scaledChannels(this.config.outChannels.at(-1)!, this.config);
  }

  /** @param input.pixelValues float32 [batch, height, width, numChannels], of any size. */
  forward({ pixelValues }: { pixelValues: tf.Tensor4D }, context?: ForwardContext): ALIGNVisionOutput {
    const expected = [null, null, null, this.config.numChannels];
    assertShape(pixelValues.shape, expected, 'ALIGNVisionModel: pixelValues');
    return tf.tidy(() => {
      const featureMaps = runStages(this.embeddings, this.blocks, pixelValues, context);
      const lastHiddenState = featureMaps.at(-1)!;
      return { pooledOutput: globalAveragePool(lastHiddenState), lastHiddenState, featureMaps };
    });
  }

  protected override configJson(): Record<string, unknown> {
    return {
      architectures: ['AlignVisionModel'],
      model_type: 'align_vision_model',
      ...writeConfig(this.config),
    };
  }
}
