import { CheckpointError, ConfigError, type Rng } from '@crossmodal/core';
import {
  loadProcessor,
  openPretrained,
  type PretrainedOptions,
  type PretrainedSource,
  readJson,
} from '@crossmodal/hub';
import type { AudioEncoder } from './audio-encoder';
import type { FusionChoice } from './fusion-choice';
import type { MultimodalSentimentAnalyzerOptions, SentimentSettings } from './multimodal-sentiment-analyzer';
import type { SentimentProcessors } from './sentiment-processors';
import { tokenizerFiles } from './tokenizer-files';
import { textFamily, visionFamily } from './tower-families';

/** Where the published encoders of an analyzer are. */
export interface TowerSources {
  /** BERT, or the text tower of a CLIP, Chinese-CLIP, SigLIP or ALIGN. */
  text?: PretrainedSource | undefined;
  /** ViT, ResNet, EfficientNet, or the image tower of a CLIP, Chinese-CLIP, SigLIP or ALIGN. */
  image?: PretrainedSource | undefined;
}

export interface PretrainedAnalyzerOptions extends SentimentSettings {
  /** Default `concat`. */
  fusion?: FusionChoice | undefined;
  /** The most tokens of a text. Default what the encoder takes. */
  contextLength?: number | undefined;
  audioEncoder?: AudioEncoder | undefined;
  audioProcessor?: SentimentProcessors['audioProcessor'];
  /** Of the download, for all sources. */
  download?: Omit<PretrainedOptions, 'strict'> | undefined;
  /** Gives fusion and classifier their first values. */
  rng: Rng;
}

const CALLER = 'MultimodalSentimentAnalyzer.fromPretrained';

/** What an analyzer is made of: see {@link MultimodalSentimentAnalyzer.fromPretrained}. */
export async function pretrainedParts(
  { text, image }: TowerSources,
  {
    fusion = 'concat',
    contextLength,
    audioEncoder,
    audioProcessor,
    download = {},
    ...settings
  }: PretrainedAnalyzerOptions,
): Promise<MultimodalSentimentAnalyzerOptions> {
  if (!text && !image)
    throw new ConfigError(`${CALLER}: expected { text } or { image } or both, received neither.`);
  const ofText = text ? await openPretrained(text, download) : undefined;
  const ofImage = image ? await openPretrained(image, download) : undefined;
  const texts = ofText && textFamily(await readJson(ofText, 'config.json'), CALLER);
  const images = ofImage && visionFamily(await readJson(ofImage, 'config.json'), CALLER);
  const processors: SentimentProcessors = {
    audioProcessor,
    ...(contextLength !== undefined && { tokenize: { contextLength } }),
  };
  if (ofText) {
    const { tokenizer, files } = await loadProcessor(ofText);
    if (!tokenizer) throw new CheckpointError(`${CALLER}: ${ofText.name}: no files of a tokenizer.`);
    processors.tokenizer = tokenizer;
    processors.files = tokenizerFiles(files);
  }
  if (ofImage) {
    processors.imageProcessor = (await loadProcessor(ofImage)).imageProcessor;
    if (!processors.imageProcessor)
      throw new CheckpointError(`${CALLER}: ${ofImage.name}: no files of an image processor.`);
  }
  const visionEncoder = images && (await images.fromPretrained(ofImage!));
  try {
    const textEncoder = texts && (await texts.fromPretrained(ofText!));
    return { ...settings, textEncoder, visionEncoder, audioEncoder, fusion, processors };
  } catch (error) {
    visionEncoder?.dispose();
    throw error;
  }
}
