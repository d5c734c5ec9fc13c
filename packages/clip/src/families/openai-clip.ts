import { CLIPTextTransformer, CLIPVisionTransformer } from '@crossmodal/encoders';
import { readCLIPConfig, writeCLIPConfig } from '../clip-config';
import type { CLIPFamily } from './family';

/** OpenAI's CLIP and those trained after it: two transformers. Radford et al. 2021. */
export const openAICLIP: CLIPFamily = {
  modelType: 'clip',
  read(json, rng) {
    const { visionConfig, textConfig, projectionDim, logitScaleInitValue } = readCLIPConfig(json);
    return {
      visionEncoder: new CLIPVisionTransformer({ ...visionConfig, rng: rng.split('vision tower') }),
      textEncoder: new CLIPTextTransformer({ ...textConfig, rng: rng.split('text tower') }),
      projectionDim,
      logitScale: Math.exp(logitScaleInitValue),
      rng,
    };
  },
  write({ visionModel, textModel, projectionDim, visualProjection }) {
    if (!(visionModel instanceof CLIPVisionTransformer && textModel instanceof CLIPTextTransformer)) return;
    if (!visualProjection) return;
    return writeCLIPConfig({
      projectionDim,
      logitScaleInitValue: 2.6592,
      textConfig: textModel.config,
      visionConfig: visionModel.config,
    });
  },
};
