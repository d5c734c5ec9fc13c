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

// who contributed, and how robust it is

export { type Contribution, type ContributionOptions, contribution } from './contribution';
export {
  type RobustnessCurve,
  type RobustnessOptions,
  type RobustnessPoint,
  robustnessCurve,
} from './robustness-curve';
export { robustnessTable } from './robustness-table';
