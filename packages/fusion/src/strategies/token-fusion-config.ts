import type { Rng, TransformerBlockConfig } from '@crossmodal/core';
import type { FusionConfig } from '../fusion';
import { positiveInteger } from './positive-integer';

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

/** The configuration of a layer, and how many there are. @throws ConfigError when a number is out of range. */
export function layerConfig({
  hiddenSize = 64,
  numHeads = 4,
  numLayers = 2,
  intermediateSize,
  dropout,
  rng,
}: TokenFusionConfig): { block: TransformerBlockConfig; numLayers: number } {
  for (const [name, value] of Object.entries({ hiddenSize, numHeads, numLayers }))
    positiveInteger(value, `Fusion: ${name}`);
  return { block: { hiddenSize, numHeads, intermediateSize, dropout, rng }, numLayers };
}
