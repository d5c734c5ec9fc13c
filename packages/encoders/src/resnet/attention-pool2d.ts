import { attention, Linear, Module, normal, Parameter, type Rng, splitHeads } from '@crossmodal/core';
import * as tf from '@tensorflow/tfjs-core';

export interface AttentionPool2dConfig {
  /** Places of the feature map. */
  places: number;
  channels: number;
  numHeads: number;
  outputDim: number;
  rng: Rng;
}

/**
 * Pools a feature map by attention: the mean over its places asks, the mean and the places answer, each with a
 * position. Parameters named as in OpenAI's CLIP. Radford et al. 2021, section 2.4.
 */
export class AttentionPool2d extends Module {
  /** [1 + places, channels] */
  readonly positionalEmbedding: Parameter;
  readonly kProj: Linear;
  readonly qProj: Linear;
  readonly vProj: Linear;
  readonly cProj: Linear;
  private readonly numHeads: number;

  constructor({ places, channels, numHeads, outputDim, rng }: AttentionPool2dConfig) {
    super();
    const std = channels ** -0.5;
    this.positionalEmbedding = new Parameter(normal([1 + places, channels], rng, 0, std));
    const projection = (size: number) => {
      const linear = new Linear(channels, size, { rng });
      linear.weight.assign(normal([channels, size], rng, 0, std));
      return linear;
    };
    this.kProj = projection(channels);
    this.qProj = projection(channels);
    this.vProj = projection(channels);
    this.cProj = projection(outputDim);
    this.numHeads = numHeads;
  }

  /** [batch, height, width, channels] to [batch, outputDim]. */
  forward(x: tf.Tensor4D): tf.Tensor2D {
    const [batch, height, width, channels] = x.shape;
    return tf.tidy(() => {
      const places = tf.reshape(x, [batch, height * width, channels]);
      const withMean = tf.concat([tf.mean(places, 1, true), places], 1);
      const tokens = tf.add(withMean, this.positionalEmbedding.value); // [batch, 1 + places, channels]
      const first = tf.slice(tokens, [0, 0, 0], [-1, 1, -1]); // [batch, 1, channels]
      const [query, key, value] = [
        this.qProj.forward(first),
        this.kProj.forward(tokens),
        this.vProj.forward(tokens),
      ].map((projected) => splitHeads(projected, this.numHeads));
      const mixed = attention(query!, key!, value!); // [batch, heads, 1, headDim]
      return this.cProj.forward(tf.reshape(mixed, [batch, channels])) as tf.Tensor2D;
    });
  }
}
