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

// models

export { flaxVQGANTensors } from './vqgan/flax-tensors';
export { VQGAN } from './vqgan/vqgan';
export { VQGANDecoder, VQGANEncoder } from './vqgan/vqgan-coders';
export { readVQGANConfig, type VQGANConfig } from './vqgan/vqgan-config';
export { type ConvCoderConfig, ConvDecoder, ConvEncoder } from './vqvae/conv-coders';
export type { ImageDecoder, ImageEncoder } from './vqvae/image-coder';
export { type PatchCoderConfig, PatchDecoder, PatchEncoder } from './vqvae/patch-coders';
export { VQAutoencoder, type VQAutoencoderOutput } from './vqvae/vq-autoencoder';
export { VQVAE, type VQVAEOptions } from './vqvae/vqvae';

// training of VQGAN

export { adaptiveWeight } from './vqgan/adaptive-weight';
export {
  type DiscriminatorLoss,
  generatorLoss,
  hingeDiscriminatorLoss,
  vanillaDiscriminatorLoss,
} from './vqgan/gan-losses';
export { PatchDiscriminator, type PatchDiscriminatorConfig } from './vqgan/patch-discriminator';
export { PerceptualLoss } from './vqgan/perceptual-loss';
export { type FeatureNetwork, VGG16Features, type VGG16FeaturesConfig } from './vqgan/vgg16-features';
export {
  type VQGANGradients,
  type VQGANLossOptions,
  type VQGANNetworks,
  vqganGradients,
} from './vqgan/vqgan-gradients';
export {
  type VQGANOptimizers,
  type VQGANStepMetrics,
  type VQGANStepOptions,
  vqganStep,
} from './vqgan/vqgan-step';
