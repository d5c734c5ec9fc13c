// images
export { type DecodeImageOptions, decodeImage, type ImageSource } from './image/decode-image';
export { type ImageHeader, readImageHeader } from './image/image-header';
export type { RawImage, RGB } from './image/raw-image';
export type { ResizeFilter } from './image/resample-weights';
export { type ResizeOptions, resizeImage } from './image/resize-image';
export { type ToRGBOptions, toRGB } from './image/to-rgb';

// text
export type { BytePairFiles } from './text/byte-pair-files';
export { CLIPTokenizer, type CLIPTokenizerOptions } from './text/clip-tokenizer';
export type { Tokenized, TokenizeOptions, Tokenizer } from './text/tokenizer';
