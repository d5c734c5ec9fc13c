import { ConfigError } from '@crossmodal/core';
import type { Fusion } from './fusion';
import { ConcatFusion } from './strategies/concat-fusion';

/** Every strategy by name: its class and where it is from. */
export const fusionStrategies = {
  concat: { create: ConcatFusion, paper: 'Ngiam et al. 2011, Multimodal deep learning' },
} satisfies Record<string, { create: new (config: never) => Fusion; paper: string }>;

export type FusionStrategy = keyof typeof fusionStrategies;

/** The configuration of a strategy with its name. */
export type CreateFusionConfig<S extends FusionStrategy = FusionStrategy> = {
  [Name in S]: { strategy: Name } & ConstructorParameters<(typeof fusionStrategies)[Name]['create']>[0];
}[S];

/**
 * The strategy of a name, built with the rest of the configuration.
 *
 * @throws ConfigError for a name that is not in {@link fusionStrategies}.
 * @example
 * const modalities = { text: 8, image: 6 };
 * const fusion = createFusion({ strategy: 'concat', modalities, outputDim: 4, rng: new Rng(1) });
 */
export function createFusion({ strategy, ...config }: CreateFusionConfig): Fusion {
  if (!Object.hasOwn(fusionStrategies, strategy))
    throw new ConfigError(
      `createFusion: strategy: expected one of ${Object.keys(fusionStrategies).join(', ')}, received "${strategy}".`,
    );
  const { create } = fusionStrategies[strategy];
  return new (create as new (config: object) => Fusion)(config);
}
