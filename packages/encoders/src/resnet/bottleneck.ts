import { BatchNorm2d, type Conv2d, convNorm, type ForwardContext, Module, type Rng } from '@crossmodal/core';
import * as tf from '@tensorflow/tfjs-core';
import { kaimingConv2d } from '../shared/kaiming-convolutions';

const EXPANSION = 4;

export interface BottleneckOptions {
  stride: number;
  /** Whether the stride is in the first convolution, not in the 3 x 3 one. */
  strideFirst: boolean;
  rng: Rng;
}

/**
 * The bottleneck block: 1 x 1, 3 x 3 and 1 x 1 convolutions with a quarter of the channels inside, beside a shortcut;
 * parameters named as in torchvision. He et al. 2015, figure 5.
 */
export class Bottleneck extends Module {
  readonly conv1: Conv2d;
  readonly bn1: BatchNorm2d;
  readonly conv2: Conv2d;
  readonly bn2: BatchNorm2d;
  readonly conv3: Conv2d;
  readonly bn3: BatchNorm2d;
  readonly downsample: Shortcut | undefined;

  constructor(inChannels: number, outChannels: number, { stride, strideFirst, rng }: BottleneckOptions) {
    super();
    const inside = Math.floor(outChannels / EXPANSION);
    const [first, second] = strideFirst ? [stride, 1] : [1, stride];
    this.conv1 = kaimingConv2d(inChannels, inside, { kernelSize: 1, stride: first, rng });
    this.bn1 = new BatchNorm2d(inside);
    this.conv2 = kaimingConv2d(inside, inside, { kernelSize: 3, stride: second, padding: 1, rng });
    this.bn2 = new BatchNorm2d(inside);
    this.conv3 = kaimingConv2d(inside, outChannels, { kernelSize: 1, rng });
    this.bn3 = new BatchNorm2d(outChannels);
    const changes = stride !== 1 || inChannels !== outChannels;
    this.downsample = changes ? new Shortcut(inChannels, outChannels, stride, rng) : undefined;
  }

  /** [batch, height, width, in] to [batch, height / stride, width / stride, out], rounded up. */
  forward(x: tf.Tensor4D, context?: ForwardContext): tf.Tensor4D {
    return tf.tidy(() => {
      const residual = this.downsample ? this.downsample.forward(x, context) : x;
      const narrow = convNorm(x, this.conv1, this.bn1, context, { activation: 'relu' });
      const inner = convNorm(narrow, this.conv2, this.bn2, context, { activation: 'relu' });
      narrow.dispose();
      return convNorm(inner, this.conv3, this.bn3, context, { activation: 'relu', residual });
    });
  }
}

/** A 1 x 1 convolution and norm beside a block that changes size or channels. */
export class Shortcut extends Module {
  static override readonly checkpointKeys = { conv: '0', norm: '1' };
  readonly conv: Conv2d;
  readonly norm: BatchNorm2d;

  constructor(inChannels: number, outChannels: number, stride: number, rng: Rng) {
    super();
    this.conv = kaimingConv2d(inChannels, outChannels, { kernelSize: 1, stride, rng });
    this.norm = new BatchNorm2d(outChannels);
  }

  forward(x: tf.Tensor4D, context: ForwardContext | undefined): tf.Tensor4D {
    return convNorm(x, this.conv, this.norm, context);
  }
}
