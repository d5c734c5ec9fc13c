// model

// towers
export { BagOfTokensEncoder, type BagOfTokensEncoderConfig } from './bag-of-tokens-encoder';
export { CLIP, type CLIPInput, type CLIPOptions, type CLIPOutput } from './clip';
export {
  type CLIPActivation,
  type CLIPConfig,
  type CLIPTextConfig,
  type CLIPVisionConfig,
  readCLIPConfig,
  writeCLIPConfig,
} from './clip-config';
export { type CLIPFiles, clipFromFiles, clipToFiles } from './clip-files';
// losses
export { clipLoss } from './clip-loss';
export { type CLIPTextOutput, CLIPTextTransformer } from './clip-text-transformer';
export { type CLIPVisionOutput, CLIPVisionTransformer } from './clip-vision-transformer';
// use
export {
  type EncodeOptions,
  encodeImages,
  encodeTexts,
  type ImageProcessor,
  type TextTokenizer,
} from './encode-batches';
export type {
  TextEncoder,
  TextEncoderOutput,
  TextInput,
  VisionEncoder,
  VisionEncoderOutput,
} from './encoders';
export { FeatureIndex, type SearchHit, type SearchOptions } from './feature-index';
export {
  ImageTextRetriever,
  type ImageTextRetrieverOptions,
  type RetrievalQuery,
  type RetrieverFiles,
} from './image-text-retriever';
export type { ContrastiveLossOptions } from './pair-chunks';
// presets
export {
  type CLIPPreset,
  clipViTB16,
  clipViTB32,
  clipViTL14,
  clipViTL14At336,
  openCLIPViTB32Laion2B,
  openCLIPViTH14Laion2B,
} from './presets';
export {
  ResidualVisionEncoder,
  type ResidualVisionEncoderConfig,
  type ResidualVisionOutput,
} from './residual-vision-encoder';
export { sigLIPLoss } from './siglip-loss';
export { IMAGENET_TEMPLATES, SIMPLE_TEMPLATES } from './templates';
export {
  type ClassifyOptions,
  ZeroShotClassifier,
  type ZeroShotClassifierOptions,
  type ZeroShotResult,
} from './zero-shot-classifier';
