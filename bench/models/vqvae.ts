import {
  Conv2d,
  ConvTranspose2d,
  customOp,
  Embedding,
  embedding,
  Module,
  ModuleList,
  Rng,
  relu,
} from '@crossmodal/core';
import * as tf from '@tensorflow/tfjs-core';

const HIDDEN = 128;
const RESIDUAL = 32;
const CODES = 512;
const DIM = 64;
const COMMITMENT = 0.25;

/** The convolutional VQ-VAE of van den Oord et al. 2017, section 4.1, a quarter of the sides in codes of 64. */
export class VQVAE extends Module {
  readonly encoder: Encoder;
  readonly codebook: Embedding;
  readonly decoder: Decoder;

  constructor(rng = new Rng(0)) {
    super();
    this.encoder = new Encoder(rng);
    this.codebook = new Embedding(CODES, DIM, { rng });
    this.decoder = new Decoder(rng);
  }

  /** Reconstruction, codebook and commitment loss of pictures [batch, height, width, 3]; equation 3. */
  loss(x: tf.Tensor4D): tf.Scalar {
    return tf.tidy(() => {
      const z = this.encoder.forward(x);
      const flat = tf.reshape(z, [-1, DIM]) as tf.Tensor2D;
      const constant = this.codebook.weight.value as tf.Tensor as tf.Tensor2D;
      const codes = embedding(constant, nearest(flat, constant)) as tf.Tensor2D; // [positions, dim]
      const quantized = tf.reshape(straightThrough(flat, codes), z.shape);
      const reconstruction = meanSquare(this.decoder.forward(quantized), x);
      const codebookLoss = meanSquare(codes, stopGradient(flat));
      const commitment = meanSquare(flat, stopGradient(codes));
      return tf.addN([reconstruction, codebookLoss, tf.mul(commitment, COMMITMENT)]) as tf.Scalar;
    });
  }
}

class Encoder extends Module {
  readonly conv1: Conv2d;
  readonly conv2: Conv2d;
  readonly conv3: Conv2d;
  readonly blocks: ModuleList<Residual>;
  readonly project: Conv2d;

  constructor(rng: Rng) {
    super();
    this.conv1 = new Conv2d(3, HIDDEN / 2, { kernelSize: 4, stride: 2, padding: 1, rng });
    this.conv2 = new Conv2d(HIDDEN / 2, HIDDEN, { kernelSize: 4, stride: 2, padding: 1, rng });
    this.conv3 = new Conv2d(HIDDEN, HIDDEN, { kernelSize: 3, padding: 1, rng });
    this.blocks = new ModuleList([new Residual(rng), new Residual(rng)]);
    this.project = new Conv2d(HIDDEN, DIM, { kernelSize: 1, rng });
  }

  forward(x: tf.Tensor4D): tf.Tensor4D {
    let y = this.conv3.forward(relu(this.conv2.forward(relu(this.conv1.forward(x)))));
    for (const block of this.blocks) y = block.forward(y);
    return this.project.forward(relu(y));
  }
}

class Decoder extends Module {
  readonly conv: Conv2d;
  readonly blocks: ModuleList<Residual>;
  readonly up1: ConvTranspose2d;
  readonly up2: ConvTranspose2d;

  constructor(rng: Rng) {
    super();
    this.conv = new Conv2d(DIM, HIDDEN, { kernelSize: 3, padding: 1, rng });
    this.blocks = new ModuleList([new Residual(rng), new Residual(rng)]);
    this.up1 = new ConvTranspose2d(HIDDEN, HIDDEN / 2, { kernelSize: 4, stride: 2, padding: 1, rng });
    this.up2 = new ConvTranspose2d(HIDDEN / 2, 3, { kernelSize: 4, stride: 2, padding: 1, rng });
  }

  forward(z: tf.Tensor4D): tf.Tensor4D {
    let y = this.conv.forward(z);
    for (const block of this.blocks) y = block.forward(y);
    return this.up2.forward(relu(this.up1.forward(relu(y))));
  }
}

/** x + 1x1(relu(3x3(relu(x)))) */
class Residual extends Module {
  readonly conv1: Conv2d;
  readonly conv2: Conv2d;

  constructor(rng: Rng) {
    super();
    this.conv1 = new Conv2d(HIDDEN, RESIDUAL, { kernelSize: 3, padding: 1, bias: false, rng });
    this.conv2 = new Conv2d(RESIDUAL, HIDDEN, { kernelSize: 1, bias: false, rng });
  }

  forward(x: tf.Tensor4D): tf.Tensor4D {
    return tf.add(x, this.conv2.forward(relu(this.conv1.forward(relu(x)))));
  }
}

/** The nearest code of each row, int32 [rows]: the least |e|^2 - 2 z e. */
function nearest(z: tf.Tensor2D, codebook: tf.Tensor2D): tf.Tensor1D {
  return customOp<tf.Tensor1D>(
    {},
    () => {
      const products = tf.matMul(z, tf.mul(codebook, 2), false, true);
      return tf.argMin(tf.sub(tf.sum(tf.square(codebook), 1), products), 1) as tf.Tensor1D;
    },
    () => ({}),
  );
}

/** The value of `codes` with the gradient of `z`. */
function straightThrough(z: tf.Tensor2D, codes: tf.Tensor2D): tf.Tensor2D {
  return customOp<tf.Tensor2D>(
    { z },
    () => tf.clone(codes),
    (dy) => ({ z: () => tf.clone(dy) }),
  );
}

function stopGradient(x: tf.Tensor2D): tf.Tensor2D {
  return customOp<tf.Tensor2D>(
    {},
    () => tf.clone(x),
    () => ({}),
  );
}

function meanSquare(a: tf.Tensor, b: tf.Tensor): tf.Tensor {
  return tf.mean(tf.square(tf.sub(a, b)));
}
