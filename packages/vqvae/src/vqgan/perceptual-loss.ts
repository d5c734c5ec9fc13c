import { assertShape, Conv2d, Module, ModuleList, type Rng } from '@crossmodal/core';
import * as tf from '@tensorflow/tfjs-core';
import type { FeatureNetwork } from './vgg16-features';

/** From pixels in [-1, 1] to what torchvision's networks take, as the lpips package has it. */
const SHIFT = [-0.03, -0.088, -0.188];
const SCALE = [0.458, 0.448, 0.45];
const EPSILON = 1e-10;

/**
 * LPIPS: how different pictures look, as the distance between the inner maps of a network; each pixel's channels have
 * length one, and are weighted before they are summed. Zhang et al. 2018, equation 1. It is frozen.
 *
 * The keys of the weights are the lpips package's (`lin0.model.1.weight`), at first 1: without published ones, each
 * channel counts alike.
 *
 * @example
 * const loss = new PerceptualLoss({ network: new VGG16Features({ rng }), rng });
 * await loadWeights(loss.network, vgg16, { ignore: [/^classifier/] }); // torchvision's file
 * await loadWeights(loss.weights, lpips); // vgg.pth of the lpips package
 * const distance = loss.forward(pixels, reconstruction); // [batch]
 */
export class PerceptualLoss extends Module {
  static override readonly checkpointKeys = { network: '', weights: '' };
  readonly network: FeatureNetwork;
  readonly weights: ChannelWeights;

  constructor({ network, rng }: { network: FeatureNetwork; rng: Rng }) {
    super();
    this.network = network;
    this.weights = new ChannelWeights(network.channels, rng);
    this.freeze();
  }

  /**
   * @param pixels float32 [batch, height, width, 3], from -1 to 1
   * @param others The same.
   * @returns float32 [batch]; the caller disposes it.
   * @throws ShapeError when the shapes differ.
   */
  forward(pixels: tf.Tensor4D, others: tf.Tensor4D): tf.Tensor1D {
    assertShape(pixels.shape, [null, null, null, 3], 'PerceptualLoss: pixels');
    assertShape(others.shape, pixels.shape, 'PerceptualLoss: others');
    return tf.tidy(() => {
      const [a, b] = [this.maps(pixels), this.maps(others)];
      const distances = [...this.weights.lin].map((lin, i) => {
        const weighted = lin.forward(tf.squaredDifference(a[i]!, b[i]!)); // [batch, height', width', 1]
        return tf.mean(weighted, [1, 2, 3]) as tf.Tensor1D;
      });
      return tf.addN(distances); // [batch]
    });
  }

  private maps(pixels: tf.Tensor4D): tf.Tensor4D[] {
    const scaled = tf.div(tf.sub(pixels, SHIFT), SCALE) as tf.Tensor4D;
    return this.network.forward(scaled).map(unitLength);
  }
}

/** A weight for each channel of each map, as 1 x 1 convolutions. */
class ChannelWeights extends Module {
  static override readonly checkpointKeys = { 'lin.*': 'lin*.model.1' };
  readonly lin: ModuleList<Conv2d>;

  constructor(channels: readonly number[], rng: Rng) {
    super();
    this.lin = new ModuleList(
      channels.map((size) => {
        const conv = new Conv2d(size, 1, { kernelSize: 1, bias: false, rng });
        conv.weight.assign(tf.ones(conv.weight.shape));
        return conv;
      }),
    );
  }
}

/** The channels of each pixel, divided by their length; where all are 0, so is the gradient. */
function unitLength(x: tf.Tensor4D): tf.Tensor4D {
  const squares = tf.sum(tf.square(x), 3, true);
  const length = tf.sqrt(tf.add(squares, EPSILON ** 2)); // the square keeps the root's gradient finite
  return tf.div(x, tf.add(length, EPSILON));
}
