import { ConfigError } from '@crossmodal/core';
import { type ConfigFields, configObject, field, readConfig, writeConfig } from '@crossmodal/hub';

/** Sizes of a {@link CoCa}: the `model_cfg` of open_clip's `open_clip_config.json`, in camelCase. */
export interface CoCaConfig {
  /** Size of the space that images and texts share, and of all that the decoder sees. */
  embedDim: number;
  /** Whether the activation is the quick GELU. */
  quickGelu: boolean;
  visionCfg: CoCaVisionConfig;
  textCfg: CoCaTextConfig;
  multimodalCfg: CoCaDecoderConfig;
}

export interface CoCaVisionConfig {
  /** Height and width of the pictures, in pixels. */
  imageSize: number;
  /** Height and width of a patch, in pixels. */
  patchSize: number;
  layers: number;
  width: number;
  /** Of one head of the transformer. */
  headWidth: number;
  /** Of the MLP's size to the width. */
  mlpRatio: number;
  /** Share of the patches that each image loses in training: see {@link PatchDropout}. */
  patchDropout: number;
  /** Vectors that an image is pooled to: one for the contrast, the others for the decoder. */
  attnPoolerQueries: number;
  attnPoolerHeads: number;
}

export interface CoCaTextConfig {
  /** The longest text, in tokens. */
  contextLength: number;
  vocabSize: number;
  /** The same as `embedDim`. */
  width: number;
  heads: number;
  layers: number;
  /** Of the MLP's size to the width. */
  mlpRatio: number;
  /** The token of padding, which also ends a caption. */
  padId: number;
}

/** Its MLPs are always four times as wide as the rest. */
export interface CoCaDecoderConfig {
  /** The longest text that open_clip's decoder takes; ours takes any. */
  contextLength: number;
  /** The same as `embedDim`. */
  width: number;
  heads: number;
  layers: number;
}

const MODEL: ConfigFields<Pick<CoCaConfig, 'embedDim' | 'quickGelu'>> = {
  embedDim: field.integer(512),
  quickGelu: field.boolean(false),
};
const VISION: ConfigFields<CoCaVisionConfig> = {
  imageSize: field.integer(224),
  patchSize: field.integer(16),
  layers: field.integer(12),
  width: field.integer(768),
  headWidth: field.integer(64),
  mlpRatio: field.number(4),
  patchDropout: field.number(0),
  attnPoolerQueries: field.integer(256, 2),
  attnPoolerHeads: field.integer(8),
};
const TEXT: ConfigFields<CoCaTextConfig> = {
  contextLength: field.integer(77),
  vocabSize: field.integer(49408),
  width: field.integer(512),
  heads: field.integer(8),
  layers: field.integer(12),
  mlpRatio: field.number(4),
  padId: field.integer(0, 0),
};
const MULTIMODAL: ConfigFields<CoCaDecoderConfig> = {
  contextLength: field.integer(77),
  width: field.integer(512),
  heads: field.integer(8),
  layers: field.integer(12),
};

/** What makes it a CoCa of the published kind. */
const KIND = {
  vision_cfg: { attentional_pool: true, output_tokens: true },
  text_cfg: { embed_cls: true, output_tokens: true },
} as const;
const PLAIN_BLOCKS = {
  ls_init_value: false,
  act_kwargs: false,
  norm_kwargs: false,
  block_type: 'default',
  qk_norm: false,
  scaled_cosine_attn: false,
  scale_heads: false,
  scale_attn_inner: false,
  scale_attn: false,
  scale_fc: false,
};
/** Where open_clip knows other kinds, what is known here: that, or the key left out. */
const KNOWN: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  model_cfg: { init_logit_bias: undefined, nonscalar_logit_scale: false },
  vision_cfg: {
    ...PLAIN_BLOCKS,
    timm_model_name: false,
    no_ln_pre: false,
    pos_embed_type: 'learnable',
    pool_type: 'tok',
  },
  text_cfg: {
    ...PLAIN_BLOCKS,
    hf_model_name: false,
    no_causal_mask: false,
    proj_type: 'linear',
    proj_bias: false,
  },
  multimodal_cfg: { ls_init_value: false },
};

/**
 * Reads open_clip's `open_clip_config.json`, parsed, or its `model_cfg` alone. What it leaves out has open_clip's
 * default.
 *
 * @throws ConfigError when it is of another kind of model, or a value cannot be.
 * @example
 * const coca = new CoCa({ ...readCoCaConfig(json), rng: new Rng(0) });
 */
export function readCoCaConfig(json: Record<string, unknown>): CoCaConfig {
  const caller = 'readCoCaConfig';
  const model = configObject(json['model_cfg'] ?? json, 'model_cfg', caller);
  const section = (name: string) => configObject(model[name], `model_cfg.${name}`, caller);
  const sections = {
    model_cfg: model,
    multimodal_cfg: section('multimodal_cfg'),
    text_cfg: section('text_cfg'),
    vision_cfg: section('vision_cfg'),
  };
  const refuse = (name: string, key: string, expected: unknown, received: unknown) => {
    const what = `${caller}: ${name}.${key}: expected ${expected}, received ${JSON.stringify(received)}.`;
    throw new ConfigError(`${what} This kind of model is not known here.`);
  };
  for (const [name, given] of Object.entries(sections)) {
    for (const [key, known] of Object.entries(KNOWN[name]!)) {
      const value = given[key] ?? known;
      if (value !== known) refuse(name, key, known || 'none', value);
    }
  }
  for (const [name, keys] of Object.entries(KIND) as [keyof typeof KIND, object][])
    for (const key of Object.keys(keys))
      if (sections[name][key] !== true) refuse(name, key, true, sections[name][key] ?? false);
  return {
    ...readConfig(model, MODEL, caller, 'model_cfg.'),
    visionCfg: readConfig(sections.vision_cfg, VISION, caller, 'vision_cfg.'),
    textCfg: readConfig(sections.text_cfg, TEXT, caller, 'text_cfg.'),
    multimodalCfg: readConfig(sections.multimodal_cfg, MULTIMODAL, caller, 'multimodal_cfg.'),
  };
}

/** The content of `open_clip_config.json`: what {@link readCoCaConfig} and open_clip read. */
export function writeCoCaConfig({ embedDim, quickGelu, ...config }: CoCaConfig): Record<string, unknown> {
  const { visionCfg, textCfg, multimodalCfg } = config;
  return {
    model_cfg: {
      ...writeConfig({ embedDim, quickGelu }),
      vision_cfg: { ...writeConfig(visionCfg), ...KIND.vision_cfg },
      text_cfg: { ...writeConfig(textCfg), ...KIND.text_cfg },
      multimodal_cfg: writeConfig(multimodalCfg),
      custom_text: true,
    },
  };
}
