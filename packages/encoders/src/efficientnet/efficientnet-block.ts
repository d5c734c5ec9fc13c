import {
  BatchNorm2d,
  Conv2d,
  convNorm,
  type DepthwiseConv2d,
  DropPath,
  type ForwardContext,
  Module,
  type Rng,
  residualAdd,
  squeezeExcite,
} from '@crossmodal/core';
import * as tf from '@tensorflow/tfjs-core';
import { kaimingConv2d, kaimingDepthwiseConv2d } from '../shared/kaiming-convolutions';
import { type EfficientNetBlockConfig, type EfficientNetConfig, scaledChannels } from './efficientnet-config';

/** Stride 2, channels of the stem. */
export class EfficientNetEmbeddings extends Module {
  readonly convolution: Conv2d;
  readonly batchnorm: BatchNorm2d;

  constructor(config: EfficientNetConfig, rng: Rng) {
    super();
    const channels = scaledChannels(32, config);
    this.convolution = kaimingConv2d(config.numChannels, channels, {
      kernelSize: 3,
      stride: 2,
      padding: [0, 1],
      rng,
    });
    this.batchnorm = efficientNetNorm(channels, config);
  }

  /** [batch, height, width, numChannels] to [batch, height / 2, width / 2, channels], rounded down. */
  forward(pixelValues: tf.Tensor4D, context?: ForwardContext): tf.Tensor4D {
    return convNorm(pixelValues, this.convolution, this.batchnorm, context, { activation: 'silu' });
  }
}

/**
 * Mobile inverted bottleneck: a 1 x 1 convolution to more channels, a depthwise one, squeeze and excitation, and a 1 x 1
 * convolution to few channels. Sandler et al. 2018 (MobileNetV2), figure 3d; Tan and Le 2019, section 4.
 */
export class EfficientNetBlock extends Module {
  static override readonly checkpointKeys = {
    expand_conv: 'expansion.expand_conv',
    expand_bn: 'expansion.expand_bn',
    depthwise_conv: 'depthwise_conv.depthwise_conv',
    depthwise_norm: 'depthwise_conv.depthwise_norm',
    project_conv: 'projection.project_conv',
    project_bn: 'projection.project_bn',
  };
  readonly expandConv: Conv2d | undefined;
  readonly expandBn: BatchNorm2d | undefined;
  readonly depthwiseConv: DepthwiseConv2d;
  readonly depthwiseNorm: BatchNorm2d;
  readonly squeezeExcite: SqueezeExcite;
  readonly projectConv: Conv2d;
  readonly projectBn: BatchNorm2d;
  readonly endsStage: boolean;
  private readonly residual: boolean;
  private readonly dropPath: DropPath;

  constructor(block: EfficientNetBlockConfig, config: EfficientNetConfig, rng: Rng) {
    super();
    const { inChannels, expandedChannels, outChannels, kernelSize, stride, padding } = block;
    if (expandedChannels !== inChannels) {
      this.expandConv = kaimingConv2d(inChannels, expandedChannels, { kernelSize: 1, rng });
      this.expandBn = efficientNetNorm(expandedChannels, config);
    }
    this.depthwiseConv = kaimingDepthwiseConv2d(expandedChannels, { kernelSize, stride, padding, rng });
    this.depthwiseNorm = efficientNetNorm(expandedChannels, config);
    this.squeezeExcite = new SqueezeExcite(expandedChannels, block.squeezedChannels, rng);
    this.projectConv = kaimingConv2d(expandedChannels, outChannels, { kernelSize: 1, rng });
    this.projectBn = efficientNetNorm(outChannels, config);
    this.endsStage = block.endsStage;
    this.residual = block.residual;
    this.dropPath = new DropPath(block.dropRate);
  }

  /** [batch, height, width, inChannels] to [batch, height / stride, width / stride, outChannels]. */
  forward(x: tf.Tensor4D, context?: ForwardContext): tf.Tensor4D {
    return tf.tidy(() => {
      const { expandConv, expandBn, projectConv, projectBn } = this;
      const silu = { activation: 'silu' } as const;
      const wide = expandConv && expandBn ? convNorm(x, expandConv, expandBn, context, silu) : x;
      const filtered = convNorm(wide, this.depthwiseConv, this.depthwiseNorm, context, silu);
      if (wide !== x) wide.dispose();
      const excited = this.squeezeExcite.forward(filtered);
      filtered.dispose();
      if (!this.residual) return convNorm(excited, projectConv, projectBn, context);
      if (!context?.training) return convNorm(excited, projectConv, projectBn, context, { residual: x });
      return residualAdd(
        x,
        this.dropPath.forward(convNorm(excited, projectConv, projectBn, context), context),
      );
    });
  }
}

/** Weighs each channel by what the means of all say. Hu et al. 2017 (squeeze and excitation), equations 2 to 4. */
class SqueezeExcite extends Module {
  readonly reduce: Conv2d;
  readonly expand: Conv2d;

  constructor(channels: number, squeezed: number, rng: Rng) {
    super();
    this.reduce = new Conv2d(channels, squeezed, { kernelSize: 1, rng });
    this.expand = new Conv2d(squeezed, channels, { kernelSize: 1, rng });
  }

  forward(x: tf.Tensor4D): tf.Tensor4D {
    return tf.tidy(() => {
      const weights = {
        reduce: tf.reshape(this.reduce.weight.value, this.reduce.weight.shape.slice(2)), // [channels, squeezed]
        reduceBias: this.reduce.bias!.value,
        expand: tf.reshape(this.expand.weight.value, this.expand.weight.shape.slice(2)),
        expandBias: this.expand.bias!.value,
      };
      return squeezeExcite(x, weights);
    });
  }
}

/** A batch norm; the momentum is the share that stays, where {@link BatchNorm2d}'s is the batch's. */
export function efficientNetNorm(channels: number, config: EfficientNetConfig): BatchNorm2d {
  return new BatchNorm2d(channels, { epsilon: config.batchNormEps, momentum: 1 - config.batchNormMomentum });
}

/** The last block's result of every stage. Between them, what nothing needs any more is released. */
export function runStages(
  embeddings: EfficientNetEmbeddings,
  blocks: Iterable<EfficientNetBlock>,
  pixelValues: tf.Tensor4D,
  context: ForwardContext | undefined,
): tf.Tensor4D[] {
  const featureMaps: tf.Tensor4D[] = [];
  let x = embeddings.forward(pixelValues, context);
  for (const block of blocks) {
    const y = block.forward(x, context);
    if (x !== featureMaps.at(-1)) x.dispose();
    if (block.endsStage) featureMaps.push(y);
    x = y;
  }
  return featureMaps;
}
