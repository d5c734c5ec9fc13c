export type { Quantizer, QuantizerOutput } from './quantizers/quantizer';
