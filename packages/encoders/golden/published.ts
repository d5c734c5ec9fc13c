import type { PretrainedModule } from '@crossmodal/hub';
import {
  ALIGNVisionModel,
  BertForMaskedLM,
  BertModel,
  EfficientNetForImageClassification,
  GPT2LMHeadModel,
  LlamaForCausalLM,
  ResNetForImageClassification,
  ViT,
  ViTForImageClassification,
} from '../src';

/** The class of each tiny model here that transformers wrote as a whole. */
export const PUBLISHED: Readonly<
  Record<string, { fromPretrained(folder: string): Promise<PretrainedModule> }>
> = {
  'tiny-align-vision': ALIGNVisionModel,
  'tiny-bert': BertModel,
  'tiny-bert-mlm': BertForMaskedLM,
  'tiny-efficientnet': EfficientNetForImageClassification,
  'tiny-gpt2': GPT2LMHeadModel,
  'tiny-llama': LlamaForCausalLM,
  'tiny-qwen2': LlamaForCausalLM,
  'tiny-resnet': ResNetForImageClassification,
  'tiny-resnet-basic': ResNetForImageClassification,
  'tiny-vit': ViTForImageClassification,
  'tiny-vit-pooler': ViT,
};
