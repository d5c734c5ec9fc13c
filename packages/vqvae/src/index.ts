export { DVAE, type DVAEInput, type DVAEOutput } from './dvae/dvae';
export { type DVAEConfig, readDVAEConfig } from './dvae/dvae-config';
export { DVAEDecoder } from './dvae/dvae-decoder';
export { DVAEEncoder } from './dvae/dvae-encoder';
export { logitLaplaceLoss } from './dvae/logit-laplace-loss';
export { mapPixels, unmapPixels } from './dvae/map-pixels';
// quantizers

export { CodebookUsage, type CodebookUsageOptions } from './quantizers/codebook-usage';
export {
  CosineVectorQuantizer,
  type CosineVectorQuantizerConfig,
} from './quantizers/cosine-vector-quantizer';
export { EMAVectorQuantizer, type EMAVectorQuantizerConfig } from './quantizers/ema-vector-quantizer';
export { FSQ, type FSQConfig } from './quantizers/fsq';
export {
  GroupedResidualQuantizer,
  type GroupedResidualQuantizerConfig,
} from './quantizers/grouped-residual-quantizer';
export {
  GumbelQuantizer,
  type GumbelQuantizerConfig,
  type GumbelQuantizerOutput,
} from './quantizers/gumbel-quantizer';
export { LFQ, type LFQConfig, type LFQOutput } from './quantizers/lfq';
export { MultiHeadQuantizer, type MultiHeadQuantizerConfig } from './quantizers/multi-head-quantizer';
export type { GradientEstimator } from './quantizers/pass-gradient';
export type { Quantizer, QuantizerOutput } from './quantizers/quantizer';
export { ResidualQuantizer, type ResidualQuantizerConfig } from './quantizers/residual-quantizer';
export { SimVQ, type SimVQConfig } from './quantizers/sim-vq';
export { VectorQuantizer, type VectorQuantizerConfig } from './quantizers/vector-quantizer';
