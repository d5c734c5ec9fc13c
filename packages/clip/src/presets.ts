import type { CLIPTextConfig, CLIPVisionConfig } from '@crossmodal/encoders';
import type { CLIPConfig } from './clip-config';

/** Facts about a published CLIP. */
export interface CLIPPreset {
  /** The repository on the Hugging Face hub. */
  hubName: string;
  /** Sizes; `CLIP.fromConfig(preset.config, { rng })` makes one with random weights. */
  config: CLIPConfig;
  /** Values in all parameters. */
  parameterCount: number;
  /** Licence of the weights, as their publisher states it. */
  licence: string;
}

const text = (config: Partial<CLIPTextConfig>): CLIPTextConfig => ({
  vocabSize: 49408,
  hiddenSize: 512,
  intermediateSize: 2048,
  numHiddenLayers: 12,
  numAttentionHeads: 8,
  maxPositionEmbeddings: 77,
  hiddenAct: 'quick_gelu',
  layerNormEps: 1e-5,
  eosTokenId: 2, // as published: the greatest id of a text ends it
  ...config,
});

const vision = (config: Partial<CLIPVisionConfig>): CLIPVisionConfig => ({
  hiddenSize: 768,
  intermediateSize: 3072,
  numHiddenLayers: 12,
  numAttentionHeads: 12,
  numChannels: 3,
  imageSize: 224,
  patchSize: 32,
  hiddenAct: 'quick_gelu',
  layerNormEps: 1e-5,
  ...config,
});

const openAI = 'MIT for the repository that published them (github.com/openai/CLIP); the hub states none';
const large = {
  textConfig: text({ hiddenSize: 768, intermediateSize: 3072, numAttentionHeads: 12 }),
  visionConfig: vision({
    hiddenSize: 1024,
    intermediateSize: 4096,
    numHiddenLayers: 24,
    numAttentionHeads: 16,
    patchSize: 14,
  }),
};

/** OpenAI's ViT-B/32. */
export const clipViTB32: CLIPPreset = {
  hubName: 'openai/clip-vit-base-patch32',
  config: { projectionDim: 512, logitScaleInitValue: 2.6592, textConfig: text({}), visionConfig: vision({}) },
  parameterCount: 151_277_313,
  licence: openAI,
};

/** OpenAI's ViT-B/16. */
export const clipViTB16: CLIPPreset = {
  hubName: 'openai/clip-vit-base-patch16',
  config: { ...clipViTB32.config, visionConfig: vision({ patchSize: 16 }) },
  parameterCount: 149_620_737,
  licence: openAI,
};

/** OpenAI's ViT-L/14. */
export const clipViTL14: CLIPPreset = {
  hubName: 'openai/clip-vit-large-patch14',
  config: { projectionDim: 768, logitScaleInitValue: 2.6592, ...large },
  parameterCount: 427_616_513,
  licence: openAI,
};

/** OpenAI's ViT-L/14 at 336 pixels. */
export const clipViTL14At336: CLIPPreset = {
  hubName: 'openai/clip-vit-large-patch14-336',
  config: { ...clipViTL14.config, visionConfig: { ...large.visionConfig, imageSize: 336 } },
  parameterCount: 427_944_193,
  licence: openAI,
};

/** OpenCLIP's ViT-B/32, trained on LAION-2B. */
export const openCLIPViTB32Laion2B: CLIPPreset = {
  hubName: 'laion/CLIP-ViT-B-32-laion2B-s34B-b79K',
  config: {
    ...clipViTB32.config,
    textConfig: text({ hiddenAct: 'gelu' }),
    visionConfig: vision({ hiddenAct: 'gelu' }),
  },
  parameterCount: 151_277_313,
  licence: 'MIT',
};

/** OpenCLIP's ViT-H/14, trained on LAION-2B. */
export const openCLIPViTH14Laion2B: CLIPPreset = {
  hubName: 'laion/CLIP-ViT-H-14-laion2B-s32B-b79K',
  config: {
    projectionDim: 1024,
    logitScaleInitValue: 2.6592,
    textConfig: text({
      hiddenSize: 1024,
      intermediateSize: 4096,
      numHiddenLayers: 24,
      numAttentionHeads: 16,
      hiddenAct: 'gelu',
    }),
    visionConfig: vision({
      hiddenSize: 1280,
      intermediateSize: 5120,
      numHiddenLayers: 32,
      numAttentionHeads: 16,
      patchSize: 14,
      hiddenAct: 'gelu',
    }),
  },
  parameterCount: 986_109_441,
  licence: 'MIT',
};
