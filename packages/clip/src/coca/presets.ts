import type { CoCaConfig, CoCaTextConfig, CoCaVisionConfig } from './coca-config';

/** Facts about a published CoCa. */
export interface CoCaPreset {
  /** The repository on the Hugging Face hub of the model trained on LAION-2B. */
  hubName: string;
  /** That of the same model, then trained on the captions of MS COCO: for describing pictures. */
  captionsHubName: string;
  /** Sizes; `new CoCa({ ...preset.config, rng })` makes one with random weights. */
  config: CoCaConfig;
  /** Values in all parameters. */
  parameterCount: number;
}

const vision = (config: Partial<CoCaVisionConfig>): CoCaVisionConfig => ({
  imageSize: 224,
  patchSize: 32,
  layers: 12,
  width: 768,
  headWidth: 64,
  mlpRatio: 4,
  patchDropout: 0,
  attnPoolerQueries: 256,
  attnPoolerHeads: 8,
  ...config,
});
const text = (width: number, heads: number): CoCaTextConfig => ({
  contextLength: 76,
  vocabSize: 49408,
  width,
  heads,
  layers: 12,
  mlpRatio: 4,
  padId: 0,
});

/** open_clip's `coca_ViT-B-32`. */
export const cocaViTB32: CoCaPreset = {
  hubName: 'laion/CoCa-ViT-B-32-laion2B-s13B-b90k',
  captionsHubName: 'laion/mscoco_finetuned_CoCa-ViT-B-32-laion2B-s13B-b90k',
  config: {
    embedDim: 512,
    quickGelu: false,
    visionCfg: vision({}),
    textCfg: text(512, 8),
    multimodalCfg: { contextLength: 76, width: 512, heads: 8, layers: 12 },
  },
  parameterCount: 253_560_065,
};

/** open_clip's `coca_ViT-L-14`. */
export const cocaViTL14: CoCaPreset = {
  hubName: 'laion/CoCa-ViT-L-14-laion2B-s13B-b90k',
  captionsHubName: 'laion/mscoco_finetuned_CoCa-ViT-L-14-laion2B-s13B-b90k',
  config: {
    embedDim: 768,
    quickGelu: false,
    visionCfg: vision({ patchSize: 14, layers: 24, width: 1024 }),
    textCfg: text(768, 12),
    multimodalCfg: { contextLength: 76, width: 768, heads: 12, layers: 12 },
  },
  parameterCount: 638_450_177,
};
