import {
  checkpointedBlock,
  type ForwardContext,
  KeyValueCache,
  LayerNorm,
  Linear,
  Module,
  ModuleList,
  type Rng,
  type TransformerBlock,
} from '@crossmodal/core';
import { TransformerEncoder } from '@crossmodal/encoders';
import * as tf from '@tensorflow/tfjs-core';
import type { CoCaConfig } from './coca-config';
import { blockKeys } from './coca-tensors';
import { CrossAttentionBlock } from './cross-attention-block';

export interface CoCaDecoderInput {
  /** float32 [batch, length, width]; of the text tower. */
  textTokens: tf.Tensor3D;
  /**
   * What is seen of the image: float32 [batch, keys, width]; or what {@link CoCaDecoder.createCaches} made of it, which
   * hold the past of the text, too, and are added to.
   */
  image: tf.Tensor3D | readonly KeyValueCache[];
  /** Whether only the last position's logits are wanted. Default false. */
  lastOnly?: boolean | undefined;
}

/**
 * The upper half of CoCa's decoder: causal blocks over the text, after each of which a block attends to the image.
 * Yu et al. 2022, section 3.2.
 */
export class CoCaDecoder extends Module {
  static override readonly checkpointKeys = {
    ...blockKeys('layers', 'resblocks'),
    ...blockKeys('cross_layers', 'cross_attn'),
    final_layer_norm: 'ln_final',
    lm_head: 'text_projection',
  };
  readonly layers: ModuleList<TransformerBlock>;
  readonly crossLayers: ModuleList<CrossAttentionBlock>;
  readonly finalLayerNorm: LayerNorm;
  readonly lmHead: Linear;

  constructor({ quickGelu, textCfg, multimodalCfg, rng }: CoCaConfig & { rng: Rng }) {
    super();
    const { width: hiddenSize, heads: numHeads, layers } = multimodalCfg;
    this.layers = new TransformerEncoder(
      {
        hiddenSize,
        intermediateSize: 4 * hiddenSize,
        numHiddenLayers: layers,
        numAttentionHeads: numHeads,
        hiddenAct: quickGelu ? 'quick_gelu' : 'gelu',
        layerNormEps: 1e-5,
      },
      rng,
    ).layers;
    const activation = quickGelu ? 'quickGelu' : 'gelu';
    this.crossLayers = new ModuleList(
      Array.from(this.layers, () => new CrossAttentionBlock({ hiddenSize, numHeads, activation, rng })),
    );
    this.finalLayerNorm = new LayerNorm(hiddenSize);
    this.lmHead = new Linear(hiddenSize, textCfg.vocabSize, { bias: false, rng });
  }

  /** Logits [batch, length, vocabSize], at each position of the token that follows; the caller disposes them. */
  forward({ textTokens, image, lastOnly }: CoCaDecoderInput, context?: ForwardContext): tf.Tensor3D {
    const [seen, caches] = image instanceof tf.Tensor ? [image, undefined] : [undefined, image];
    return tf.tidy(() => {
      let x = textTokens;
      for (const [i, layer] of [...this.layers].entries()) {
        const source = seen ?? caches![this.layers.length + i]!;
        x = checkpointedBlock(layer, x, { causal: true, cache: caches?.[i] }, context);
        x = checkpointedBlock(this.crossLayers.at(i)!, x, { source }, context);
      }
      const wanted = lastOnly ? tf.slice(x, [0, x.shape[1] - 1, 0], [-1, 1, -1]) : x;
      return this.lmHead.forward(this.finalLayerNorm.forward(wanted), context) as tf.Tensor3D;
    });
  }

  /** Caches for generating: of each layer an empty one, then of each the image's keys. The caller disposes each. */
  createCaches(imageTokens: tf.Tensor3D): KeyValueCache[] {
    return [
      ...Array.from(this.layers, () => new KeyValueCache()),
      ...Array.from(this.crossLayers, (layer) => layer.createCache(imageTokens)),
    ];
  }
}
