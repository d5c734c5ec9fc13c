import { linear, Module, normal, Parameter, type Rng, ShapeError } from '@crossmodal/core';
import * as tf from '@tensorflow/tfjs-core';

/**
 * Cuts images into patches and maps each linearly: a convolution whose stride is its kernel size, computed as
 * one product of matrices. Dosovitskiy et al. 2020, equation 1.
 */
export class PatchEmbedding extends Module {
  /** Engine [patchSize, patchSize, channels, hiddenSize], file [hiddenSize, channels, patchSize, patchSize]. */
  readonly weight: Parameter;

  constructor(
    patchSize: number,
    channels: number,
    hiddenSize: number,
    { std, rng }: { std: number; rng: Rng },
  ) {
    super();
    const shape = [patchSize, patchSize, channels, hiddenSize];
    this.weight = new Parameter(normal(shape, rng, 0, std), { layout: 'conv2d' });
  }

  /**
   * @param pixelValues float32 [batch, height, width, channels], sides multiples of the patch size.
   * @returns [batch, patches, hiddenSize], rows of patches from the top, each from the left.
   */
  forward(pixelValues: tf.Tensor4D): tf.Tensor3D {
    const [batch, height, width, channels] = pixelValues.shape;
    const [size, , inChannels, hiddenSize] = this.weight.shape as [number, number, number, number];
    if (height % size !== 0 || width % size !== 0 || channels !== inChannels) {
      throw new ShapeError(
        `PatchEmbedding: pixelValues: expected sides that are multiples of ${size} and ${inChannels} channels, ` +
          `received [${pixelValues.shape.join(', ')}]. Images are [batch, height, width, channels].`,
      );
    }
    const [rows, columns] = [height / size, width / size];
    return tf.tidy(() => {
      const strips = tf.reshape(pixelValues, [batch * rows, size, columns, size * channels]);
      const patches = tf.transpose(strips, [0, 2, 1, 3]); // [batch * rows, columns, size, size * channels]
      const flat = tf.reshape(patches, [batch, rows * columns, size * size * channels]);
      const weight = tf.reshape(this.weight.value, [size * size * channels, hiddenSize]);
      return linear(flat, weight) as tf.Tensor3D; // [batch, patches, hiddenSize]
    });
  }
}
