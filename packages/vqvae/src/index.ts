export { DVAE, type DVAEInput, type DVAEOutput } from './dvae/dvae';
export { type DVAEConfig, readDVAEConfig } from './dvae/dvae-config';
export { DVAEDecoder } from './dvae/dvae-decoder';
export { DVAEEncoder } from './dvae/dvae-encoder';
export { logitLaplaceLoss } from './dvae/logit-laplace-loss';
export { mapPixels, unmapPixels } from './dvae/map-pixels';
export type { Quantizer, QuantizerOutput } from './quantizers/quantizer';
