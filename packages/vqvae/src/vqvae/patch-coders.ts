import {
  BatchNorm2d,
  ConfigError,
  Conv2d,
  ConvTranspose2d,
  type ForwardContext,
  Module,
  ModuleList,
  ResidualBlock,
  type Rng,
  runInOrder,
} from '@crossmodal/core';
import * as tf from '@tensorflow/tfjs-core';
import type { ImageDecoder, ImageEncoder } from './image-coder';

/** Sizes of a {@link PatchEncoder} and its {@link PatchDecoder}. */
export interface PatchCoderConfig {
  /** Pixels of a side of what a code stands for: a power of two, at least 2. Default 4. */
  patchSize?: number | undefined;
  /** Channels of the codes' map; each doubling of the size on the way back halves them. Default 128. */
  hiddenSize?: number | undefined;
  /** Residual blocks. Default 2. */
  numResidualBlocks?: number | undefined;
}

const IMAGE_CHANNELS = 3;

/**
 * An encoder for training without a GPU: one convolution cuts the picture into patches, and all else runs at the size
 * of the codes' map, with batch norms, for few steps.
 *
 * @throws ConfigError when `patchSize` is no power of two.
 * @example
 * const encoder = new PatchEncoder({ rng: new Rng(0) });
 * encoder.forward(tf.zeros([1, 64, 64, 3])); // [1, 16, 16, 128]
 */
export class PatchEncoder extends Module implements ImageEncoder {
  readonly outChannels: number;
  readonly downsampling: number;
  readonly stem: Conv2d;
  readonly blocks: ModuleList<ResidualBlock>;

  constructor({ rng, ...config }: PatchCoderConfig & { rng: Rng }) {
    super();
    const { patchSize, hiddenSize, numResidualBlocks } = withDefaults(config, 'PatchEncoder');
    this.outChannels = hiddenSize;
    this.downsampling = patchSize;
    this.stem = new Conv2d(IMAGE_CHANNELS, hiddenSize, { kernelSize: patchSize, stride: patchSize, rng });
    this.blocks = residualBlocks(hiddenSize, numResidualBlocks, rng);
  }

  /** float32 [batch, height, width, 3] to [batch, height / patchSize, width / patchSize, hiddenSize] */
  forward(pixels: tf.Tensor4D, context?: ForwardContext): tf.Tensor4D {
    return tf.tidy(() => runInOrder(this.blocks, this.stem.forward(pixels), context));
  }
}

/**
 * The way back from {@link PatchEncoder}: residual blocks, then transposed convolutions that double the size, with
 * batch norms between. Pixels have no bounds.
 *
 * @throws ConfigError when `patchSize` is no power of two, or the channels cannot be halved so often.
 */
export class PatchDecoder extends Module implements ImageDecoder {
  readonly inChannels: number;
  readonly blocks: ModuleList<ResidualBlock>;
  readonly ups: ModuleList<ConvTranspose2d>;
  readonly norms: ModuleList<BatchNorm2d>;

  constructor({ rng, ...config }: PatchCoderConfig & { rng: Rng }) {
    super();
    const { patchSize, hiddenSize, numResidualBlocks } = withDefaults(config, 'PatchDecoder');
    this.inChannels = hiddenSize;
    const steps = Math.log2(patchSize);
    const sizes = Array.from({ length: steps }, (_, i) => hiddenSize / 2 ** i);
    if (!Number.isInteger(sizes.at(-1)!)) {
      throw new ConfigError(
        `PatchDecoder: hiddenSize: expected a multiple of ${2 ** (steps - 1)} (patchSize / 2), received ${hiddenSize}.`,
      );
    }
    const inner = sizes.slice(1);
    this.blocks = residualBlocks(hiddenSize, numResidualBlocks, rng);
    this.ups = new ModuleList(
      sizes.map((size, i) => {
        const normed = i < inner.length; // a norm takes a bias away
        const out = inner[i] ?? IMAGE_CHANNELS;
        return new ConvTranspose2d(size, out, { kernelSize: 4, stride: 2, padding: 1, bias: !normed, rng });
      }),
    );
    this.norms = new ModuleList(inner.map((size) => new BatchNorm2d(size)));
  }

  /** float32 [batch, height, width, hiddenSize] to [batch, patchSize height, patchSize width, 3] */
  forward(features: tf.Tensor4D, context?: ForwardContext): tf.Tensor4D {
    return tf.tidy(() => {
      let x = runInOrder(this.blocks, features, context);
      for (const [i, up] of [...this.ups].entries()) {
        const y = up.forward(x);
        const norm = this.norms.at(i);
        x = norm ? norm.forward(y, context, { relu: true }) : y;
      }
      return x;
    });
  }
}

function withDefaults(config: PatchCoderConfig, who: string) {
  const { patchSize = 4, hiddenSize = 128, numResidualBlocks = 2 } = config;
  if (patchSize < 2 || !Number.isInteger(Math.log2(patchSize)))
    throw new ConfigError(`${who}: patchSize: expected a power of two, at least 2, received ${patchSize}.`);
  return { patchSize, hiddenSize, numResidualBlocks };
}

function residualBlocks(hiddenSize: number, count: number, rng: Rng): ModuleList<ResidualBlock> {
  return new ModuleList(
    Array.from({ length: count }, () => new ResidualBlock(hiddenSize, hiddenSize, { rng })),
  );
}
