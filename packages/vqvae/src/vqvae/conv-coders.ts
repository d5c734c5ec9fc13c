import {
  Conv2d,
  ConvTranspose2d,
  type ForwardContext,
  Module,
  ModuleList,
  type Rng,
  relu,
  runInOrder,
} from '@crossmodal/core';
import * as tf from '@tensorflow/tfjs-core';
import type { ImageDecoder, ImageEncoder } from './image-coder';

/** Sizes of a {@link ConvEncoder} and its {@link ConvDecoder}. */
export interface ConvCoderConfig {
  /** Channels of every layer. Default 256. */
  hiddenSize?: number | undefined;
  /** Channels inside the residual blocks. Default: as `hiddenSize`. */
  residualSize?: number | undefined;
  /** Residual blocks. Default 2. */
  numResidualBlocks?: number | undefined;
}

const IMAGE_CHANNELS = 3;

/**
 * The encoder of the first VQ-VAE: two 4 x 4 convolutions with stride 2, a 3 x 3 one, residual blocks: a code for
 * each 4 x 4 pixels. Van den Oord et al. 2017, section 4.1.
 *
 * @example
 * const encoder = new ConvEncoder({ hiddenSize: 128, rng: new Rng(0) });
 * encoder.forward(tf.zeros([1, 32, 32, 3])); // [1, 8, 8, 128]
 */
export class ConvEncoder extends Module implements ImageEncoder {
  readonly outChannels: number;
  readonly downsampling = 4;
  readonly conv1: Conv2d;
  readonly conv2: Conv2d;
  readonly conv3: Conv2d;
  readonly blocks: ModuleList<ConvResidualBlock>;

  constructor({ rng, ...config }: ConvCoderConfig & { rng: Rng }) {
    super();
    const sizes = withDefaults(config);
    const { hiddenSize } = sizes;
    this.outChannels = hiddenSize;
    this.conv1 = new Conv2d(IMAGE_CHANNELS, hiddenSize, { kernelSize: 4, stride: 2, padding: 1, rng });
    this.conv2 = new Conv2d(hiddenSize, hiddenSize, { kernelSize: 4, stride: 2, padding: 1, rng });
    this.conv3 = new Conv2d(hiddenSize, hiddenSize, { kernelSize: 3, padding: 1, rng });
    this.blocks = residualBlocks(sizes, rng);
  }

  /** float32 [batch, height, width, 3] to [batch, height / 4, width / 4, hiddenSize] */
  forward(pixels: tf.Tensor4D, context?: ForwardContext): tf.Tensor4D {
    return tf.tidy(() => {
      const half = relu(this.conv1.forward(pixels)) as tf.Tensor4D;
      const quarter = relu(this.conv2.forward(half)) as tf.Tensor4D;
      const x = runInOrder(this.blocks, this.conv3.forward(quarter), context);
      return relu(x) as tf.Tensor4D;
    });
  }
}

/**
 * The mirror of {@link ConvEncoder}: a 3 x 3 convolution, residual blocks, two transposed 4 x 4 convolutions with
 * stride 2, tanh. Pixels are from -1 to 1.
 */
export class ConvDecoder extends Module implements ImageDecoder {
  readonly inChannels: number;
  readonly conv1: Conv2d;
  readonly blocks: ModuleList<ConvResidualBlock>;
  readonly up1: ConvTranspose2d;
  readonly up2: ConvTranspose2d;

  constructor({ rng, ...config }: ConvCoderConfig & { rng: Rng }) {
    super();
    const sizes = withDefaults(config);
    const { hiddenSize } = sizes;
    this.inChannels = hiddenSize;
    this.conv1 = new Conv2d(hiddenSize, hiddenSize, { kernelSize: 3, padding: 1, rng });
    this.blocks = residualBlocks(sizes, rng);
    this.up1 = new ConvTranspose2d(hiddenSize, hiddenSize, { kernelSize: 4, stride: 2, padding: 1, rng });
    this.up2 = new ConvTranspose2d(hiddenSize, IMAGE_CHANNELS, { kernelSize: 4, stride: 2, padding: 1, rng });
  }

  /** float32 [batch, height, width, hiddenSize] to [batch, 4 height, 4 width, 3] */
  forward(features: tf.Tensor4D, context?: ForwardContext): tf.Tensor4D {
    return tf.tidy(() => {
      const x = runInOrder(this.blocks, this.conv1.forward(features), context);
      const half = relu(this.up1.forward(relu(x) as tf.Tensor4D)) as tf.Tensor4D;
      return tf.tanh(this.up2.forward(half));
    });
  }
}

/** `x + conv1x1(relu(conv3x3(relu(x))))`; van den Oord et al. 2017, section 4.1. */
class ConvResidualBlock extends Module {
  readonly conv1: Conv2d;
  readonly conv2: Conv2d;

  constructor(hiddenSize: number, residualSize: number, rng: Rng) {
    super();
    this.conv1 = new Conv2d(hiddenSize, residualSize, { kernelSize: 3, padding: 1, rng });
    this.conv2 = new Conv2d(residualSize, hiddenSize, { kernelSize: 1, rng });
  }

  forward(x: tf.Tensor4D): tf.Tensor4D {
    return tf.tidy(() => {
      const inner = this.conv1.forward(relu(x) as tf.Tensor4D);
      return tf.add(x, this.conv2.forward(relu(inner) as tf.Tensor4D));
    });
  }
}

function withDefaults({
  hiddenSize = 256,
  residualSize = hiddenSize,
  numResidualBlocks = 2,
}: ConvCoderConfig) {
  return { hiddenSize, residualSize, numResidualBlocks };
}

function residualBlocks(
  { hiddenSize, residualSize, numResidualBlocks }: ReturnType<typeof withDefaults>,
  rng: Rng,
): ModuleList<ConvResidualBlock> {
  return new ModuleList(
    Array.from({ length: numResidualBlocks }, () => new ConvResidualBlock(hiddenSize, residualSize, rng)),
  );
}
