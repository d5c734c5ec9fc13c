import {
  CLIPResNet,
  CLIPTextTransformer,
  readCLIPResNetConfig,
  readCLIPTextConfig,
} from '@crossmodal/encoders';
import { type ConfigFields, field, readConfig } from '@crossmodal/hub';
import type { CLIPFamily } from './family';

const FIELDS: ConfigFields<{ projectionDim: number }> = { projectionDim: field.integer(1024) };

/** OpenAI's CLIPs of a ResNet and a transformer, as open_clip publishes them. Radford et al. 2021, section 2.4. */
export const openCLIPResNet: CLIPFamily = {
  modelType: 'open_clip_resnet',
  read(json, rng) {
    const caller = 'CLIP.fromConfig';
    const { projectionDim } = readConfig(json, FIELDS, caller);
    const vision = readCLIPResNetConfig({ ...json, embed_dim: projectionDim }, caller);
    const text = readCLIPTextConfig(json['text_config'] ?? {}, caller, 'text_config.');
    return {
      visionEncoder: new CLIPResNet({ ...vision, rng: rng.split('vision tower') }),
      textEncoder: new CLIPTextTransformer({ ...text, rng: rng.split('text tower') }),
      projectionDim,
      projectsImages: false,
      rng,
    };
  },
  write: () => undefined, // transformers has no such model
};
