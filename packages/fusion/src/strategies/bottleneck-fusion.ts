import {
  ConfigError,
  type ForwardContext,
  LayerNorm,
  Linear,
  ModuleList,
  normal,
  Parameter,
  TransformerBlock,
} from '@crossmodal/core';
import * as tf from '@tensorflow/tfjs-core';
import { Fusion, type FusionOutput } from '../fusion';
import type { Sequence } from '../modality-inputs';
import { PerModality } from '../per-modality';
import { ModalityTokens } from './modality-tokens';
import { positiveInteger } from './positive-integer';
import { layerConfig, type TokenFusionConfig } from './token-fusion-config';

export interface BottleneckFusionConfig extends TokenFusionConfig {
  /** How many tokens the modalities exchange. Default 4. */
  numBottlenecks?: number | undefined;
  /** The first layer that exchanges, from 0. Default `numLayers / 2`, rounded down. */
  fusionLayer?: number | undefined;
}

/**
 * Multimodal bottleneck transformer: each modality has its own layers, and from `fusionLayer` on they see, beside their
 * own tokens, a few shared ones, of which each layer makes the mean of what the modalities that are there made of them.
 * The mean of the modalities' class tokens makes the result. Nagrani et al. 2021, sections 3.2 (fusion via attention
 * bottlenecks) to 3.4.
 *
 * @example
 * const modalities = { text: 8, image: 6 };
 * const fusion = new BottleneckFusion({ modalities, outputDim: 4, hiddenSize: 8, numHeads: 2, rng: new Rng(1) });
 * const { fused } = fusion.forward({ text: tf.ones([2, 5, 8]), image: tf.ones([2, 9, 6]) }); // [2, 4]
 */
export class BottleneckFusion extends Fusion {
  readonly tokens: ModalityTokens;
  /** [modalities, hiddenSize] */
  readonly clsTokens: Parameter;
  /** [1, numBottlenecks, hiddenSize] */
  readonly bottleneckTokens: Parameter;
  readonly layers: PerModality<ModuleList<TransformerBlock>>;
  readonly norm: LayerNorm;
  readonly head: Linear;
  readonly numLayers: number;
  readonly fusionLayer: number;

  /** @throws ConfigError when `fusionLayer` is not one of the layers, or there is no bottleneck. */
  constructor(config: BottleneckFusionConfig) {
    super(config);
    const { block, numLayers } = layerConfig(config);
    const { hiddenSize, rng } = block;
    const { numBottlenecks = 4, fusionLayer = Math.floor(numLayers / 2) } = config;
    positiveInteger(numBottlenecks, 'BottleneckFusion: numBottlenecks');
    if (!(Number.isInteger(fusionLayer) && fusionLayer >= 0 && fusionLayer < numLayers))
      throw new ConfigError(
        `BottleneckFusion: fusionLayer: expected an integer from 0 to ${numLayers - 1}, received ${fusionLayer}.`,
      );
    const layers = () => new ModuleList(Array.from({ length: numLayers }, () => new TransformerBlock(block)));
    this.tokens = new ModalityTokens(this.dims, { hiddenSize, rng });
    this.clsTokens = new Parameter(normal([this.modalities.length, hiddenSize], rng, 0, 0.02));
    this.bottleneckTokens = new Parameter(normal([1, numBottlenecks, hiddenSize], rng, 0, 0.02));
    this.layers = new PerModality(this.modalities, layers);
    this.norm = new LayerNorm(hiddenSize);
    this.head = new Linear(hiddenSize, this.outputDim, { rng });
    this.numLayers = numLayers;
    this.fusionLayer = fusionLayer;
  }

  protected fuse(sequences: readonly Sequence[], context?: ForwardContext): FusionOutput {
    let streams = this.withClsTokens(this.tokens.forward(sequences));
    const batch = streams[0]!.mask.shape[0];
    const [, count, hiddenSize] = this.bottleneckTokens.shape as [number, number, number];
    let shared = tf.broadcastTo(this.bottleneckTokens.value, [batch, count, hiddenSize]) as tf.Tensor3D;
    for (let i = 0; i < this.numLayers; i++) {
      const run = (name: string, x: tf.Tensor3D, attentionMask: tf.Tensor) =>
        this.layers.of(name).at(i)!.forward(x, { attentionMask }, context);
      if (i < this.fusionLayer) {
        streams = streams.map((s) => ({ ...s, features: run(s.name, s.features, s.mask) }));
        continue;
      }
      const parts = streams.map(({ name, features, mask }) => {
        const seen = tf.concat([mask, tf.ones([batch, count])], 1);
        const mixed = run(name, tf.concat([features, shared], 1), seen); // [batch, length + count, hiddenSize]
        return tf.split(mixed, [features.shape[1], count], 1) as [tf.Tensor3D, tf.Tensor3D];
      });
      streams = streams.map((stream, m) => ({ ...stream, features: parts[m]![0] }));
      shared = meanOfPresent(streams, (_, m) => parts[m]![1]);
    }
    const cls = meanOfPresent(streams, ({ features }) =>
      this.norm.forward(tf.slice(features, [0, 0, 0], [-1, 1, -1])),
    ); // [batch, 1, hiddenSize]
    return { fused: this.head.forward(tf.squeeze(cls, [1]), context) as tf.Tensor2D };
  }

  /** A class token before each modality's own, which is there even if the modality is not. */
  private withClsTokens(sequences: readonly Sequence[]): Sequence[] {
    return sequences.map((sequence, m) => {
      const { features, mask } = sequence;
      const [batch, , hiddenSize] = features.shape;
      const cls = tf.expandDims(tf.slice(this.clsTokens.value, m, 1), 0); // [1, 1, hiddenSize]
      return {
        ...sequence,
        features: tf.concat([tf.broadcastTo(cls, [batch, 1, hiddenSize]) as tf.Tensor3D, features], 1),
        mask: tf.concat([tf.ones([batch, 1]), mask], 1) as tf.Tensor2D,
      };
    });
  }
}

/** Mean of [batch, length, hiddenSize] over the modalities that a sample has. */
function meanOfPresent(
  sequences: readonly Sequence[],
  value: (sequence: Sequence, index: number) => tf.Tensor,
): tf.Tensor3D {
  const sums = sequences.map((sequence, i) => tf.mul(value(sequence, i), tf.expandDims(sequence.present, 2)));
  const count = tf.maximum(tf.addN(sequences.map(({ present }) => present)), 1); // [batch, 1]
  return tf.div(tf.addN(sums), tf.expandDims(count, 2));
}
