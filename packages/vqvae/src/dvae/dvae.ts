import { ConfigError, type ForwardContext, Module, type Rng, requireRng } from '@crossmodal/core';
import * as tf from '@tensorflow/tfjs-core';
import type { DVAEConfig } from './dvae-config';
import { DVAEDecoder } from './dvae-decoder';
import { DVAEEncoder } from './dvae-encoder';
import { mapPixels, unmapPixels } from './map-pixels';

export interface DVAEInput {
  /** float32 [batch, height, width, channels] in [0, 1]; sides are multiples of 8. */
  pixelValues: tf.Tensor4D;
  /** Divides the logits of the relaxed codes, above 0: the nearer to 0, the more they are one code each. Default 1. */
  temperature?: number | undefined;
}

export interface DVAEOutput {
  /** [batch, height / 8, width / 8, vocabSize] */
  logits: tf.Tensor4D;
  /** [batch, height, width, 2 channels], for {@link logitLaplaceLoss}. */
  stats: tf.Tensor4D;
  /** [], of the codes' distribution from the uniform one: mean over places, in nats. */
  klDivergence: tf.Scalar;
}

/**
 * OpenAI's discrete VAE, DALL-E's first stage: pictures as one of `vocabSize` codes for each 8 x 8 pixels, learned
 * through a Gumbel-softmax relaxation. Ramesh et al. 2021, section 2.1 and appendix A.
 *
 * The published networks are two files: load `encoder` and `decoder` by themselves.
 *
 * @throws ConfigError when `hiddenSize` is no multiple of 4.
 * @example
 * const dvae = new DVAE({ ...readDVAEConfig({}), rng: new Rng(0) });
 * const { stats, klDivergence } = dvae.forward({ pixelValues }, { training: true, rng });
 * const loss = tf.add(logitLaplaceLoss(stats, pixelValues), tf.mul(klDivergence, 6.6 / 192)); // the paper's, at 256 x 256
 */
export class DVAE extends Module {
  readonly encoder: DVAEEncoder;
  readonly decoder: DVAEDecoder;

  constructor(config: DVAEConfig & { rng: Rng }) {
    super();
    this.encoder = new DVAEEncoder(config);
    this.decoder = new DVAEDecoder(config);
  }

  /** Number of codes. */
  get codebookSize(): number {
    return this.encoder.config.vocabSize;
  }

  /**
   * A picture by way of its relaxed codes, `softmax((logits + g) / temperature)`, with Gumbel noise g in training
   * and none otherwise. Jang et al. 2016, equation 2.
   *
   * @throws ShapeError; ConfigError when the temperature cannot be, or there is no generator in training.
   */
  forward({ pixelValues, temperature = 1 }: DVAEInput, context?: ForwardContext): DVAEOutput {
    if (!(temperature > 0 && temperature < Infinity))
      throw new ConfigError(`DVAE: temperature: expected a number above 0, received ${temperature}.`);
    return tf.tidy(() => {
      const logits = this.encoder.forward(mapPixels(pixelValues)); // [batch, height / 8, width / 8, vocabSize]
      const noisy = context?.training
        ? tf.add(logits, gumbelNoise(logits.shape, requireRng(context, 'DVAE')))
        : logits;
      const stats = this.decoder.forward(tf.softmax(tf.div(noisy, temperature)) as tf.Tensor4D);
      return { logits, stats, klDivergence: klFromUniform(logits) };
    });
  }

  /**
   * The likeliest codes.
   *
   * @param pixelValues float32 [batch, height, width, channels] in [0, 1]; sides are multiples of 8.
   * @returns int32 [batch, height / 8, width / 8]; the caller disposes it.
   * @throws ShapeError
   */
  encode(pixelValues: tf.Tensor4D): tf.Tensor3D {
    return tf.tidy(() => tf.argMax(this.encoder.forward(mapPixels(pixelValues)), -1) as tf.Tensor3D);
  }

  /**
   * The picture of codes: the middle of each pixel's distribution.
   *
   * @param codebookIndices int32 [batch, height, width]
   * @returns float32 [batch, 8 height, 8 width, channels] in [0, 1]; the caller disposes it.
   * @throws ShapeError; DataError when an index is out of range.
   */
  decode(codebookIndices: tf.Tensor3D): tf.Tensor4D {
    return tf.tidy(() => {
      const [mu] = tf.split(this.decoder.fromIndices(codebookIndices), 2, -1) as [tf.Tensor4D];
      return unmapPixels(tf.sigmoid(mu));
    });
  }
}

function gumbelNoise(shape: number[], rng: Rng): tf.Tensor {
  const size = tf.util.sizeFromShape(shape);
  return rng.tensor(shape, (source) => {
    const uniform = source.uniformArray(size, 1e-10, 1); // not 0, which has no logarithm
    return uniform.map((u) => -Math.log(-Math.log(u)));
  });
}

/** `sum q ln q + ln codes`, mean over places. */
function klFromUniform(logits: tf.Tensor): tf.Scalar {
  const logQ = tf.logSoftmax(logits);
  const negativeEntropy = tf.mean(tf.sum(tf.mul(tf.exp(logQ), logQ), -1));
  return tf.add(negativeEntropy, Math.log(logits.shape.at(-1)!));
}
