import { DataError, type RetrievalMetrics, retrievalMetrics } from '@crossmodal/core';
import type { ImageInput } from '@crossmodal/processing';
import { type EncodeOptions, encodeImages, encodeTexts } from '../encode-batches';
import type { ImageTextRetrieverOptions } from '../image-text-retriever';

/** An image and the texts that describe it: one, or several as in Flickr30k and COCO. */
export interface CaptionedImage {
  image: ImageInput;
  texts: readonly string[];
}

export interface RetrievalEvaluation {
  /** Each image looks for any of its texts. */
  imageToText: RetrievalMetrics;
  /** Each text looks for its image. */
  textToImage: RetrievalMetrics;
}

/**
 * Retrieval both ways, as papers report it: recall at 1, 5 and 10, mean and median rank, among all images and all
 * texts given.
 *
 * @param model A model with its tokenizer and image processor.
 * @throws DataError when there are no pairs, or an image has no text.
 * @example
 * const { textToImage } = await evaluateRetrieval({ clip, tokenizer, imageProcessor }, pairs);
 * textToImage.recallAt[1]; // share of texts whose image comes first
 */
export async function evaluateRetrieval(
  { clip, tokenizer, imageProcessor }: ImageTextRetrieverOptions,
  pairs: readonly CaptionedImage[],
  { onProgress, ...options }: EncodeOptions & { ks?: readonly number[] } = {},
): Promise<RetrievalEvaluation> {
  if (pairs.length === 0)
    throw new DataError('evaluateRetrieval: pairs: expected at least one, received none.');
  const bare = pairs.findIndex(({ texts }) => texts.length === 0);
  if (bare >= 0)
    throw new DataError(`evaluateRetrieval: pairs[${bare}]: texts: expected at least one, received none.`);
  const texts = pairs.flatMap((pair) => pair.texts);
  const total = pairs.length + texts.length;
  const report = (offset: number) => ({
    ...options,
    ...(onProgress && {
      onProgress: ({ done }: { done: number }) => onProgress({ done: offset + done, total }),
    }),
  });
  const images = pairs.map(({ image }) => image);
  const imageFeatures = await encodeImages(clip, imageProcessor, images, report(0));
  const textFeatures = await encodeTexts(clip, tokenizer, texts, report(pairs.length));

  const dim = clip.projectionDim;
  const ofImages = { values: imageFeatures, shape: [pairs.length, dim] };
  const ofTexts = { values: textFeatures, shape: [texts.length, dim] };
  const imageIds = pairs.map((_, i) => i);
  const textIds = pairs.flatMap((pair, i) => pair.texts.map(() => i));
  const ks = options.ks ? { ks: options.ks } : {};
  return {
    imageToText: await retrievalMetrics(ofImages, ofTexts, {
      ...ks,
      queryIds: imageIds,
      candidateIds: textIds,
    }),
    textToImage: await retrievalMetrics(ofTexts, ofImages, {
      ...ks,
      queryIds: textIds,
      candidateIds: imageIds,
    }),
  };
}
