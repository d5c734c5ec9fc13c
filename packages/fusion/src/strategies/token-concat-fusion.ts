import {
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
import { poolSequence } from '../pool-sequence';
import { concatSequences, ModalityTokens } from './modality-tokens';
import { runBlocks } from './run-blocks';
import { layerConfig, type TokenFusionConfig } from './token-fusion-config';

export interface TokenConcatFusionConfig extends TokenFusionConfig {
  /** What makes one vector of the tokens: their mean (`mean`, the default) or a class token before them (`cls`). */
  pooling?: 'mean' | 'cls' | undefined;
  /** Whether a modality that a sample lacks is one learned token, instead of nothing. Default false. */
  missingTokens?: boolean | undefined;
}

/**
 * Early fusion of tokens: those of all modalities, one after the other, through one transformer. What marks positions
 * is the encoders' business. Nagrani et al. 2021, section 3.2 (vanilla self-attention).
 *
 * @example
 * const modalities = { text: 8, image: 6 };
 * const fusion = new TokenConcatFusion({ modalities, outputDim: 4, hiddenSize: 8, numHeads: 2, rng: new Rng(1) });
 * const { fused } = fusion.forward({ text: tf.ones([2, 5, 8]), image: tf.ones([2, 6]) }); // [2, 4]
 */
export class TokenConcatFusion extends Fusion {
  readonly tokens: ModalityTokens;
  /** [1, 1, hiddenSize] */
  readonly clsToken: Parameter | undefined;
  readonly layers: ModuleList<TransformerBlock>;
  readonly norm: LayerNorm;
  readonly head: Linear;

  constructor(config: TokenConcatFusionConfig) {
    super(config);
    const { block, numLayers } = layerConfig(config);
    const { hiddenSize, rng } = block;
    this.tokens = new ModalityTokens(this.dims, { hiddenSize, missingTokens: config.missingTokens, rng });
    if (config.pooling === 'cls') this.clsToken = new Parameter(normal([1, 1, hiddenSize], rng, 0, 0.02));
    this.layers = new ModuleList(Array.from({ length: numLayers }, () => new TransformerBlock(block)));
    this.norm = new LayerNorm(hiddenSize);
    this.head = new Linear(hiddenSize, this.outputDim, { rng });
  }

  protected fuse(sequences: readonly Sequence[], context?: ForwardContext): FusionOutput {
    const { features, mask } = this.withClsToken(concatSequences(this.tokens.forward(sequences)));
    const mixed = runBlocks(this.layers, features, mask, context); // [batch, length, hiddenSize]
    const normed = this.norm.forward(mixed) as tf.Tensor3D;
    const pooled = this.clsToken
      ? tf.squeeze(tf.slice(normed, [0, 0, 0], [-1, 1, -1]), [1])
      : poolSequence({ features: normed, mask }); // [batch, hiddenSize]
    return { fused: this.head.forward(pooled, context) as tf.Tensor2D };
  }

  private withClsToken(tokens: Pick<Sequence, 'features' | 'mask'>): Pick<Sequence, 'features' | 'mask'> {
    if (!this.clsToken) return tokens;
    const [batch, , hiddenSize] = tokens.features.shape;
    const cls = tf.broadcastTo(this.clsToken.value, [batch, 1, hiddenSize]) as tf.Tensor3D;
    return {
      features: tf.concat([cls, tokens.features], 1),
      mask: tf.concat([tf.ones([batch, 1]), tokens.mask], 1) as tf.Tensor2D,
    };
  }
}
