import { ConfigError } from '@crossmodal/core';
import type { Fusion } from './fusion';
import { AverageFusion } from './strategies/average-fusion';
import { BilinearFusion } from './strategies/bilinear-fusion';
import { BottleneckFusion } from './strategies/bottleneck-fusion';
import { CompactBilinearFusion } from './strategies/compact-bilinear-fusion';
import { ConcatFusion } from './strategies/concat-fusion';
import { DeepCCAFusion } from './strategies/deep-cca-fusion';
import { FactorizedBilinearFusion } from './strategies/factorized-bilinear-fusion';
import { FiLMFusion } from './strategies/film-fusion';
import { GatedFusion } from './strategies/gated-fusion';
import { IntermediateFusion } from './strategies/intermediate-fusion';
import { LowRankBilinearFusion } from './strategies/low-rank-bilinear-fusion';
import { LowRankFusion } from './strategies/low-rank-fusion';
import { MixtureOfExpertsFusion } from './strategies/mixture-of-experts-fusion';
import { MultiModalFusion } from './strategies/multi-modal-fusion';
import { MultiplicativeFusion } from './strategies/multiplicative-fusion';
import { PerceiverFusion } from './strategies/perceiver-fusion';
import { StackingFusion } from './strategies/stacking-fusion';
import { TensorFusion } from './strategies/tensor-fusion';
import { TokenConcatFusion } from './strategies/token-concat-fusion';
import { VotingFusion } from './strategies/voting-fusion';
import { WeightedFusion } from './strategies/weighted-fusion';

/** Every strategy by name: its class and where it is from. */
export const fusionStrategies = {
  concat: { create: ConcatFusion, paper: 'Ngiam et al. 2011, Multimodal deep learning' },
  tokenConcat: {
    create: TokenConcatFusion,
    paper: 'Nagrani et al. 2021, Attention bottlenecks for multimodal fusion',
  },
  intermediate: {
    create: IntermediateFusion,
    paper: 'Nagrani et al. 2021, Attention bottlenecks for multimodal fusion',
  },
  coAttention: { create: MultiModalFusion, paper: 'Lu et al. 2019, ViLBERT; Tan and Bansal 2019, LXMERT' },
  bottleneck: {
    create: BottleneckFusion,
    paper: 'Nagrani et al. 2021, Attention bottlenecks for multimodal fusion',
  },
  perceiver: { create: PerceiverFusion, paper: 'Jaegle et al. 2021, Perceiver' },
  average: { create: AverageFusion, paper: 'Kittler et al. 1998, On combining classifiers' },
  weighted: {
    create: WeightedFusion,
    paper: "Jacobs 1995, Methods for combining experts' probability assessments",
  },
  voting: { create: VotingFusion, paper: 'Kittler et al. 1998, On combining classifiers' },
  stacking: { create: StackingFusion, paper: 'Wolpert 1992, Stacked generalization' },
  bilinear: {
    create: BilinearFusion,
    paper: 'Lin et al. 2015, Bilinear CNN models for fine-grained visual recognition',
  },
  lowRankBilinear: {
    create: LowRankBilinearFusion,
    paper: 'Kim et al. 2017, Hadamard product for low-rank bilinear pooling',
  },
  factorizedBilinear: {
    create: FactorizedBilinearFusion,
    paper: 'Yu et al. 2017, Multi-modal factorized bilinear pooling',
  },
  compactBilinear: {
    create: CompactBilinearFusion,
    paper: 'Fukui et al. 2016, Multimodal compact bilinear pooling',
  },
  tensor: { create: TensorFusion, paper: 'Zadeh et al. 2017, Tensor fusion network' },
  lowRank: { create: LowRankFusion, paper: 'Liu et al. 2018, Efficient low-rank multimodal fusion' },
  gated: { create: GatedFusion, paper: 'Arevalo et al. 2017, Gated multimodal units for information fusion' },
  film: {
    create: FiLMFusion,
    paper: 'Perez et al. 2018, FiLM: visual reasoning with a general conditioning layer',
  },
  multiplicative: {
    create: MultiplicativeFusion,
    paper: 'Jayakumar et al. 2020, Multiplicative interactions and where to find them',
  },
  mixtureOfExperts: { create: MixtureOfExpertsFusion, paper: 'Fedus et al. 2022, Switch transformers' },
  deepCCA: { create: DeepCCAFusion, paper: 'Andrew et al. 2013, Deep canonical correlation analysis' },
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
