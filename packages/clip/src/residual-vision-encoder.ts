import {
  assertShape,
  BatchNorm2d,
  ConfigError,
  Conv2d,
  Dropout,
  type ForwardContext,
  Module,
  ModuleList,
  ResidualBlock,
  type Rng,
} from '@crossmodal/core';
import type { VisionEncoder, VisionEncoderOutput } from '@crossmodal/encoders';
import * as tf from '@tensorflow/tfjs-core';

export interface ResidualVisionEncoderConfig {
  /** Height and width of the pictures, in pixels: even, and again so for every stage. */
  imageSize: number;
  /** Default 3. */
  numChannels?: number;
  /** From fine to coarse: each has half the height and width of the one before. */
  stages: readonly { channels: number; blocks: number }[];
  /** Keep where things are (`flatten`, the default), or the mean over places (`mean`). */
  pooling?: 'flatten' | 'mean';
  /** Rate of dropout after pooling, in training. Default 0. */
  dropout?: number;
  rng: Rng;
}

export interface ResidualVisionOutput extends VisionEncoderOutput {
  /** [batch, hiddenSize] */
  pooledOutput: tf.Tensor2D;
  /** [batch, height, width, channels] of the last stage. */
  featureMap: tf.Tensor4D;
}

/**
 * A small convolutional image tower for small pictures: a 4 x 4 stem of stride 2, then stages of residual
 * blocks, each stage after a 3 x 3 convolution of stride 2. Blocks start as the identity (He et al. 2015; the
 * last norm's scale starts at 0: Goyal et al. 2017, section 5.1).
 *
 * @throws ConfigError when the picture cannot be halved that often.
 * @example
 * const stages = [{ channels: 32, blocks: 1 }, { channels: 64, blocks: 1 }, { channels: 128, blocks: 2 }];
 * const visionEncoder = new ResidualVisionEncoder({ imageSize: 32, stages, rng: new Rng(0) });
 * visionEncoder.hiddenSize; // 128 channels x 4 x 4 places
 */
export class ResidualVisionEncoder extends Module implements VisionEncoder {
  readonly stages: ModuleList<ResidualStage>;
  readonly hiddenSize: number;
  private readonly dropout: Dropout;
  private readonly pooling: 'flatten' | 'mean';
  private readonly inputShape: readonly [null, number, number, number];

  constructor({
    imageSize,
    numChannels = 3,
    stages,
    pooling = 'flatten',
    dropout = 0,
    rng,
  }: ResidualVisionEncoderConfig) {
    super();
    const last = stages.at(-1);
    const side = imageSize / 2 ** stages.length;
    if (!last || !Number.isInteger(side) || side < 1) {
      throw new ConfigError(
        `ResidualVisionEncoder: imageSize: expected a multiple of 2 for each stage, of which there is at least ` +
          `one, received ${imageSize} and ${stages.length} stages.`,
      );
    }
    this.stages = new ModuleList(
      stages.map(({ channels, blocks }, i) => {
        const down = i === 0 ? 4 : 3;
        return new ResidualStage(stages[i - 1]?.channels ?? numChannels, channels, { down, blocks, rng });
      }),
    );
    this.hiddenSize = last.channels * (pooling === 'flatten' ? side ** 2 : 1);
    this.dropout = new Dropout(dropout);
    this.pooling = pooling;
    this.inputShape = [null, imageSize, imageSize, numChannels];
  }

  /** @param input.pixelValues float32 [batch, imageSize, imageSize, numChannels] */
  forward({ pixelValues }: { pixelValues: tf.Tensor4D }, context?: ForwardContext): ResidualVisionOutput {
    assertShape(pixelValues.shape, this.inputShape, 'ResidualVisionEncoder: pixelValues');
    return tf.tidy(() => {
      const featureMap = this.continueFrom(tf.clone(pixelValues), -1, context);
      return { pooledOutput: this.dropout.forward(this.pool(featureMap), context), featureMap };
    });
  }

  /**
   * What a stage gives, to be looked at.
   *
   * @param stage From 0. Default: the last.
   * @returns [batch, height, width, channels] of the stage; the caller disposes it.
   * @throws ConfigError when there is no such stage.
   */
  featureMap(pixelValues: tf.Tensor4D, stage = this.stages.length - 1): tf.Tensor4D {
    assertShape(pixelValues.shape, this.inputShape, 'ResidualVisionEncoder: pixelValues');
    this.checkStage(stage);
    return tf.tidy(() => {
      let map = tf.clone(pixelValues);
      for (const each of [...this.stages].slice(0, stage + 1)) map = each.forward(map, undefined);
      return map;
    });
  }

  /** The last stage's feature map, from what `stage` gave (-1: from pixels); the caller disposes it. */
  continueFrom(map: tf.Tensor4D, stage = this.stages.length - 1, context?: ForwardContext): tf.Tensor4D {
    if (stage !== -1) this.checkStage(stage);
    return tf.tidy(() => {
      let last = tf.clone(map);
      for (const each of [...this.stages].slice(stage + 1)) last = each.forward(last, context);
      return last;
    });
  }

  /** [batch, height, width, channels] of the last stage to [batch, hiddenSize]; the caller disposes it. */
  pool(featureMap: tf.Tensor4D): tf.Tensor2D {
    return this.pooling === 'flatten'
      ? tf.reshape(featureMap, [-1, this.hiddenSize])
      : tf.mean(featureMap, [1, 2]);
  }

  private checkStage(stage: number): void {
    if (Number.isInteger(stage) && stage >= 0 && stage < this.stages.length) return;
    throw new ConfigError(
      `ResidualVisionEncoder: stage: expected an integer from 0 to ${this.stages.length - 1}, received ${stage}.`,
    );
  }
}

/** Halves height and width, changes the channels, and refines. */
class ResidualStage extends Module {
  readonly conv: Conv2d;
  readonly norm: BatchNorm2d;
  readonly blocks: ModuleList<ResidualBlock>;

  constructor(
    inChannels: number,
    channels: number,
    { down, blocks, rng }: { down: number; blocks: number; rng: Rng },
  ) {
    super();
    this.conv = new Conv2d(inChannels, channels, {
      kernelSize: down,
      stride: 2,
      padding: 1,
      bias: false,
      rng,
    });
    this.norm = new BatchNorm2d(channels);
    this.blocks = new ModuleList(
      Array.from({ length: blocks }, () => {
        const block = new ResidualBlock(channels, channels, { rng });
        block.bn2.weight.assign(tf.zeros([channels]));
        return block;
      }),
    );
  }

  /** [batch, height, width, inChannels] to [batch, height / 2, width / 2, channels]. */
  forward(x: tf.Tensor4D, context: ForwardContext | undefined): tf.Tensor4D {
    return tf.tidy(() => {
      let y = this.norm.forward(this.conv.forward(x), context, { relu: true });
      for (const block of this.blocks) y = block.forward(y, context);
      return y;
    });
  }
}
