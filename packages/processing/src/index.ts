// audio
export { type AudioFeatures, AudioProcessor, type AudioProcessorConfig } from './audio/audio-processor';
export { type AudioClip, decodeWav } from './audio/decode-wav';
export type { LogMelConfig } from './audio/log-mel-config';
export { LogMelSpectrogram, type Spectrogram } from './audio/log-mel-spectrogram';
export { mfcc } from './audio/mfcc';
export { normalizeBands } from './audio/normalize-bands';
export { type ResampleAudioOptions, resampleAudio } from './audio/resample-audio';
export { toMono } from './audio/to-mono';
export type { Waveform } from './audio/waveform';
export { ConfigError, DataError } from './errors';
// images
export { adjustBrightness, adjustContrast, adjustHue, adjustSaturation } from './image/adjust-color';
export { type AffineOptions, affineImage } from './image/affine-image';
export { augmentBatch } from './image/augment-batch';
export type { AugmentBatchOptions, ImageStack } from './image/augment-batch-options';
export { type CenterCropOptions, centerCrop } from './image/center-crop';
export { CLIPImageProcessor } from './image/clip-image-processor';
export { type ColorJitterOptions, colorJitter } from './image/color-jitter';
export { cropImage, type Region } from './image/crop-image';
export { type DecodeImageOptions, decodeImage, type ImageSource } from './image/decode-image';
export { flipHorizontal } from './image/flip-horizontal';
export { type GaussianBlurOptions, gaussianBlur } from './image/gaussian-blur';
export {
  type ImageBatch,
  type ImageBatchesOptions,
  type ImageFailure,
  imageBatches,
} from './image/image-batches';
export { type ImageHeader, readImageHeader } from './image/image-header';
export { type ImageInput, ImageProcessor, type ProcessOptions } from './image/image-processor';
export type { ImageProcessorConfig } from './image/image-processor-config';
export type { ImageProcessorClass } from './image/image-processor-families';
export { imagesToPixelValues, type Normalization, type PixelValues } from './image/images-to-pixel-values';
export { type PadOptions, padImage } from './image/pad-image';
export { type RandomAffineOptions, randomAffine } from './image/random-affine';
export { type RandomErasingOptions, randomErasing } from './image/random-erasing';
export { type RandomResizedCropOptions, randomResizedCrop } from './image/random-resized-crop';
export type { RawImage, RGB } from './image/raw-image';
export type { ResizeFilter } from './image/resample-weights';
export { type ResizeOptions, resizeImage } from './image/resize-image';
export { resizeShortestEdge } from './image/resize-shortest-edge';
export { toGrayscale } from './image/to-grayscale';
export { type ToRGBOptions, toRGB } from './image/to-rgb';
export { torchvisionImageNet } from './image/torchvision-imagenet';
export { imageProcessorConfig } from './image/write-image-processor-config';
export type { RandomSource } from './random-source';

// text
export { type BertTokenizeOptions, BertTokenizer, type BertTokenizerOptions } from './text/bert-tokenizer';
export {
  type ByteLevelBPEConfig,
  ByteLevelBPETokenizer,
  type RowTokens,
} from './text/byte-level-bpe-tokenizer';
export type { BytePairFiles } from './text/byte-pair-files';
export { CLIPTokenizer, type CLIPTokenizerOptions } from './text/clip-tokenizer';
export { type DeleteWordsOptions, deleteWords } from './text/delete-words';
export { type JsonFile, loadTokenizer } from './text/load-tokenizer';
export {
  type LoadTokenizerFilesOptions,
  loadTokenizerFiles,
  type TokenizerFiles,
  tokenizerFileNames,
  tokenizerJsonFiles,
} from './text/load-tokenizer-files';
export {
  type ReplaceSynonymsOptions,
  replaceSynonyms,
  type SynonymDictionary,
} from './text/replace-synonyms';
export { type SwapWordsOptions, swapWords } from './text/swap-words';
export type { Tokenized, TokenizeOptions, Tokenizer } from './text/tokenizer';
export {
  type TrainByteLevelBPEOptions,
  type TrainByteLevelBPEProgress,
  trainByteLevelBPE,
} from './text/train-byte-level-bpe';
