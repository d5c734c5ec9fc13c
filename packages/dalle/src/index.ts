// the transformer of DALL-E

// use
export type { ImageTokenizer } from './image-tokenizer';
export { type RankedPicture, type Reranker, rerank } from './rerank';
export {
  type GenerateImageTokensOptions,
  generateImageRows,
  generateImageTokens,
} from './sampling/generate-image-tokens';
export type { DecodingStart, ImageTokenDecoder, ImageTokenModel } from './sampling/image-token-model';
export { type ImageSamplingOptions, imageTokenProbabilities } from './sampling/image-token-probabilities';
export { type GeneratedImage, TextToImage, type TextToImageOptions } from './text-to-image';
export { DALLE, type DALLEInput, type DALLEOutput } from './transformer/dalle';
export {
  type AttentionKind,
  type DALLEConfig,
  type DALLEOptions,
  readDALLEConfig,
} from './transformer/dalle-config';
export { type DALLELossOptions, dalleLoss } from './transformer/dalle-loss';

// published models

export { DALLEBart, type DALLEBartInput, type DALLEBartOutput } from './mini/dalle-bart';
export { type DALLEBartConfig, readDALLEBartConfig } from './mini/dalle-bart-config';
export { dalleBartTensors } from './mini/dalle-bart-tensors';
export { MinDALLE, type MinDALLEConfig, type MinDALLEInput, type MinDALLEOutput } from './mini/min-dalle';
export { type MinDALLEPreset, minDALLE13B } from './mini/presets';
