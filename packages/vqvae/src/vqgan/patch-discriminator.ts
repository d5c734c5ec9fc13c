import {
  assertShape,
  BatchNorm2d,
  ConfigError,
  Conv2d,
  convNorm,
  type ForwardContext,
  Module,
  ModuleList,
  normal,
  type Rng,
} from '@crossmodal/core';
import * as tf from '@tensorflow/tfjs-core';

/** Sizes of a {@link PatchDiscriminator}. */
export interface PatchDiscriminatorConfig {
  /** Channels of the first layer. Default 64. */
  hiddenSize?: number | undefined;
  /** Layers with a norm. Each but the last halves the picture, as the first convolution does. Default 3. */
  numLayers?: number | undefined;
}

const IMAGE_CHANNELS = 3;
const MOST_LAYERS = 8;
const MOST_WIDENING = 8;
const SLOPE = 0.2;
const INITIAL_STD = 0.02;

/**
 * PatchGAN: says of each patch of a picture whether it looks real. Isola et al. 2017, section 3.2.2 (70 x 70 pixels
 * with the defaults). Keys are taming-transformers' (`main.0.weight`, ...).
 *
 * @example
 * const discriminator = new PatchDiscriminator({ rng: new Rng(0) });
 * discriminator.forward(tf.zeros([1, 64, 64, 3])); // [1, 6, 6, 1]
 */
export class PatchDiscriminator extends Module {
  static override readonly checkpointKeys = layerKeys();
  readonly convs: ModuleList<Conv2d>;
  /** After each convolution but the first and the last. */
  readonly norms: ModuleList<BatchNorm2d>;

  constructor({ hiddenSize = 64, numLayers = 3, rng }: PatchDiscriminatorConfig & { rng: Rng }) {
    super();
    if (!Number.isInteger(numLayers) || numLayers < 1 || numLayers > MOST_LAYERS) {
      throw new ConfigError(
        `PatchDiscriminator: numLayers: expected an integer from 1 to ${MOST_LAYERS}, received ${numLayers}.`,
      );
    }
    const sizes = Array.from(
      { length: numLayers + 1 },
      (_, i) => hiddenSize * Math.min(2 ** i, MOST_WIDENING),
    );
    const options = { kernelSize: 4, padding: 1, rng };
    const inner = sizes.slice(1).map((size, i) => {
      const stride = i < numLayers - 1 ? 2 : 1;
      return new Conv2d(sizes[i]!, size, { ...options, stride, bias: false });
    });
    this.convs = new ModuleList([
      new Conv2d(IMAGE_CHANNELS, hiddenSize, { ...options, stride: 2 }),
      ...inner,
      new Conv2d(sizes.at(-1)!, 1, options),
    ]);
    this.norms = new ModuleList(sizes.slice(1).map((size) => new BatchNorm2d(size)));
    for (const { weight } of this.convs) weight.assign(normal(weight.shape, rng, 0, INITIAL_STD));
    for (const { weight } of this.norms) weight.assign(normal(weight.shape, rng, 1, INITIAL_STD));
  }

  /** float32 [batch, height, width, 3] to logits [batch, height', width', 1]; the caller disposes them. */
  forward(pixels: tf.Tensor4D, context?: ForwardContext): tf.Tensor4D {
    assertShape(pixels.shape, [null, null, null, IMAGE_CHANNELS], 'PatchDiscriminator: pixels');
    const [first, ...others] = this.convs;
    return tf.tidy(() => {
      let x: tf.Tensor4D = tf.leakyRelu(first!.forward(pixels), SLOPE);
      for (const [i, norm] of [...this.norms].entries())
        x = tf.leakyRelu(convNorm(x, others[i]!, norm, context), SLOPE);
      return others.at(-1)!.forward(x);
    });
  }
}

/** The first convolution and its activation are layers 0 and 1; then come convolution, norm and activation, in threes. */
function layerKeys(): Record<string, string> {
  const keys: Record<string, string> = { 'convs.0': 'main.0' };
  for (let i = 1; i <= MOST_LAYERS + 1; i++) {
    keys[`convs.${i}`] = `main.${3 * i - 1}`;
    keys[`norms.${i - 1}`] = `main.${3 * i}`;
  }
  return keys;
}
