import type { Rng } from '@crossmodal/core';
import { ConfigError, type TransformerBlockConfig } from '@crossmodal/core';
import type { FusionConfig } from '../fusion';

/** What strategies of transformer layers are told. */
export interface TokenFusionConfig extends FusionConfig {
  /** Size of the tokens that each modality is projected to. Default 64. */
  hiddenSize?: number | undefined;
  /** Default 4. */
  numHeads?: number | undefined;
  /** Default 2. */
  numLayers?: number | undefined;
  /** Size within the MLP of a layer. Default `4 * hiddenSize`. */
  intermediateSize?: number | undefined;
  /** Rate of dropout in the layers, in training. Default 0. */
  dropout?: number | undefined;
  rng: Rng;
}

/** The configuration of a layer, and how many there are. */
export function layerConfig({
  hiddenSize = 64,
  numHeads = 4,
  numLayers = 2,
  intermediateSize,
  dropout,
  rng,
}: TokenFusionConfig): { block: TransformerBlockConfig; numLayers: number } {
  if (!(Number.isInteger(numLayers) && numLayers > 0))
    throw new ConfigError(`Fusion: numLayers: expected a positive integer, received ${numLayers}.`);
  return { block: { hiddenSize, numHeads, intermediateSize, dropout, rng }, numLayers };
}
