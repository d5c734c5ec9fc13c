import { safetensorsChunks } from '@crossmodal/core';
import type { FileContents, SaveOptions } from '@crossmodal/hub';
import { imageProcessorConfig } from '@crossmodal/processing';
import type { MultimodalSentimentAnalyzer } from './multimodal-sentiment-analyzer';
import { towerConfig } from './tower-families';

/** The `model_type` of an analyzer's `config.json`. */
export const MODEL_TYPE = 'crossmodal_sentiment';

/** The files of an analyzer: see {@link MultimodalSentimentAnalyzer.toFiles}. */
export async function analyzerFiles(
  model: MultimodalSentimentAnalyzer,
  { files = {} }: SaveOptions,
): Promise<FileContents> {
  const { textEncoder, visionEncoder, processors, head } = model;
  const config = {
    model_type: MODEL_TYPE,
    task: model.task,
    labels: model.labels,
    features: model.features,
    dropout: head.dropout.rate,
    context_length: processors.tokenize?.contextLength ?? processors.tokenizer?.contextLength,
    padding: processors.tokenize?.padding ?? processors.tokenizer?.padding,
    text_config: textEncoder && towerConfig(textEncoder, 'text'),
    vision_config: visionEncoder && towerConfig(visionEncoder, 'image'),
    fusion: model.fusionChoice,
  };
  const { imageProcessor } = processors;
  const preprocessor = imageProcessor && JSON.stringify(imageProcessorConfig(imageProcessor), undefined, 2);
  return {
    ...processors.files,
    ...(preprocessor && { 'preprocessor_config.json': `${preprocessor}\n` }),
    ...files,
    'config.json': `${JSON.stringify(config, undefined, 2)}\n`,
    'model.safetensors': safetensorsChunks(await model.stateDict(), { format: 'pt' }),
  };
}
