import { linear, Module, normal, Parameter, type Rng, ShapeError } from '@crossmodal/core';
import * as tf from '@tensorflow/tfjs-core';

export interface PatchEmbeddingOptions {
  /** Standard deviation of the weight's first values. */
  std: number;
  /** Whether there is a bias, first zeros. Default false. */
  bias?: boolean | undefined;
  rng: Rng;
}

/**
 * Cuts images into patches and maps each linearly: a convolution whose stride is its kernel size, computed as
 * one product of matrices. Dosovitskiy et al. 2020, equation 1.
 */
export class PatchEmbedding extends Module {
  /** Engine [patchSize, patchSize, channels, hiddenSize], file [hiddenSize, channels, patchSize, patchSize]. */
  readonly weight: Parameter;
  /** [hiddenSize] */
  readonly bias: Parameter | undefined;

  constructor(
    patchSize: number,
    channels: number,
    hiddenSize: number,
    { std, bias = false, rng }: PatchEmbeddingOptions,
  ) {
    super();
    const shape = [patchSize, patchSize, channels, hiddenSize];
    this.weight = new Parameter(normal(shape, rng, 0, std), { layout: 'conv2d' });
    this.bias = bias ? new Parameter(tf.zeros([hiddenSize])) : undefined;
  }

  /** Rows and columns of patches that an image of this size has. */
  grid(height: number, width: number): [rows: number, columns: number] {
    const size = this.weight.shape[0]!;
    return [Math.floor(height / size), Math.floor(width / size)];
  }

  /**
   * @param pixelValues float32 [batch, height, width, channels]; what is left over at the right and at the bottom
   *   is not seen.
   * @returns [batch, patches, hiddenSize], rows of patches from the top, each from the left.
   */
  forward(pixelValues: tf.Tensor4D): tf.Tensor3D {
    const [batch, height, width, channels] = pixelValues.shape;
    const [size, , inChannels, hiddenSize] = this.weight.shape as [number, number, number, number];
    const [rows, columns] = this.grid(height, width);
    if (rows === 0 || columns === 0 || channels !== inChannels) {
      throw new ShapeError(
        `PatchEmbedding: pixelValues: expected sides of at least ${size} and ${inChannels} channels, ` +
          `received [${pixelValues.shape.join(', ')}]. Images are [batch, height, width, channels].`,
      );
    }
    return tf.tidy(() => {
      const whole = height === rows * size && width === columns * size;
      const seen = whole
        ? pixelValues
        : tf.slice(pixelValues, [0, 0, 0, 0], [-1, rows * size, columns * size, -1]);
      const strips = tf.reshape(seen, [batch * rows, size, columns, size * channels]);
      const patches = tf.transpose(strips, [0, 2, 1, 3]); // [batch * rows, columns, size, size * channels]
      const flat = tf.reshape(patches, [batch, rows * columns, size * size * channels]);
      const weight = tf.reshape(this.weight.value, [size * size * channels, hiddenSize]);
      return linear(flat, weight, this.bias?.value) as tf.Tensor3D; // [batch, patches, hiddenSize]
    });
  }
}
