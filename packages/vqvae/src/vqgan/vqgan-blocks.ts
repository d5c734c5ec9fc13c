import {
  attention,
  Conv2d,
  Dropout,
  type ForwardContext,
  GroupNorm,
  Module,
  ModuleList,
  type Rng,
  runInOrder,
  silu,
} from '@crossmodal/core';
import * as tf from '@tensorflow/tfjs-core';
import { upsampleNearest } from './upsample-nearest';

/** What all blocks of a model share. */
export interface VQGANBlockOptions {
  dropout: number;
  numGroups: number;
  rng: Rng;
}

/** The norm of all blocks. */
export function vqganNorm(channels: number, { numGroups }: VQGANBlockOptions): GroupNorm {
  return new GroupNorm(numGroups, channels, { epsilon: 1e-6 });
}

/** Two 3 x 3 convolutions, each after a norm and a swish, beside a shortcut (a 1 x 1 convolution if channels change). */
export class VQGANResidualBlock extends Module {
  readonly norm1: GroupNorm;
  readonly conv1: Conv2d;
  readonly norm2: GroupNorm;
  readonly dropout: Dropout;
  readonly conv2: Conv2d;
  readonly ninShortcut: Conv2d | undefined;

  constructor(inChannels: number, outChannels: number, options: VQGANBlockOptions) {
    super();
    const { dropout, rng } = options;
    this.norm1 = vqganNorm(inChannels, options);
    this.conv1 = new Conv2d(inChannels, outChannels, { kernelSize: 3, padding: 1, rng });
    this.norm2 = vqganNorm(outChannels, options);
    this.dropout = new Dropout(dropout);
    this.conv2 = new Conv2d(outChannels, outChannels, { kernelSize: 3, padding: 1, rng });
    const changes = inChannels !== outChannels;
    this.ninShortcut = changes ? new Conv2d(inChannels, outChannels, { kernelSize: 1, rng }) : undefined;
  }

  /** [batch, height, width, in] to [batch, height, width, out] */
  forward(x: tf.Tensor4D, context?: ForwardContext): tf.Tensor4D {
    return tf.tidy(() => {
      const inner = this.conv1.forward(silu(this.norm1.forward(x)) as tf.Tensor4D);
      const active = this.dropout.forward(silu(this.norm2.forward(inner)), context) as tf.Tensor4D;
      return tf.add(this.ninShortcut?.forward(x) ?? x, this.conv2.forward(active));
    });
  }
}

/** Self-attention of all pixels with one head, added to its input. */
export class VQGANAttention extends Module {
  readonly norm: GroupNorm;
  readonly q: Conv2d;
  readonly k: Conv2d;
  readonly v: Conv2d;
  readonly projOut: Conv2d;

  constructor(channels: number, options: VQGANBlockOptions) {
    super();
    const { rng } = options;
    this.norm = vqganNorm(channels, options);
    this.q = new Conv2d(channels, channels, { kernelSize: 1, rng });
    this.k = new Conv2d(channels, channels, { kernelSize: 1, rng });
    this.v = new Conv2d(channels, channels, { kernelSize: 1, rng });
    this.projOut = new Conv2d(channels, channels, { kernelSize: 1, rng });
  }

  /** [batch, height, width, channels] to the same. */
  forward(x: tf.Tensor4D): tf.Tensor4D {
    const [batch, height, width, channels] = x.shape;
    return tf.tidy(() => {
      const normed = this.norm.forward(x);
      const [q, k, v] = [this.q, this.k, this.v].map(
        (conv) => tf.reshape(conv.forward(normed), [batch, 1, height * width, channels]) as tf.Tensor4D,
      ) as [tf.Tensor4D, tf.Tensor4D, tf.Tensor4D];
      const seen = tf.reshape(attention(q, k, v), x.shape) as tf.Tensor4D; // [batch, height, width, channels]
      return tf.add(x, this.projOut.forward(seen));
    });
  }
}

/** What both ends of the bottleneck have: a residual block, attention, a residual block. */
export class VQGANMid extends Module {
  static override readonly checkpointKeys = { block1: 'block_1', attn1: 'attn_1', block2: 'block_2' };
  readonly block1: VQGANResidualBlock;
  readonly attn1: VQGANAttention;
  readonly block2: VQGANResidualBlock;

  constructor(channels: number, options: VQGANBlockOptions) {
    super();
    this.block1 = new VQGANResidualBlock(channels, channels, options);
    this.attn1 = new VQGANAttention(channels, options);
    this.block2 = new VQGANResidualBlock(channels, channels, options);
  }

  forward(x: tf.Tensor4D, context?: ForwardContext): tf.Tensor4D {
    return tf.tidy(() => runInOrder([this.block1, this.attn1, this.block2], x, context));
  }
}

/** A 3 x 3 convolution with stride 2, with zeros below and to the right only. */
export class VQGANDownsample extends Module {
  readonly conv: Conv2d;

  constructor(channels: number, rng: Rng) {
    super();
    this.conv = new Conv2d(channels, channels, { kernelSize: 3, stride: 2, padding: [0, 1], rng });
  }

  forward(x: tf.Tensor4D): tf.Tensor4D {
    return this.conv.forward(x);
  }
}

/** Nearest-neighbour upsampling by two, then a 3 x 3 convolution. */
export class VQGANUpsample extends Module {
  readonly conv: Conv2d;

  constructor(channels: number, rng: Rng) {
    super();
    this.conv = new Conv2d(channels, channels, { kernelSize: 3, padding: 1, rng });
  }

  forward(x: tf.Tensor4D): tf.Tensor4D {
    return tf.tidy(() => this.conv.forward(upsampleNearest(x)));
  }
}

export interface VQGANLevelOptions extends VQGANBlockOptions {
  inChannels: number;
  outChannels: number;
  numBlocks: number;
  /** Whether attention follows each block. */
  attends: boolean;
  /** What comes last. */
  resample: 'down' | 'up' | undefined;
}

/** Blocks at one size. */
export class VQGANLevel extends Module {
  readonly block: ModuleList<VQGANResidualBlock>;
  readonly attn: ModuleList<VQGANAttention>;
  readonly downsample: VQGANDownsample | undefined;
  readonly upsample: VQGANUpsample | undefined;

  constructor({ inChannels, outChannels, numBlocks, attends, resample, ...options }: VQGANLevelOptions) {
    super();
    const indices = Array.from({ length: numBlocks }, (_, i) => i);
    this.block = new ModuleList(
      indices.map((i) => new VQGANResidualBlock(i === 0 ? inChannels : outChannels, outChannels, options)),
    );
    this.attn = new ModuleList(attends ? indices.map(() => new VQGANAttention(outChannels, options)) : []);
    this.downsample = resample === 'down' ? new VQGANDownsample(outChannels, options.rng) : undefined;
    this.upsample = resample === 'up' ? new VQGANUpsample(outChannels, options.rng) : undefined;
  }

  forward(x: tf.Tensor4D, context?: ForwardContext): tf.Tensor4D {
    const layers = [...this.block].flatMap((block, i) => [
      block,
      ...(this.attn.at(i) ? [this.attn.at(i)!] : []),
    ]);
    const resample = this.downsample ?? this.upsample;
    return tf.tidy(() => runInOrder(resample ? [...layers, resample] : layers, x, context));
  }
}
