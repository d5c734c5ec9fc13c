import {
  ConfigError,
  type ForwardContext,
  LayerNorm,
  Linear,
  ModuleList,
  TransformerBlock,
} from '@crossmodal/core';
import type * as tf from '@tensorflow/tfjs-core';
import { Fusion, type FusionOutput } from '../fusion';
import type { Sequence } from '../modality-inputs';
import { PerModality } from '../per-modality';
import { poolSequence } from '../pool-sequence';
import { concatSequences, ModalityTokens } from './modality-tokens';
import { runBlocks } from './run-blocks';
import { layerConfig, type TokenFusionConfig } from './token-fusion-config';

export interface IntermediateFusionConfig extends TokenFusionConfig {
  /**
   * How many of `numLayers` each modality has for itself, before they are joined: 0 is early fusion. Default half of
   * them.
   */
  fusionLayer?: number | undefined;
}

/**
 * Mid fusion: each modality through layers of its own, then the tokens of all through joint layers. Nagrani et al.
 * 2021, section 3.3.
 *
 * @example
 * const modalities = { text: 8, image: 6 };
 * const fusion = new IntermediateFusion({ modalities, outputDim: 4, hiddenSize: 8, numHeads: 2, rng: new Rng(1) });
 * const { fused } = fusion.forward({ text: tf.ones([2, 5, 8]), image: tf.ones([2, 6]) }); // [2, 4]
 */
export class IntermediateFusion extends Fusion {
  readonly tokens: ModalityTokens;
  readonly ownLayers: PerModality<ModuleList<TransformerBlock>>;
  readonly jointLayers: ModuleList<TransformerBlock>;
  readonly norm: LayerNorm;
  readonly head: Linear;

  /** @throws ConfigError when `fusionLayer` is not one of the layers. */
  constructor(config: IntermediateFusionConfig) {
    super(config);
    const { block, numLayers } = layerConfig(config);
    const { hiddenSize, rng } = block;
    const { fusionLayer = Math.floor(numLayers / 2) } = config;
    if (!(Number.isInteger(fusionLayer) && fusionLayer >= 0 && fusionLayer <= numLayers))
      throw new ConfigError(
        `IntermediateFusion: fusionLayer: expected an integer from 0 to numLayers (${numLayers}), received ${fusionLayer}.`,
      );
    const layers = (length: number) =>
      new ModuleList(Array.from({ length }, () => new TransformerBlock(block)));
    this.tokens = new ModalityTokens(this.dims, { hiddenSize, rng });
    this.ownLayers = new PerModality(this.modalities, () => layers(fusionLayer));
    this.jointLayers = layers(numLayers - fusionLayer);
    this.norm = new LayerNorm(hiddenSize);
    this.head = new Linear(hiddenSize, this.outputDim, { rng });
  }

  protected fuse(sequences: readonly Sequence[], context?: ForwardContext): FusionOutput {
    const own = this.tokens.forward(sequences).map((sequence) => ({
      ...sequence,
      features: runBlocks(this.ownLayers.of(sequence.name), sequence.features, sequence.mask, context),
    }));
    const { features, mask } = concatSequences(own); // [batch, sum of lengths, hiddenSize]
    const mixed = runBlocks(this.jointLayers, features, mask, context);
    const pooled = poolSequence({ features: this.norm.forward(mixed) as tf.Tensor3D, mask }); // [batch, hiddenSize]
    return { fused: this.head.forward(pooled, context) as tf.Tensor2D };
  }
}
