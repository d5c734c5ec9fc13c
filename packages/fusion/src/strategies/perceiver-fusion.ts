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
import { CrossAttentionBlock } from './cross-attention-block';
import { concatSequences, ModalityTokens } from './modality-tokens';
import { positiveInteger } from './positive-integer';
import { runBlocks } from './run-blocks';
import { layerConfig, type TokenFusionConfig } from './token-fusion-config';

/** `numLayers` is how often the latents attend to the tokens. */
export interface PerceiverFusionConfig extends TokenFusionConfig {
  /** Default 8. */
  numLatents?: number | undefined;
  /** Layers in which the latents attend to one another, after each time that they attended to the tokens. Default 1. */
  numSelfLayers?: number | undefined;
  /** Whether all times have the same weights. Default true. */
  shareLayers?: boolean | undefined;
}

/**
 * Perceiver: a few learned latents attend to the tokens of all modalities, then to one another, several times; their
 * mean makes the result. The cost grows linearly with the tokens. `weights` is the part of the latents' attention that
 * went to each modality the last time. Jaegle et al. 2021, section 3.1.
 *
 * @example
 * const modalities = { text: 8, image: 6 };
 * const fusion = new PerceiverFusion({ modalities, outputDim: 4, hiddenSize: 8, numHeads: 2, rng: new Rng(1) });
 * const { fused, weights } = fusion.forward({ text: tf.ones([2, 5, 8]), image: tf.ones([2, 9, 6]) }); // [2, 4], [2, 2]
 */
export class PerceiverFusion extends Fusion {
  readonly tokens: ModalityTokens;
  /** [1, numLatents, hiddenSize] */
  readonly latents: Parameter;
  readonly crossLayers: ModuleList<CrossAttentionBlock>;
  readonly selfLayers: ModuleList<ModuleList<TransformerBlock>>;
  readonly norm: LayerNorm;
  readonly head: Linear;
  readonly numLayers: number;

  /** @throws ConfigError when a number is out of range. */
  constructor(config: PerceiverFusionConfig) {
    super(config);
    const { block, numLayers } = layerConfig(config);
    const { hiddenSize, rng } = block;
    const { numLatents = 8, numSelfLayers = 1, shareLayers = true } = config;
    positiveInteger(numLatents, 'PerceiverFusion: numLatents');
    if (!(Number.isInteger(numSelfLayers) && numSelfLayers >= 0))
      throw new ConfigError(
        `PerceiverFusion: numSelfLayers: expected an integer from 0, received ${numSelfLayers}.`,
      );
    const times = Array.from({ length: shareLayers ? 1 : numLayers });
    const selfLayers = () =>
      new ModuleList(Array.from({ length: numSelfLayers }, () => new TransformerBlock(block)));
    this.tokens = new ModalityTokens(this.dims, { hiddenSize, rng });
    this.latents = new Parameter(normal([1, numLatents, hiddenSize], rng, 0, 0.02));
    this.crossLayers = new ModuleList(times.map(() => new CrossAttentionBlock(block)));
    this.selfLayers = new ModuleList(times.map(selfLayers));
    this.norm = new LayerNorm(hiddenSize);
    this.head = new Linear(hiddenSize, this.outputDim, { rng });
    this.numLayers = numLayers;
  }

  protected fuse(sequences: readonly Sequence[], context?: ForwardContext): FusionOutput {
    const { features, mask } = concatSequences(this.tokens.forward(sequences));
    const [, count, hiddenSize] = this.latents.shape as [number, number, number];
    const batch = mask.shape[0];
    const allSeen = tf.ones([batch, count]) as tf.Tensor2D;
    let x = tf.broadcastTo(this.latents.value, [batch, count, hiddenSize]) as tf.Tensor3D;
    let looked: tf.Tensor4D | undefined;
    for (let i = 0; i < this.numLayers; i++) {
      const time = i % this.crossLayers.length;
      const { output, weights } = this.crossLayers.at(time)!.forward(x, features, mask, context);
      x = runBlocks(this.selfLayers.at(time)!, output, allSeen, context);
      looked = weights;
    }
    const pooled = tf.mean(this.norm.forward(x), 1); // [batch, hiddenSize]
    const lengths = sequences.map((sequence) => sequence.mask.shape[1]);
    const attention = tf.mean(looked!, [1, 2]); // [batch, tokens]
    const shares = tf.split(attention, lengths, 1).map((part) => tf.sum(part, 1)); // of each [batch]
    return {
      fused: this.head.forward(pooled, context) as tf.Tensor2D,
      weights: tf.stack(shares, 1) as tf.Tensor2D,
    };
  }
}
