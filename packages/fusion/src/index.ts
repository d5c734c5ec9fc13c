// the interface of every strategy

export { Fusion, type FusionConfig, type FusionOutput } from './fusion';
export {
  FusionClassifier,
  type FusionClassifierConfig,
  type FusionClassifierOutput,
} from './fusion-classifier';
export { type ModalityInput, type ModalityInputs, prepareModalities, type Sequence } from './modality-inputs';
export { poolSequence } from './pool-sequence';

// strategies

export {
  type CreateFusionConfig,
  createFusion,
  type FusionStrategy,
  fusionStrategies,
} from './create-fusion';
export { type DeepCCALossOptions, deepCCALoss } from './deep-cca-loss';
export { gradientBlendLoss } from './gradient-blend-loss';
export { gradientBlendWeights, type HeadLosses } from './gradient-blend-weights';
export { AverageFusion } from './strategies/average-fusion';
export { BilinearFusion, type BilinearFusionConfig } from './strategies/bilinear-fusion';
export { BottleneckFusion, type BottleneckFusionConfig } from './strategies/bottleneck-fusion';
export {
  CompactBilinearFusion,
  type CompactBilinearFusionConfig,
} from './strategies/compact-bilinear-fusion';
export { ConcatFusion, type ConcatFusionConfig } from './strategies/concat-fusion';
export {
  CrossModalAttention,
  type CrossModalAttentionConfig,
  type CrossModalAttentionOutput,
} from './strategies/cross-modal-attention';
export { DeepCCAFusion, type DeepCCAFusionConfig } from './strategies/deep-cca-fusion';
export {
  FactorizedBilinearFusion,
  type FactorizedBilinearFusionConfig,
} from './strategies/factorized-bilinear-fusion';
export { FiLMFusion, type FiLMFusionConfig } from './strategies/film-fusion';
export { GatedFusion, type GatedFusionConfig } from './strategies/gated-fusion';
export { IntermediateFusion, type IntermediateFusionConfig } from './strategies/intermediate-fusion';
export { LateFusion, type LateFusionConfig } from './strategies/late-fusion';
export {
  LowRankBilinearFusion,
  type LowRankBilinearFusionConfig,
} from './strategies/low-rank-bilinear-fusion';
export { LowRankFusion, type LowRankFusionConfig } from './strategies/low-rank-fusion';
export {
  MixtureOfExpertsFusion,
  type MixtureOfExpertsFusionConfig,
} from './strategies/mixture-of-experts-fusion';
export { type AttentionMaps, MultiModalFusion } from './strategies/multi-modal-fusion';
export { MultiplicativeFusion, type MultiplicativeFusionConfig } from './strategies/multiplicative-fusion';
export { PerceiverFusion, type PerceiverFusionConfig } from './strategies/perceiver-fusion';
export { StackingFusion } from './strategies/stacking-fusion';
export { TensorFusion, type TensorFusionConfig } from './strategies/tensor-fusion';
export { TokenConcatFusion, type TokenConcatFusionConfig } from './strategies/token-concat-fusion';
export type { TokenFusionConfig } from './strategies/token-fusion-config';
export { VotingFusion } from './strategies/voting-fusion';
export { WeightedFusion } from './strategies/weighted-fusion';

// who contributed, and how robust it is

export { type Contribution, type ContributionOptions, contribution } from './contribution';
export {
  type RobustnessCurve,
  type RobustnessOptions,
  type RobustnessPoint,
  robustnessCurve,
} from './robustness-curve';
export { robustnessTable } from './robustness-table';
