import { Conv2d, ConvTranspose2d, Embedding, GroupNorm, Module, Rng, relu } from '@crossmodal/core';
import * as tf from '@tensorflow/tfjs-core';
import type { ModelCase } from './model-case';

const SIZE = 8;
const CHANNELS = 4;
const NUM_CODES = 12;

/** The same value; no gradient goes back through it. */
const detach = (x: tf.Tensor) =>
  tf.customGrad((value) => ({
    value: tf.clone(value as tf.Tensor),
    gradFunc: (dy) => tf.zerosLike(dy as tf.Tensor),
  }))(x);

class QuantizedAutoencoder extends Module {
  readonly down1: Conv2d;
  readonly norm: GroupNorm;
  readonly down2: Conv2d;
  readonly codebook: Embedding;
  readonly up1: ConvTranspose2d;
  readonly up2: ConvTranspose2d;

  constructor(rng: Rng) {
    super();
    const half = { kernelSize: 4, stride: 2, padding: 1, rng };
    this.down1 = new Conv2d(3, 8, half);
    this.norm = new GroupNorm(2, 8);
    this.down2 = new Conv2d(8, CHANNELS, half);
    this.codebook = new Embedding(NUM_CODES, CHANNELS, { rng });
    this.up1 = new ConvTranspose2d(CHANNELS, 8, half);
    this.up2 = new ConvTranspose2d(8, 3, half);
  }

  /** Mean squared error of the picture, and of codes and encodings to each other (commitment 0.25). */
  loss(x: tf.Tensor4D): tf.Scalar {
    const hidden = relu(this.norm.forward(this.down1.forward(x))) as tf.Tensor4D;
    const encoded = this.down2.forward(hidden); // [batch, 2, 2, CHANNELS]
    const rows = tf.reshape(encoded, [-1, CHANNELS]) as tf.Tensor2D;
    const codes = tf.reshape(this.codebook.forward(this.nearest(rows)), encoded.shape);
    const passed = tf.add(encoded, detach(tf.sub(codes, encoded))) as tf.Tensor4D; // straight through
    const decoded = this.up2.forward(relu(this.up1.forward(passed)) as tf.Tensor4D);
    const distance = (a: tf.Tensor, b: tf.Tensor) => tf.mean(tf.square(tf.sub(a, b)));
    return tf.addN([
      distance(decoded, x),
      distance(codes, detach(encoded)),
      tf.mul(0.25, distance(detach(codes), encoded)),
    ]) as tf.Scalar;
  }

  /** The code nearest to each row: argmin |row|^2 - 2 row . code + |code|^2, the first being the same for all. */
  private nearest(rows: tf.Tensor2D): tf.Tensor1D {
    return tf.tidy(() => {
      const codes = this.codebook.weight.value as tf.Tensor2D;
      const products = tf.matMul(detach(rows) as tf.Tensor2D, codes, false, true); // [rows, NUM_CODES]
      return tf.argMin(tf.sub(tf.sum(tf.square(codes), 1), tf.mul(2, products)), 1) as tf.Tensor1D;
    });
  }
}

/** Strided and transposed convolutions, group norm, and the step through the nearest code of a VQ-VAE. */
export const quantizedAutoencoder: ModelCase = {
  name: 'VQ autoencoder',
  create() {
    const rng = new Rng(2);
    const model = new QuantizedAutoencoder(rng);
    const images = tf.tensor4d(rng.normalArray(2 * SIZE * SIZE * 3), [2, SIZE, SIZE, 3]);
    return { model, batch: [images], loss: () => model.loss(images) };
  },
};
