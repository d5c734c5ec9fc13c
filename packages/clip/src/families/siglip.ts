import {
  readSigLIPTextConfig,
  readSigLIPVisionConfig,
  SigLIPTextTransformer,
  SigLIPVisionTransformer,
} from '@crossmodal/encoders';
import { writeConfig } from '@crossmodal/hub';
import type { CLIPFamily } from './family';

/**
 * SigLIP: towers without projections, compared by a sigmoid with a bias. Zhai et al. 2023, "Sigmoid loss for language
 * image pre-training", algorithm 1.
 */
export const sigLIP: CLIPFamily = {
  modelType: 'siglip',
  read(json, rng) {
    const caller = 'CLIP.fromConfig';
    const visionConfig = readSigLIPVisionConfig(json['vision_config'] ?? {}, caller, 'vision_config.');
    const textConfig = readSigLIPTextConfig(json['text_config'] ?? {}, caller, 'text_config.');
    return {
      visionEncoder: new SigLIPVisionTransformer({ ...visionConfig, rng: rng.split('vision tower') }),
      textEncoder: new SigLIPTextTransformer({ ...textConfig, rng: rng.split('text tower') }),
      logitScale: 10,
      logitBias: -10,
      rng,
    };
  },
  write({ visionModel, textModel, visualProjection, logitBias }) {
    if (!(visionModel instanceof SigLIPVisionTransformer && textModel instanceof SigLIPTextTransformer))
      return;
    if (visualProjection || !logitBias) return;
    return {
      architectures: ['SiglipModel'],
      model_type: 'siglip',
      text_config: { model_type: 'siglip_text_model', ...writeConfig(textModel.config) },
      vision_config: { model_type: 'siglip_vision_model', ...writeConfig(visionModel.config) },
    };
  },
};
