import { ConfigError, type TensorReader } from '@crossmodal/core';
import {
  type ConfigFields,
  configObject,
  convertTensors,
  field,
  type ModelFiles,
  readConfig,
  readJson,
  renameTensors,
  type TensorRule,
} from '@crossmodal/hub';

// open_clip's files: `open_clip_config.json`, and weights under the names of OpenAI's own code.

const RULES: readonly TensorRule[] = [
  ...['weight', 'bias'].map((kind) => ({
    file: `attn.in_proj_${kind}`,
    module: ['q_proj', 'k_proj', 'v_proj'].map((name) => `attn.${name}.${kind}`),
  })),
  { file: 'visual.proj', module: ['visual_projection.weight'], transpose: true },
  { file: 'text_projection', module: ['text_projection.weight'], transpose: true },
];

/** Applied one after the other, each where it fits. */
const NAMES: readonly [RegExp, string][] = [
  [/^visual\.transformer\.resblocks\./, 'vision_model.encoder.layers.'],
  [/^transformer\.resblocks\./, 'text_model.encoder.layers.'],
  [/\.attn\./, '.self_attn.'],
  [/\.ln_([12])\./, '.layer_norm$1.'],
  [/\.c_fc\./, '.fc1.'],
  [/\.c_proj\./, '.fc2.'],
  [/^visual\.class_embedding$/, 'vision_model.embeddings.class_embedding'],
  [/^visual\.positional_embedding$/, 'vision_model.embeddings.position_embedding.weight'],
  [/^visual\.conv1\./, 'vision_model.embeddings.patch_embedding.'],
  [/^visual\.ln_pre\./, 'vision_model.pre_layrnorm.'],
  [/^visual\.ln_post\./, 'vision_model.post_layernorm.'],
  [/^token_embedding\./, 'text_model.embeddings.token_embedding.'],
  [/^positional_embedding$/, 'text_model.embeddings.position_embedding.weight'],
  [/^ln_final\./, 'text_model.final_layer_norm.'],
];

/** Weights under open_clip's (and OpenAI's) names, as {@link CLIP} takes them. */
export function openCLIPTensors(reader: TensorReader): TensorReader {
  const isResNet = reader.keys().includes('visual.attnpool.positional_embedding');
  const rename = (key: string) =>
    isResNet && key.startsWith('visual.')
      ? key.replace('visual', 'vision_model')
      : NAMES.reduce((key, [from, to]) => key.replace(from, to), key);
  return renameTensors(convertTensors(reader, RULES), rename);
}

/** Whether weights are under these names. */
export function isOpenCLIP(reader: TensorReader): boolean {
  return reader.keys().some((key) => key.startsWith('visual.'));
}

/** The configuration in a model's files, as `transformers` has it. */
export async function readPublishedConfig(files: ModelFiles): Promise<Record<string, unknown>> {
  const paths = await files.list();
  if (paths.includes('config.json') || !paths.includes('open_clip_config.json'))
    return readJson(files, 'config.json');
  return openCLIPConfig(await readJson(files, 'open_clip_config.json'));
}

const VISION: ConfigFields<
  Record<'imageSize' | 'layers' | 'width' | 'headWidth' | 'patchSize' | 'mlpRatio', number>
> = {
  imageSize: field.integer(224),
  layers: field.integer(12),
  width: field.integer(768),
  headWidth: field.integer(64),
  patchSize: field.integer(16),
  mlpRatio: field.number(4),
};
const TEXT: ConfigFields<
  Record<'contextLength' | 'vocabSize' | 'width' | 'heads' | 'layers' | 'mlpRatio', number>
> = {
  contextLength: field.integer(77),
  vocabSize: field.integer(49408),
  width: field.integer(512),
  heads: field.integer(8),
  layers: field.integer(12),
  mlpRatio: field.number(4),
};
/** What open_clip has beyond two plain transformers, by section. */
const UNKNOWN = {
  model_cfg: ['custom_text', 'init_logit_bias', 'multimodal_cfg'],
  vision_cfg: ['timm_model_name', 'attentional_pool', 'no_ln_pre', 'ls_init_value', 'qk_norm', 'scale_heads'],
  text_cfg: [
    'hf_model_name',
    'embed_cls',
    'no_causal_mask',
    'ls_init_value',
    'qk_norm',
    'scale_heads',
    'proj_bias',
  ],
};

/**
 * The `config.json` of `transformers` that stands for a parsed `open_clip_config.json`.
 *
 * @throws ConfigError when it is not of two plain transformers, or of OpenAI's ResNet and one.
 */
function openCLIPConfig(json: Record<string, unknown>): Record<string, unknown> {
  const caller = 'CLIP.fromPretrained';
  const model = configObject(json['model_cfg'], 'model_cfg', caller);
  const section = (name: 'vision_cfg' | 'text_cfg') =>
    configObject(model[name] ?? {}, `model_cfg.${name}`, caller);
  for (const [name, keys] of Object.entries(UNKNOWN)) {
    const given = name === 'model_cfg' ? model : section(name as 'vision_cfg');
    const odd = keys.find((key) => given[key]);
    if (odd !== undefined)
      throw new ConfigError(
        `${caller}: open_clip_config.json: ${name}.${odd}: this kind of model is not known here.`,
      );
  }
  const text = readConfig(section('text_cfg'), TEXT, caller, 'model_cfg.text_cfg.');
  const { embedDim } = readConfig(model, { embedDim: field.integer(512) }, caller, 'model_cfg.');
  const hidden_act = model['quick_gelu'] === true ? 'quick_gelu' : 'gelu';
  const config = {
    projection_dim: embedDim,
    text_config: {
      vocab_size: text.vocabSize,
      hidden_size: text.width,
      intermediate_size: Math.floor(text.width * text.mlpRatio),
      num_hidden_layers: text.layers,
      num_attention_heads: text.heads,
      max_position_embeddings: text.contextLength,
      hidden_act,
      eos_token_id: 2, // open_clip reads a text from its greatest id
    },
  };
  const vision_cfg = section('vision_cfg');
  if (Array.isArray(vision_cfg['layers'])) return { model_type: 'open_clip_resnet', ...config, vision_cfg };
  const vision = readConfig(vision_cfg, VISION, caller, 'model_cfg.vision_cfg.');
  return {
    model_type: 'clip',
    ...config,
    vision_config: {
      hidden_size: vision.width,
      intermediate_size: Math.floor(vision.width * vision.mlpRatio),
      num_hidden_layers: vision.layers,
      num_attention_heads: Math.floor(vision.width / vision.headWidth),
      image_size: vision.imageSize,
      patch_size: vision.patchSize,
      hidden_act,
    },
  };
}
