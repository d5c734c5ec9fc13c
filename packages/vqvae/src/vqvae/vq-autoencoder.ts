import { assertShape, type Conv2d, type ForwardContext, ShapeError } from '@crossmodal/core';
import { PretrainedModule } from '@crossmodal/hub';
import * as tf from '@tensorflow/tfjs-core';
import type { Quantizer, QuantizerOutput } from '../quantizers/quantizer';
import type { ImageDecoder, ImageEncoder } from './image-coder';

/** What an autoencoder with a bottleneck of codes makes of pictures. */
export interface VQAutoencoderOutput {
  /** [batch, height, width, 3] */
  reconstruction: tf.Tensor4D;
  /** int32 [batch, height / downsampling, width / downsampling], or [..., codesPerPosition] */
  codebookIndices: tf.Tensor;
  /** [], `reconstructionLoss` plus the quantizer's: to be minimised. */
  loss: tf.Scalar;
  /** [], mean squared error of the pixels. */
  reconstructionLoss: tf.Scalar;
  /** [], unweighted, as {@link QuantizerOutput} has it; the next two too. */
  codebookLoss: tf.Scalar;
  /** [] */
  commitmentLoss: tf.Scalar;
  /** [], codes in use in the batch, as if evenly. */
  perplexity: tf.Scalar;
}

/** What VQ-VAE and VQGAN share: an encoder, a quantizer and a decoder, with 1 x 1 convolutions between them. */
export abstract class VQAutoencoder extends PretrainedModule {
  abstract readonly encoder: ImageEncoder;
  abstract readonly quantizer: Quantizer;
  abstract readonly decoder: ImageDecoder;
  /** From the encoder's channels to the quantizer's. */
  abstract readonly quantConv: Conv2d;
  /** From the quantizer's channels to the decoder's. */
  abstract readonly postQuantConv: Conv2d;

  /** How many codes there are. */
  get codebookSize(): number {
    return this.quantizer.codebookSize;
  }

  /** Pixels of a side of what a code stands for. */
  get downsampling(): number {
    return this.encoder.downsampling;
  }

  /**
   * The codes of pictures.
   *
   * @param pixels float32 [batch, height, width, 3]
   * @returns int32 [batch, height / downsampling, width / downsampling], with a last axis of `codesPerPosition` where
   *   the quantizer has several; the caller disposes it.
   * @throws ShapeError when the sides are no multiples of `downsampling`.
   */
  encode(pixels: tf.Tensor4D): tf.Tensor {
    return tf.tidy(() => this.quantize(pixels).codebookIndices);
  }

  /**
   * The pictures of codes.
   *
   * @param codebookIndices int32, as {@link encode} gives them.
   * @returns float32 [batch, height, width, 3]; the caller disposes it.
   * @throws DataError when an index is out of range.
   */
  decode(codebookIndices: tf.Tensor): tf.Tensor4D {
    return tf.tidy(() => this.decodeVectors(this.quantizer.decode(codebookIndices) as tf.Tensor4D));
  }

  /**
   * Pictures, through their codes, back to pictures.
   *
   * @param pixels float32 [batch, height, width, 3]
   * @returns Everything; the caller disposes it.
   * @throws ShapeError when the sides are no multiples of `downsampling`.
   */
  forward(pixels: tf.Tensor4D, context?: ForwardContext): VQAutoencoderOutput {
    return tf.tidy(() => {
      const { quantized, loss, ...ofQuantizer } = this.quantize(pixels, context);
      const reconstruction = this.decodeVectors(quantized as tf.Tensor4D, context);
      const reconstructionLoss = tf.mean(tf.squaredDifference(reconstruction, pixels)) as tf.Scalar;
      return {
        reconstruction,
        loss: tf.add(reconstructionLoss, loss) as tf.Scalar,
        reconstructionLoss,
        ...ofQuantizer,
      };
    });
  }

  /** The vectors [batch, height', width', dim] of pictures, quantized. The caller disposes everything. */
  quantize(pixels: tf.Tensor4D, context?: ForwardContext): QuantizerOutput {
    const who = this.constructor.name;
    assertShape(
      pixels.shape,
      [null, null, null, 3],
      `${who}: pixels`,
      'Pictures are [batch, height, width, 3].',
    );
    const [, height, width] = pixels.shape;
    const { downsampling } = this.encoder;
    if (height === 0 || width === 0 || height % downsampling !== 0 || width % downsampling !== 0) {
      throw new ShapeError(
        `${who}: pixels: expected sides that are multiples of ${downsampling}, received ${height} x ${width}. ` +
          'Resize or pad the pictures.',
      );
    }
    return tf.tidy(() => ({
      ...this.quantizer.forward(this.quantConv.forward(this.encoder.forward(pixels, context)), context),
    }));
  }

  private decodeVectors(vectors: tf.Tensor4D, context?: ForwardContext): tf.Tensor4D {
    return this.decoder.forward(this.postQuantConv.forward(vectors), context);
  }
}
