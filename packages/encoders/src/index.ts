// BERT
export { type BertConfig, readBertConfig } from './bert/bert-config';
export { BertForMaskedLM, type BertForMaskedLMOutput } from './bert/bert-for-masked-lm';
export { type BertInput, BertModel, type BertOutput } from './bert/bert-model';
// CLIP
export { type CLIPTextOutput, CLIPTextTransformer } from './clip/clip-text-transformer';
export {
  type CLIPTextConfig,
  type CLIPVisionConfig,
  readCLIPTextConfig,
  readCLIPVisionConfig,
} from './clip/clip-tower-config';
export { type CLIPVisionOutput, CLIPVisionTransformer } from './clip/clip-vision-transformer';
// generating
export type {
  CausalLM,
  CausalLMInput,
  CausalLMOutput,
  DecoderInput,
  DecoderOutput,
} from './decoding/causal-lm';
export { type GenerateOptions, generate } from './decoding/generate';
export { penalizeRepetition, type SamplingOptions, tokenProbabilities } from './decoding/token-probabilities';
// EfficientNet
export { ALIGNVisionModel, type ALIGNVisionOutput } from './efficientnet/align-vision-model';
export { EfficientNet, type EfficientNetOutput } from './efficientnet/efficientnet';
export { type EfficientNetConfig, readEfficientNetConfig } from './efficientnet/efficientnet-config';
export {
  EfficientNetForImageClassification,
  type EfficientNetForImageClassificationOutput,
} from './efficientnet/efficientnet-for-image-classification';
export {
  type EfficientNetPreset,
  efficientNetB0,
  efficientNetB1,
  efficientNetB2,
  efficientNetB3,
  efficientNetB4,
  efficientNetB5,
  efficientNetB6,
  efficientNetB7,
} from './efficientnet/presets';
// GPT-2
export { type GPT2Config, readGPT2Config } from './gpt2/gpt2-config';
export { GPT2LMHeadModel } from './gpt2/gpt2-lm-head-model';
export { GPT2Model } from './gpt2/gpt2-model';
export { gpt2StateDict, gpt2Tensors } from './gpt2/gpt2-tensors';
// Llama, Qwen2, Mistral
export { type LlamaConfig, readLlamaConfig, writeLlamaConfig } from './llama/llama-config';
export { LlamaForCausalLM } from './llama/llama-for-causal-lm';
export { LlamaModel } from './llama/llama-model';
export { llamaTensors } from './llama/llama-tensors';
export { type RopeScaling, rotaryFrequencies } from './llama/rotary-frequencies';
// ResNet
export { CLIPResNet, type CLIPResNetOutput } from './resnet/clip-resnet';
export { type CLIPResNetConfig, readCLIPResNetConfig } from './resnet/clip-resnet-config';
export {
  type CLIPResNetPreset,
  clipRN50,
  clipRN50x4,
  clipRN101,
  type ResNetPreset,
  resNet18,
  resNet34,
  resNet50,
  resNet101,
} from './resnet/presets';
export { ResNet, type ResNetOutput } from './resnet/resnet';
export { type ResNetConfig, readResNetConfig } from './resnet/resnet-config';
export {
  ResNetForImageClassification,
  type ResNetForImageClassificationOutput,
} from './resnet/resnet-for-image-classification';
// what they have in common
export type { HiddenAct } from './shared/activation-names';
export { AttentionPooling, type AttentionPoolingConfig } from './shared/attention-pooling';
export { type ClassLabels, numberedLabels } from './shared/labels';
export { PatchDropout } from './shared/patch-dropout';
export { PatchEmbedding, type PatchEmbeddingOptions } from './shared/patch-embedding';
export { PositionEmbedding } from './shared/position-embedding';
export { type PositionGrids, resizePositionEmbeddings } from './shared/resize-position-embeddings';
export type { TextTransformerInput } from './shared/text-input';
export type {
  TextEncoder,
  TextEncoderOutput,
  TextInput,
  VisionEncoder,
  VisionEncoderOutput,
} from './shared/tower';
export {
  TransformerEncoder,
  type TransformerEncoderConfig,
  type TransformerEncoderOptions,
} from './shared/transformer-encoder';
export type { VisionTransformerInput } from './shared/vision-input';
// SigLIP
export { type SigLIPTextOutput, SigLIPTextTransformer } from './siglip/siglip-text-transformer';
export {
  readSigLIPTextConfig,
  readSigLIPVisionConfig,
  type SigLIPTextConfig,
  type SigLIPVisionConfig,
} from './siglip/siglip-tower-config';
export { type SigLIPVisionOutput, SigLIPVisionTransformer } from './siglip/siglip-vision-transformer';
// ViT
export { ViT, type ViTOutput } from './vit/vit';
export {
  readViTConfig,
  readViTForImageClassificationConfig,
  type ViTConfig,
  type ViTForImageClassificationConfig,
} from './vit/vit-config';
export {
  ViTForImageClassification,
  type ViTForImageClassificationOutput,
} from './vit/vit-for-image-classification';
