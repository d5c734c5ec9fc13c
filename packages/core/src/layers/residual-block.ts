import * as tf from '@tensorflow/tfjs-core';
import type { ForwardContext } from '../forward-context';
import { Module } from '../module';
import type { Rng } from '../rng';
import { BatchNorm2d } from './batch-norm2d';
import { convNorm } from './conv-norm';
import { Conv2d, type Conv2dConfig } from './conv2d';
import { kaimingNormal } from './initializers';

export interface ResidualBlockOptions {
  /** Of the first convolution and the shortcut. Default 1. */
  stride?: number | undefined;
  /** Gives the convolutions their first values: Kaiming normal by fan out, as torchvision. */
  rng: Rng;
}

/**
 * The basic residual block, `relu(bn(conv(relu(bn(conv(x))))) + shortcut(x))`, with parameters named as in
 * torchvision. The shortcut is a 1 x 1 convolution and norm where size or channels change, else `x` itself.
 * He et al. 2015, figure 2 and section 4.1 (option B).
 *
 * @example
 * const block = new ResidualBlock(16, 32, { stride: 2, rng: new Rng(1) });
 * const y = block.forward(tf.ones([1, 8, 8, 16])); // [1, 4, 4, 32]
 */
export class ResidualBlock extends Module {
  readonly conv1: Conv2d;
  readonly bn1: BatchNorm2d;
  readonly conv2: Conv2d;
  readonly bn2: BatchNorm2d;
  readonly downsample: Downsample | undefined;

  constructor(inChannels: number, outChannels: number, { stride = 1, rng }: ResidualBlockOptions) {
    super();
    this.conv1 = convolution(inChannels, outChannels, { kernelSize: 3, stride, padding: 1, rng });
    this.bn1 = new BatchNorm2d(outChannels);
    this.conv2 = convolution(outChannels, outChannels, { kernelSize: 3, padding: 1, rng });
    this.bn2 = new BatchNorm2d(outChannels);
    const changes = stride !== 1 || inChannels !== outChannels;
    this.downsample = changes ? new Downsample(inChannels, outChannels, stride, rng) : undefined;
  }

  /** float32 [batch, height, width, in] to [batch, height / stride, width / stride, out], rounded up. */
  forward(x: tf.Tensor4D, context?: ForwardContext): tf.Tensor4D {
    return tf.tidy(() => {
      const inner = convNorm(x, this.conv1, this.bn1, context, { activation: 'relu' });
      const residual = this.downsample ? this.downsample.forward(x, context) : x;
      return convNorm(inner, this.conv2, this.bn2, context, { activation: 'relu', residual });
    });
  }
}

class Downsample extends Module {
  static override readonly checkpointKeys = { conv: '0', norm: '1' };
  readonly conv: Conv2d;
  readonly norm: BatchNorm2d;

  constructor(inChannels: number, outChannels: number, stride: number, rng: Rng) {
    super();
    this.conv = convolution(inChannels, outChannels, { kernelSize: 1, stride, rng });
    this.norm = new BatchNorm2d(outChannels);
  }

  forward(x: tf.Tensor4D, context: ForwardContext | undefined): tf.Tensor4D {
    return convNorm(x, this.conv, this.norm, context);
  }
}

function convolution(inChannels: number, outChannels: number, config: Conv2dConfig): Conv2d {
  const conv = new Conv2d(inChannels, outChannels, { ...config, bias: false });
  const { shape, layout } = conv.weight;
  conv.weight.assign(kaimingNormal(shape, config.rng, { layout, mode: 'fanOut', nonlinearity: 'relu' }));
  return conv;
}
