import {
  type CLIPTextConfig,
  type CLIPVisionConfig,
  readCLIPTextConfig,
  readCLIPVisionConfig,
} from '@crossmodal/encoders';
import {
  type ConfigFields,
  checkModelType,
  configObject,
  field,
  readConfig,
  writeConfig,
} from '@crossmodal/hub';

/** A CLIP of two transformers: transformers' `CLIPConfig`, in camelCase. */
export interface CLIPConfig {
  projectionDim: number;
  /** Logarithm of the first logit scale. */
  logitScaleInitValue: number;
  textConfig: CLIPTextConfig;
  visionConfig: CLIPVisionConfig;
}

const FIELDS: ConfigFields<Pick<CLIPConfig, 'projectionDim' | 'logitScaleInitValue'>> = {
  projectionDim: field.integer(512),
  logitScaleInitValue: field.number(2.6592),
};

/**
 * Reads a Hugging Face `config.json` of a CLIP, parsed. What it leaves out has transformers' defaults, and what
 * does not bear on the model is passed over.
 *
 * @throws ConfigError when it is of another kind of model, or a value cannot be.
 * @example
 * const config = readCLIPConfig(JSON.parse(await readFile('config.json', 'utf8')));
 */
export function readCLIPConfig(json: unknown): CLIPConfig {
  const top = configObject(json, 'the file', 'readCLIPConfig');
  checkModelType(top, ['clip'], 'readCLIPConfig');
  // In old files, `text_config_dict` outranks `text_config`.
  const section = (name: string) => top[`${name}_dict`] ?? top[name] ?? {};
  return {
    ...readConfig(top, FIELDS, 'readCLIPConfig'),
    textConfig: readCLIPTextConfig(section('text_config'), 'readCLIPConfig', 'text_config.'),
    visionConfig: readCLIPVisionConfig(section('vision_config'), 'readCLIPConfig', 'vision_config.'),
  };
}

/** The `config.json` that transformers' `CLIPModel.from_pretrained` takes beside our `model.safetensors`. */
export function writeCLIPConfig({ textConfig, visionConfig, ...top }: CLIPConfig): Record<string, unknown> {
  const { projectionDim } = top;
  return {
    architectures: ['CLIPModel'],
    model_type: 'clip',
    ...writeConfig(top),
    text_config: { model_type: 'clip_text_model', ...writeConfig({ ...textConfig, projectionDim }) },
    vision_config: { model_type: 'clip_vision_model', ...writeConfig({ ...visionConfig, projectionDim }) },
  };
}
