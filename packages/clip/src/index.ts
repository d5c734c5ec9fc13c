// towers, from the package of encoders
export {
  type CLIPTextConfig,
  type CLIPTextOutput,
  CLIPTextTransformer,
  type CLIPVisionConfig,
  type CLIPVisionOutput,
  CLIPVisionTransformer,
  type TextEncoder,
  type TextEncoderOutput,
  type TextInput,
  type VisionEncoder,
  type VisionEncoderOutput,
} from '@crossmodal/encoders';
// models
export { BagOfTokensEncoder, type BagOfTokensEncoderConfig } from './bag-of-tokens-encoder';
export { CLIP, type CLIPInput, type CLIPOptions, type CLIPOutput } from './clip';
export {
  type CLIPConfig,
  readCLIPConfig,
  writeCLIPConfig,
} from './clip-config';
// losses
export { clipDistillationLoss, type DistillationWeights } from './clip-distillation-loss';
export { clipLoss } from './clip-loss';
export { captioningLoss } from './coca/captioning-loss';
// CoCa
export { type CaptionOptions, CoCa, type CoCaOutput } from './coca/coca';
export {
  type CoCaConfig,
  type CoCaDecoderConfig,
  type CoCaTextConfig,
  type CoCaVisionConfig,
  readCoCaConfig,
  writeCoCaConfig,
} from './coca/coca-config';
export { type CoCaLossOptions, coCaLoss } from './coca/coca-loss';
export { type CoCaPreset, cocaViTB32, cocaViTL14 } from './coca/presets';
// use
export {
  type EncodeOptions,
  type EncodeStreamOptions,
  encodeImageStream,
  encodeImages,
  encodeTexts,
  type NamedImage,
  type PixelProcessor,
  type TextTokenizer,
} from './encode-batches';
export {
  type CaptionedImage,
  evaluateRetrieval,
  type RetrievalEvaluation,
} from './evaluation/evaluate-retrieval';
export {
  evaluateZeroShot,
  type LabelledImage,
  type ZeroShotEvaluation,
} from './evaluation/evaluate-zero-shot';
export { type AttentionMapOptions, attentionMap } from './explain/attention-map';
export { attentionRelevance } from './explain/attention-relevance';
export { attentionRollout } from './explain/attention-rollout';
export { gradCAM } from './explain/grad-cam';
export { hiResCAM } from './explain/hi-res-cam';
export { type SimilarityMap, type SimilarityMapOptions, similarityMap } from './explain/similarity-map';
export { type ExportCLIPOptions, type ExportedCLIP, exportCLIP } from './export-clip';
export { FeatureIndex, type SearchHit, type SearchOptions } from './feature-index';
// fine-tuning
export { type GradCacheOptions, gradCacheStep } from './fine-tuning/grad-cache-step';
export { interpolateWeights } from './fine-tuning/interpolate-weights';
export { LinearProbe, type LinearProbeOptions } from './fine-tuning/linear-probe';
export { type LockTowerOptions, lockTower } from './fine-tuning/lock-tower';
export {
  ImageTextRetriever,
  type ImageTextRetrieverOptions,
  type RetrievalQuery,
  type RetrieverFiles,
} from './image-text-retriever';
export { type LoadedCLIP, loadCLIP } from './load-clip';
export { logitsPerImage } from './logits-per-image';
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
  type ClassSentences,
  ZeroShotClassifier,
  type ZeroShotClassifierOptions,
  type ZeroShotResult,
} from './zero-shot-classifier';
