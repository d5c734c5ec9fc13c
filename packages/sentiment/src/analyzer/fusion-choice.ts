import type { Rng } from '@crossmodal/core';
import {
  type CreateFusionConfig,
  createFusion,
  type Fusion,
  type FusionStrategy,
  fusionStrategies,
  LateFusion,
} from '@crossmodal/fusion';

/** A configuration without what the analyzer knows itself. */
type Described<C> = C extends unknown
  ? Omit<C, 'modalities' | 'outputDim' | 'rng'> & { outputDim?: number | undefined }
  : never;

/**
 * A strategy by its name, with what it is to be told; `outputDim` is 256 unless it says so, and the number of classes
 * for late fusion (`average`, `weighted`, `voting`, `stacking`). Plain JSON.
 */
export type FusionChoice = FusionStrategy | Described<CreateFusionConfig>;

/** The fusion of a choice, for modalities of these sizes. */
export function buildFusion(
  choice: FusionChoice,
  modalities: Readonly<Record<string, number>>,
  numClasses: number,
  rng: Rng,
): Fusion {
  const config = typeof choice === 'string' ? { strategy: choice } : { ...choice };
  const isLate =
    Object.hasOwn(fusionStrategies, config.strategy) &&
    fusionStrategies[config.strategy].create.prototype instanceof LateFusion;
  const outputDim = isLate ? numClasses : 256;
  return createFusion({ outputDim, ...config, modalities, rng } as CreateFusionConfig);
}
