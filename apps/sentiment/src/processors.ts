import { pictureProcessor } from '@crossmodal/emoji-clip/browser';
import type { ImageInput, ImageProcessor, ProcessOptions } from '@crossmodal/processing';
import type { SentimentProcessors } from '@crossmodal/sentiment';
import type { Recipe } from './recipe';
import { NgramTokenizer } from './text/ngram-tokenizer';

/** What makes inputs of texts and pictures as they are in training: pictures cut to what is drawn, on white. */
export function pictureSentenceProcessors({ text, imageSize }: Recipe['pictures']): SentimentProcessors {
  const pictures = pictureProcessor(imageSize);
  const imageProcessor = {
    process: (images: ImageInput | readonly ImageInput[], { decode = {} }: ProcessOptions = {}) =>
      pictures.process([images].flat() as ImageInput[], { decode }),
  };
  return {
    tokenizer: new NgramTokenizer(text.tokenizer),
    // An analyzer calls `process` alone.
    imageProcessor: imageProcessor as unknown as ImageProcessor,
  };
}
