import { BertModel, CLIPVisionTransformer, readBertConfig, readCLIPVisionConfig } from '@crossmodal/encoders';
import { type ConfigFields, field, readConfig, writeConfig } from '@crossmodal/hub';
import type { CLIPConfig } from '../clip-config';
import type { CLIPFamily } from './family';

const FIELDS: ConfigFields<Pick<CLIPConfig, 'projectionDim' | 'logitScaleInitValue'>> = {
  projectionDim: field.integer(512),
  logitScaleInitValue: field.number(2.6592),
};

/**
 * Chinese-CLIP: CLIP's image tower, and a BERT that is read from its first token. Yang et al. 2022, "Chinese CLIP:
 * contrastive vision-language pretraining in Chinese", section 2.
 */
export const chineseCLIP: CLIPFamily = {
  modelType: 'chinese_clip',
  read(json, rng) {
    const caller = 'CLIP.fromConfig';
    const { projectionDim, logitScaleInitValue } = readConfig(json, FIELDS, caller);
    const section = (name: string) => json[`${name}_dict`] ?? json[name] ?? {};
    const visionConfig = readCLIPVisionConfig(section('vision_config'), caller, 'vision_config.');
    const textConfig = readBertConfig(section('text_config'), caller, 'text_config.');
    return {
      visionEncoder: new CLIPVisionTransformer({ ...visionConfig, rng: rng.split('vision tower') }),
      textEncoder: new BertModel({ ...textConfig, pooler: false, rng: rng.split('text tower') }),
      projectionDim,
      logitScale: Math.exp(logitScaleInitValue),
      rng,
    };
  },
  write({ visionModel, textModel, projectionDim, visualProjection }) {
    if (!(visionModel instanceof CLIPVisionTransformer && textModel instanceof BertModel)) return;
    if (!visualProjection || textModel.pooler) return;
    const { pooler: _, ...textConfig } = textModel.config; // transformers has no such key
    return {
      architectures: ['ChineseCLIPModel'],
      model_type: 'chinese_clip',
      projection_dim: projectionDim,
      logit_scale_init_value: 2.6592,
      text_config: { model_type: 'chinese_clip_text_model', ...writeConfig(textConfig) },
      vision_config: { model_type: 'chinese_clip_vision_model', ...writeConfig(visionModel.config) },
    };
  },
};
