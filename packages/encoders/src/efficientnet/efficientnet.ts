import {
  assertShape,
  type BatchNorm2d,
  ConfigError,
  type Conv2d,
  convNorm,
  type ForwardContext,
  globalAveragePool,
  ModuleList,
  type Rng,
} from '@crossmodal/core';
import { type PretrainedFamily, PretrainedModule, writeConfig } from '@crossmodal/hub';
import * as tf from '@tensorflow/tfjs-core';
import { kaimingConv2d } from '../shared/kaiming-convolutions';
import type { VisionEncoder, VisionEncoderOutput } from '../shared/tower';
import { EfficientNetBlock, EfficientNetEmbeddings, efficientNetNorm, runStages } from './efficientnet-block';
import {
  type EfficientNetConfig,
  efficientNetBlocks,
  readEfficientNetConfig,
  scaledChannels,
} from './efficientnet-config';

export interface EfficientNetOutput extends VisionEncoderOutput {
  /** [batch, hiddenSize]; the mean over the places of `lastHiddenState`. */
  pooledOutput: tf.Tensor2D;
  /** [batch, height / 32, width / 32, hiddenSize] */
  lastHiddenState: tf.Tensor4D;
  /** Of each of the seven stages, [batch, height, width, channels], before the last convolution. */
  featureMaps: tf.Tensor4D[];
}

/**
 * EfficientNet, B0 to B7 by its configuration. Tan and Le 2019. Names and padding (TensorFlow's: a zero less before than
 * after, where there is a stride) are those of transformers' `EfficientNetModel`; torchvision's files, which are padded
 * otherwise, are not for it.
 *
 * In training a block's branch is left out for whole samples (stochastic depth, as the paper), which needs an `rng`.
 * To fine-tune with frozen batch norms, run it without `training`: gradients flow all the same.
 *
 * @throws ConfigError when `hiddenDim` is not what the coefficients make of 1280.
 * @example
 * const visionEncoder = new EfficientNet({ ...efficientNetB0.config, rng: new Rng(0) });
 * const { pooledOutput } = visionEncoder.forward({ pixelValues }); // [batch, 1280]
 */
export class EfficientNet extends PretrainedModule implements VisionEncoder {
  static readonly family: PretrainedFamily<EfficientNet> = {
    prefix: 'efficientnet',
    build: (json, rng) =>
      new EfficientNet({ ...readEfficientNetConfig(json, 'EfficientNet.fromPretrained'), rng }),
  };
  static override readonly checkpointKeys = {
    blocks: 'encoder.blocks',
    top_conv: 'encoder.top_conv',
    top_bn: 'encoder.top_bn',
  };
  readonly embeddings: EfficientNetEmbeddings;
  readonly blocks: ModuleList<EfficientNetBlock>;
  readonly topConv: Conv2d;
  readonly topBn: BatchNorm2d;
  readonly config: EfficientNetConfig;

  constructor({ rng, ...config }: EfficientNetConfig & { rng: Rng }) {
    super();
    const { hiddenDim } = config;
    const top = scaledChannels(1280, config);
    if (hiddenDim !== top)
      throw new ConfigError(
        `EfficientNet: hiddenDim: expected ${top}, 1280 scaled by the width coefficient, received ${hiddenDim}.`,
      );
    const blocks = efficientNetBlocks(config);
    this.embeddings = new EfficientNetEmbeddings(config, rng);
    this.blocks = new ModuleList(blocks.map((block) => new EfficientNetBlock(block, config, rng)));
    this.topConv = kaimingConv2d(blocks.at(-1)!.outChannels, hiddenDim, { kernelSize: 1, rng });
    this.topBn = efficientNetNorm(hiddenDim, config);
    this.config = config;
  }

  get hiddenSize(): number {
    return this.config.hiddenDim;
  }

  /** @param input.pixelValues float32 [batch, height, width, numChannels], of any size. */
  forward({ pixelValues }: { pixelValues: tf.Tensor4D }, context?: ForwardContext): EfficientNetOutput {
    assertShape(pixelValues.shape, [null, null, null, this.config.numChannels], 'EfficientNet: pixelValues');
    return tf.tidy(() => {
      const featureMaps = runStages(this.embeddings, this.blocks, pixelValues, context);
      const options = { activation: 'silu' } as const;
      const lastHiddenState = convNorm(featureMaps.at(-1)!, this.topConv, this.topBn, context, options);
      return { pooledOutput: globalAveragePool(lastHiddenState), lastHiddenState, featureMaps };
    });
  }

  protected override configJson(): Record<string, unknown> {
    return { architectures: ['EfficientNetModel'], model_type: 'efficientnet', ...writeConfig(this.config) };
  }
}
