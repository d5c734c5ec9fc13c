import { ConfigError, type Module, type Rng } from '@crossmodal/core';
import {
  ALIGNVisionModel,
  BertModel,
  CLIPTextTransformer,
  CLIPVisionTransformer,
  EfficientNet,
  ResNet,
  SigLIPTextTransformer,
  SigLIPVisionTransformer,
  type TextEncoder,
  type VisionEncoder,
  ViT,
} from '@crossmodal/encoders';
import type { PretrainedFamily, PretrainedModule } from '@crossmodal/hub';

/** A class of encoders that is published. */
export interface TowerFamily<M extends PretrainedModule> {
  readonly family: PretrainedFamily<M>;
  fromConfig(config: Record<string, unknown>, options: { rng: Rng }): M;
  fromPretrained: typeof PretrainedModule.fromPretrained;
}

type TextTower = TextEncoder & PretrainedModule;
type VisionTower = VisionEncoder & PretrainedModule;

const text = {
  bert: BertModel,
  chinese_clip: BertModel,
  align: BertModel,
  clip: CLIPTextTransformer,
  clip_text_model: CLIPTextTransformer,
  siglip: SigLIPTextTransformer,
  siglip_text_model: SigLIPTextTransformer,
};

const image = {
  vit: ViT,
  resnet: ResNet,
  efficientnet: EfficientNet,
  align: ALIGNVisionModel,
  align_vision_model: ALIGNVisionModel,
  clip: CLIPVisionTransformer,
  chinese_clip: CLIPVisionTransformer,
  clip_vision_model: CLIPVisionTransformer,
  siglip: SigLIPVisionTransformer,
  siglip_vision_model: SigLIPVisionTransformer,
};

/**
 * The class of text encoders that a `config.json` is of.
 *
 * @throws ConfigError for a kind that is not known.
 */
export function textFamily(config: Record<string, unknown>, caller: string): TowerFamily<TextTower> {
  return find(text, config, `${caller}: text`) as unknown as TowerFamily<TextTower>;
}

/** As {@link textFamily}, of image encoders. */
export function visionFamily(config: Record<string, unknown>, caller: string): TowerFamily<VisionTower> {
  return find(image, config, `${caller}: image`) as unknown as TowerFamily<VisionTower>;
}

/** The configuration of an encoder, or undefined for one that is no published kind. */
export function towerConfig(
  encoder: Module,
  families: 'text' | 'image',
): Record<string, unknown> | undefined {
  const known = Object.values(families === 'text' ? text : image) as unknown[];
  if (!known.includes(encoder.constructor)) return undefined;
  // Protected, so that nobody takes it for the way to save a model; a part of one is saved in no other way.
  return (encoder as PretrainedModule)['configJson']();
}

function find(
  families: Readonly<Record<string, unknown>>,
  config: Record<string, unknown>,
  what: string,
): unknown {
  const type = config['model_type'];
  if (typeof type === 'string' && Object.hasOwn(families, type)) return families[type];
  throw new ConfigError(
    `${what}: model_type: expected one of ${Object.keys(families).join(', ')}, received ${JSON.stringify(type)}. ` +
      'Build another encoder yourself and give it to new MultimodalSentimentAnalyzer.',
  );
}
