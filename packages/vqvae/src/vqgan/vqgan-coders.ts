import {
  Conv2d,
  type ForwardContext,
  type GroupNorm,
  Module,
  ModuleList,
  type Rng,
  runInOrder,
  silu,
} from '@crossmodal/core';
import * as tf from '@tensorflow/tfjs-core';
import type { ImageDecoder, ImageEncoder } from '../vqvae/image-coder';
import { VQGANLevel, VQGANMid, vqganNorm } from './vqgan-blocks';
import type { VQGANConfig } from './vqgan-config';

const IMAGE_CHANNELS = 3;

/** VQGAN's encoder: residual blocks at each size, halvings between, attention at some sizes. Esser et al. 2021, table 7. */
export class VQGANEncoder extends Module implements ImageEncoder {
  readonly convIn: Conv2d;
  readonly down: ModuleList<VQGANLevel>;
  readonly mid: VQGANMid;
  readonly normOut: GroupNorm;
  readonly convOut: Conv2d;
  readonly config: VQGANConfig;

  constructor({ rng, ...config }: VQGANConfig & { rng: Rng }) {
    super();
    const { ch, chMult, numResBlocks, attnResolutions, resolution, zChannels, dropout, numGroups } = config;
    const options = { dropout, numGroups, rng };
    this.config = config;
    this.convIn = new Conv2d(IMAGE_CHANNELS, ch, { kernelSize: 3, padding: 1, rng });
    const channels = chMult.map((multiple) => ch * multiple);
    this.down = new ModuleList(
      channels.map((outChannels, i) => {
        const attends = attnResolutions.includes(Math.floor(resolution / 2 ** i));
        const inChannels = channels[i - 1] ?? ch;
        const resample = i < channels.length - 1 ? 'down' : undefined;
        return new VQGANLevel({
          inChannels,
          outChannels,
          numBlocks: numResBlocks,
          attends,
          resample,
          ...options,
        });
      }),
    );
    const last = channels.at(-1)!;
    this.mid = new VQGANMid(last, options);
    this.normOut = vqganNorm(last, options);
    this.convOut = new Conv2d(last, zChannels, { kernelSize: 3, padding: 1, rng });
  }

  get outChannels(): number {
    return this.config.zChannels;
  }

  get downsampling(): number {
    return 2 ** (this.config.chMult.length - 1);
  }

  /** float32 [batch, height, width, 3] to [batch, height / downsampling, width / downsampling, zChannels] */
  forward(pixels: tf.Tensor4D, context?: ForwardContext): tf.Tensor4D {
    return tf.tidy(() => {
      const x = runInOrder([this.convIn, ...this.down, this.mid], pixels, context);
      return this.convOut.forward(silu(this.normOut.forward(x)) as tf.Tensor4D);
    });
  }
}

/** VQGAN's decoder, the encoder's mirror with one block more at each size. Esser et al. 2021, table 7. */
export class VQGANDecoder extends Module implements ImageDecoder {
  readonly convIn: Conv2d;
  readonly mid: VQGANMid;
  /** By size, from the picture's: run from the last to the first. */
  readonly up: ModuleList<VQGANLevel>;
  readonly normOut: GroupNorm;
  readonly convOut: Conv2d;
  readonly config: VQGANConfig;

  constructor({ rng, ...config }: VQGANConfig & { rng: Rng }) {
    super();
    const { ch, chMult, numResBlocks, attnResolutions, resolution, zChannels, dropout, numGroups } = config;
    const options = { dropout, numGroups, rng };
    this.config = config;
    const channels = chMult.map((multiple) => ch * multiple);
    const last = channels.at(-1)!;
    const smallest = Math.floor(resolution / 2 ** (channels.length - 1));
    this.convIn = new Conv2d(zChannels, last, { kernelSize: 3, padding: 1, rng });
    this.mid = new VQGANMid(last, options);
    this.up = new ModuleList(
      channels.map((outChannels, i) => {
        const attends = attnResolutions.includes(smallest * 2 ** (channels.length - 1 - i));
        const inChannels = channels[i + 1] ?? last;
        const resample = i > 0 ? 'up' : undefined;
        const numBlocks = numResBlocks + 1;
        return new VQGANLevel({ inChannels, outChannels, numBlocks, attends, resample, ...options });
      }),
    );
    this.normOut = vqganNorm(channels[0]!, options);
    this.convOut = new Conv2d(channels[0]!, IMAGE_CHANNELS, { kernelSize: 3, padding: 1, rng });
  }

  get inChannels(): number {
    return this.config.zChannels;
  }

  /** float32 [batch, height, width, zChannels] to [batch, downsampling height, downsampling width, 3] */
  forward(vectors: tf.Tensor4D, context?: ForwardContext): tf.Tensor4D {
    return tf.tidy(() => this.convOut.forward(this.features(vectors, context)));
  }

  /** What the last convolution makes pixels from: [batch, height', width', ch chMult[0]]; the caller disposes it. */
  features(vectors: tf.Tensor4D, context?: ForwardContext): tf.Tensor4D {
    return tf.tidy(() => {
      const x = runInOrder([this.convIn, this.mid, ...[...this.up].reverse()], vectors, context);
      return silu(this.normOut.forward(x)) as tf.Tensor4D;
    });
  }
}
