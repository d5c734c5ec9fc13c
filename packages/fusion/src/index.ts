// the interface of every strategy
export { Fusion, type FusionConfig, type FusionOutput } from './fusion';
export type { ModalityInput, ModalityInputs, Sequence } from './modality-inputs';
export { poolSequence } from './pool-sequence';
// strategies
// who contributed, and how robust it is
