import { ConfigError, type ForwardContext, LayerNorm, Linear, ModuleList } from '@crossmodal/core';
import * as tf from '@tensorflow/tfjs-core';
import { Fusion, type FusionOutput } from '../fusion';
import { type ModalityInputs, prepareModalities, type Sequence } from '../modality-inputs';
import { PerModality } from '../per-modality';
import { poolSequence } from '../pool-sequence';
import { CoAttentionBlock } from './co-attention-block';
import { concatSequences, ModalityTokens } from './modality-tokens';
import { layerConfig, type TokenFusionConfig } from './token-fusion-config';

/** Where each modality looked in a layer, by its name: float32 [batch, heads, its length, length of all others]. */
export type AttentionMaps = Record<string, tf.Tensor4D>;

/**
 * Co-attention: in each layer every modality attends to itself, then to the tokens of all others one after the other,
 * then goes through an MLP; all are updated from the same state. The means of the modalities, one after the other, make
 * the result. Lu et al. 2019 (ViLBERT), section 2.2; Tan and Bansal 2019 (LXMERT), section 2.2.
 *
 * @example
 * const modalities = { text: 8, image: 6 };
 * const fusion = new MultiModalFusion({ modalities, outputDim: 4, hiddenSize: 8, numHeads: 2, rng: new Rng(1) });
 * const { fused } = fusion.forward({ text: tf.ones([2, 5, 8]), image: tf.ones([2, 9, 6]) }); // [2, 4]
 */
export class MultiModalFusion extends Fusion {
  readonly tokens: ModalityTokens;
  readonly layers: ModuleList<PerModality<CoAttentionBlock>>;
  readonly norms: PerModality<LayerNorm>;
  readonly head: Linear;

  /** @throws ConfigError for a single modality. */
  constructor(config: TokenFusionConfig) {
    super(config);
    if (this.modalities.length < 2)
      throw new ConfigError(
        `MultiModalFusion: modalities: expected two or more, received ${this.modalities.join()} alone.`,
      );
    const { block, numLayers } = layerConfig(config);
    const { hiddenSize, rng } = block;
    const layer = () => new PerModality(this.modalities, () => new CoAttentionBlock(block));
    this.tokens = new ModalityTokens(this.dims, { hiddenSize, rng });
    this.layers = new ModuleList(Array.from({ length: numLayers }, layer));
    this.norms = new PerModality(this.modalities, () => new LayerNorm(hiddenSize));
    this.head = new Linear(this.modalities.length * hiddenSize, this.outputDim, { rng });
  }

  /**
   * Where each modality looked, layer by layer.
   *
   * @returns One for each layer; the caller disposes the tensors.
   */
  attentionMaps(inputs: ModalityInputs, context?: ForwardContext): AttentionMaps[] {
    return tf.tidy(() => this.runLayers(prepareModalities(inputs, this.dims), context).maps);
  }

  protected fuse(sequences: readonly Sequence[], context?: ForwardContext): FusionOutput {
    const pooled = this.runLayers(sequences, context).states.map(({ name, features, mask }) =>
      poolSequence({ features: this.norms.of(name).forward(features) as tf.Tensor3D, mask }),
    ); // of each [batch, hiddenSize]
    return { fused: this.head.forward(tf.concat(pooled, 1), context) as tf.Tensor2D };
  }

  private runLayers(
    sequences: readonly Sequence[],
    context: ForwardContext | undefined,
  ): { states: Sequence[]; maps: AttentionMaps[] } {
    let states = this.tokens.forward(sequences);
    const maps: AttentionMaps[] = [];
    for (const layer of this.layers) {
      const own = states.map((state) => ({
        ...state,
        features: layer.of(state.name).attendToItself(state, context),
      }));
      const shown = own.map((state) => ({ ...state, features: layer.of(state.name).show(state.features) }));
      const looked: AttentionMaps = {};
      states = own.map((state, i) => {
        const others = concatSequences(shown.filter((_, j) => j !== i));
        const block = layer.of(state.name);
        const { features, weights } = block.attendToOthers(
          state.features,
          shown[i]!.features,
          others,
          context,
        );
        looked[state.name] = weights;
        return { ...state, features };
      });
      maps.push(looked);
    }
    return { states, maps };
  }
}
