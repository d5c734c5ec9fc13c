import { ConfigError, ZeroRng } from '@crossmodal/core';
import type { TextEncoder, VisionEncoder } from '@crossmodal/encoders';
import type { Fusion } from '@crossmodal/fusion';
import {
  type ConfigFields,
  checkModelType,
  configObject,
  field,
  filesInMemory,
  loadProcessor,
  type ModelFiles,
  type PretrainedOptions,
  readConfig,
  readJson,
} from '@crossmodal/hub';
import { MODEL_TYPE } from './analyzer-files';
import type { AudioEncoder } from './audio-encoder';
import type { FusionChoice } from './fusion-choice';
import type { MultimodalSentimentAnalyzerOptions } from './multimodal-sentiment-analyzer';
import type { SentimentProcessors } from './sentiment-processors';
import { tokenizerFiles } from './tokenizer-files';
import { textFamily, visionFamily } from './tower-families';

/** What a saved analyzer had been given as modules or functions of one's own, and cannot be read from files. */
export interface LoadAnalyzerOptions extends PretrainedOptions {
  textEncoder?: TextEncoder | undefined;
  visionEncoder?: VisionEncoder | undefined;
  audioEncoder?: AudioEncoder | undefined;
  fusion?: Fusion | undefined;
  /** In place of those of the files. */
  processors?: SentimentProcessors | undefined;
}

const CALLER = 'MultimodalSentimentAnalyzer.load';

interface Saved {
  task: 'classification' | 'regression';
  features: 'sequence' | 'pooled';
  dropout: number;
  contextLength: number | undefined;
  padding: 'contextLength' | 'longest' | undefined;
}

const FIELDS: ConfigFields<Saved> = {
  task: field.oneOf(['classification', 'regression'], 'classification'),
  features: field.oneOf(['sequence', 'pooled'], 'sequence'),
  dropout: field.number(0.1),
  contextLength: field.optional(field.integer(512)),
  padding: field.optional(field.oneOf(['contextLength', 'longest'], 'longest')),
};

/** What a saved analyzer is made of, without its weights: see {@link MultimodalSentimentAnalyzer.load}. */
export async function savedParts(
  files: ModelFiles,
  options: LoadAnalyzerOptions,
): Promise<MultimodalSentimentAnalyzerOptions> {
  const json = await readJson(files, 'config.json');
  checkModelType(json, [MODEL_TYPE], CALLER);
  const { contextLength, padding, ...settings } = readConfig(json, FIELDS, CALLER);
  const rng = new ZeroRng(); // the weights of the file follow
  const section = (key: string) =>
    json[key] === undefined ? undefined : configObject(json[key], key, CALLER);
  const [text, image] = [section('text_config'), section('vision_config')];
  const fusion = options.fusion ?? (json['fusion'] as FusionChoice | undefined);
  if (fusion === undefined || fusion === null)
    throw new ConfigError(`${CALLER}: fusion: the model was saved with one of its own; give it again.`);
  return {
    ...settings,
    labels: labelsOf(json),
    textEncoder: options.textEncoder ?? (text && textFamily(text, CALLER).fromConfig(text, { rng })),
    visionEncoder: options.visionEncoder ?? (image && visionFamily(image, CALLER).fromConfig(image, { rng })),
    audioEncoder: options.audioEncoder,
    fusion,
    processors: options.processors ?? {
      ...(await savedProcessors(files, text)),
      tokenize: { ...(contextLength !== undefined && { contextLength }), ...(padding && { padding }) },
    },
    rng,
  };
}

function labelsOf({ labels }: Record<string, unknown>): string[] {
  if (Array.isArray(labels) && labels.every((label) => typeof label === 'string')) return labels;
  throw new ConfigError(`${CALLER}: labels: expected a list of names, received ${JSON.stringify(labels)}.`);
}

/** What the files say of texts and images; `config.json` says of texts what that of the text encoder did. */
async function savedProcessors(
  files: ModelFiles,
  textConfig: Record<string, unknown> | undefined,
): Promise<SentimentProcessors> {
  const type = textConfig?.['model_type'];
  const config = {
    ...textConfig,
    ...(typeof type === 'string' && { model_type: type.replace(/_text_model$/, '') }), // as of both towers
  };
  const ofText = filesInMemory({ 'config.json': JSON.stringify(config) }, files.name);
  const {
    tokenizer,
    imageProcessor,
    files: content,
  } = await loadProcessor({
    name: files.name,
    list: () => files.list(),
    open: (path) => (path === 'config.json' ? ofText : files).open(path),
  });
  return { tokenizer, imageProcessor, files: tokenizerFiles(content) };
}
