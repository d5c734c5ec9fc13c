import {
  CheckpointError,
  ConfigError,
  hostTensorFromValues,
  hostTensorValues,
  parseSafetensors,
  serializeSafetensors,
} from '@crossmodal/core';
import type { ImageInput } from '@crossmodal/processing';
import type { CLIP } from './clip';
import {
  type EncodeOptions,
  type EncodeStreamOptions,
  encodeImageStream,
  encodeImages,
  encodeTexts,
  type NamedImage,
  type PixelProcessor,
  type TextTokenizer,
} from './encode-batches';
import { FeatureIndex, type SearchHit, type SearchOptions } from './feature-index';

export interface ImageTextRetrieverOptions {
  clip: CLIP;
  tokenizer: TextTokenizer;
  imageProcessor: PixelProcessor;
}

/** What to look for. */
export type RetrievalQuery = { text: string } | { image: ImageInput };

/** An index as two files. */
export interface RetrieverFiles {
  'index.safetensors': Uint8Array;
  'index.json': string;
}

/**
 * Finds images by words, texts by a picture, and either by its like: encodes with a {@link CLIP}, keeps the
 * features, and compares a query with all of them exactly.
 *
 * @example
 * const retriever = new ImageTextRetriever({ clip, tokenizer, imageProcessor });
 * await retriever.addImages(['cat.jpg', 'dog.jpg'], { onProgress: ({ done, total }) => console.log(done, total) });
 * const [best] = await retriever.searchImages({ text: 'a happy dog' }, { k: 5 }); // { id: 'dog.jpg', index: 1, score }
 */
export class ImageTextRetriever {
  readonly images: FeatureIndex;
  readonly texts: FeatureIndex;

  constructor(private readonly options: ImageTextRetrieverOptions) {
    this.images = new FeatureIndex(options.clip.projectionDim);
    this.texts = new FeatureIndex(options.clip.projectionDim);
  }

  /**
   * Encodes images and adds them to what is searched; adds none when it fails or is aborted.
   *
   * @param options.ids One for each image. Default: its path or URL, or else its position in the index.
   */
  async addImages(
    images: readonly ImageInput[],
    { ids, ...options }: EncodeOptions & { ids?: readonly string[] } = {},
  ): Promise<void> {
    if (ids && ids.length !== images.length) {
      throw new ConfigError(
        `ImageTextRetriever.addImages: ids: expected ${images.length}, one for each image, received ${ids.length}.`,
      );
    }
    const { clip, imageProcessor } = this.options;
    const features = await encodeImages(clip, imageProcessor, images, options);
    const first = this.images.size;
    this.images.add(ids ?? images.map((image, i) => nameOf(image) ?? String(first + i)), features);
  }

  /**
   * Encodes a stream of images and adds each as it is encoded, under its name.
   *
   * @param options.onSkip Is told of an image that cannot be read, which is then left out. Default: it is an error.
   * @returns How many were added.
   * @example
   * await retriever.addImageStream(imageFiles('photos')); // of `@crossmodal/data`
   */
  async addImageStream(
    images: Iterable<NamedImage> | AsyncIterable<NamedImage>,
    options: EncodeStreamOptions = {},
  ): Promise<number> {
    const { clip, imageProcessor } = this.options;
    const before = this.images.size;
    for await (const { id, features } of encodeImageStream(clip, imageProcessor, images, options))
      this.images.add([id], features);
    return this.images.size - before;
  }

  /** Encodes texts and adds them to what is searched, each under itself as id; adds none when it fails. */
  async addTexts(texts: readonly string[], options: EncodeOptions = {}): Promise<void> {
    const { clip, tokenizer } = this.options;
    this.texts.add(texts, await encodeTexts(clip, tokenizer, texts, options));
  }

  /** The images most like the query, best first. */
  async searchImages(query: RetrievalQuery, options: SearchOptions = {}): Promise<SearchHit[]> {
    return (await this.images.search(await this.encode(query), options))[0]!;
  }

  /** The texts most like the query, best first. */
  async searchTexts(query: RetrievalQuery, options: SearchOptions = {}): Promise<SearchHit[]> {
    return (await this.texts.search(await this.encode(query), options))[0]!;
  }

  /** The index as files to store; the model is not in them. */
  toFiles(): RetrieverFiles {
    const entries = Object.entries({ images: this.images, texts: this.texts });
    const state = entries.map(([name, { features, size, dim }]) => [
      name,
      hostTensorFromValues(features, [size, dim], 'F32'),
    ]);
    const ids = entries.map(([name, index]) => [name, index.ids]);
    return {
      'index.safetensors': serializeSafetensors(Object.fromEntries(state)),
      'index.json': JSON.stringify({ format: FORMAT, version: 1, ...Object.fromEntries(ids) }),
    };
  }

  /**
   * An index from its files; to be searched with the same model that encoded it.
   *
   * @throws CheckpointError when the files are damaged, do not belong together, or are of a model with another
   *   projectionDim.
   */
  static fromFiles(files: RetrieverFiles, options: ImageTextRetrieverOptions): ImageTextRetriever {
    const retriever = new ImageTextRetriever(options);
    const { tensors } = parseSafetensors(files['index.safetensors'], 'index.safetensors');
    const ids = readIds(files['index.json']);
    for (const name of ['images', 'texts'] as const) {
      const tensor = tensors[name];
      const expected = `[${ids[name].length}, ${options.clip.projectionDim}]`;
      if (!tensor || `[${tensor.shape.join(', ')}]` !== expected) {
        throw new CheckpointError(
          `ImageTextRetriever: index.safetensors: ${name}: expected shape ${expected}, received ` +
            `${tensor ? `[${tensor.shape.join(', ')}]` : 'none'}. Are these the index and the model that belong together?`,
        );
      }
      retriever[name].add(ids[name], hostTensorValues(tensor, 'float32'));
    }
    return retriever;
  }

  private async encode(query: RetrievalQuery): Promise<Float32Array> {
    const { clip, tokenizer, imageProcessor } = this.options;
    return 'text' in query
      ? encodeTexts(clip, tokenizer, [query.text])
      : encodeImages(clip, imageProcessor, [query.image]);
  }
}

const FORMAT = 'crossmodal-retriever';

function readIds(json: string): Record<'images' | 'texts', string[]> {
  let index: Record<string, unknown>;
  try {
    index = JSON.parse(json);
  } catch (cause) {
    throw new CheckpointError('ImageTextRetriever: index.json: is not JSON.', { cause });
  }
  const isIds = (value: unknown) => Array.isArray(value) && value.every((id) => typeof id === 'string');
  if (
    index?.['format'] !== FORMAT ||
    index['version'] !== 1 ||
    !isIds(index['images']) ||
    !isIds(index['texts'])
  )
    throw new CheckpointError(`ImageTextRetriever: index.json: expected a ${FORMAT} of version 1.`);
  return index as Record<'images' | 'texts', string[]>;
}

function nameOf(image: ImageInput): string | undefined {
  return typeof image === 'string' || image instanceof URL ? String(image) : undefined;
}
