// CLIP
export { type CLIPTextOutput, CLIPTextTransformer } from './clip/clip-text-transformer';
export {
  type CLIPTextConfig,
  type CLIPVisionConfig,
  readCLIPTextConfig,
  readCLIPVisionConfig,
} from './clip/clip-tower-config';
export { type CLIPVisionOutput, CLIPVisionTransformer } from './clip/clip-vision-transformer';
// what they have in common
export type { HiddenAct } from './shared/activation-names';
export { PatchEmbedding } from './shared/patch-embedding';
export { PositionEmbedding } from './shared/position-embedding';
export type {
  TextEncoder,
  TextEncoderOutput,
  TextInput,
  VisionEncoder,
  VisionEncoderOutput,
} from './shared/tower';
export { TransformerEncoder, type TransformerEncoderConfig } from './shared/transformer-encoder';
