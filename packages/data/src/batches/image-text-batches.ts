import { ConfigError, mapAhead, type Rng, type RngState, type TrainingData } from '@crossmodal/core';
import {
  type CLIPImageProcessor,
  type DecodeImageOptions,
  decodeImage,
  type ImageInput,
  imageBatches,
  type RawImage,
  type TokenizeOptions,
  type Tokenizer,
} from '@crossmodal/processing';
import type { ImageTextSample } from '../sample';
import type { SampleStream, SampleStreamState } from '../sample-stream';
import { isCount } from '../sample-stream-checks';
import { isDataError } from '../skip-sample';
import type { ImageTextBatch } from './image-text-batch';

export interface ImageTextBatchesOptions<B> {
  /** One whose images have one size. */
  imageProcessor: CLIPImageProcessor;
  tokenizer: Tokenizer;
  /** How texts are cut and padded. Default: the tokenizer's way. */
  tokenize?: TokenizeOptions;
  /** Rows of a batch. */
  batchSize: number;
  /** Which text of a sample: its first (default), or another at random each time. Random needs `rng`. */
  captions?: 'first' | 'random';
  /** Changes a decoded image before the processor sees it; in the calling thread. Needs `rng`. */
  augment?: (image: RawImage, rng: Rng) => RawImage;
  /** Source of `captions` and `augment`. It is not advanced. */
  rng?: Rng;
  /** Leaves out a last batch that is not full. Default false. */
  dropLast?: boolean;
  /** Worker threads that decode and resize, in Node. Default 1; 0 resizes in the calling thread. */
  threads?: number;
  /** Limits of decoding, and what becomes of alpha. */
  decode?: Omit<DecodeImageOptions, 'signal'>;
  /** What a batch becomes when it is taken: `toTensors` for a `Trainer`. Default: plain arrays. */
  collate?: (batch: ImageTextBatch) => B;
}

/** Where batches are, as plain JSON. */
export interface ImageTextBatchesState {
  /** Times that the data have been gone through. */
  epoch: number;
  /** Pairs given in this epoch. */
  position: number;
  rng: RngState | null;
  /** Where the samples are; null before anything was read. */
  stream: SampleStreamState | null;
  /** Samples of the stream after that place that have been used, too. */
  used: number;
}

/** Batches with a place that can be stored: what `Trainer` takes as `data`. */
export interface ImageTextBatches<B> extends TrainingData<B> {
  /** The place after the last batch that was taken (what is read ahead does not count). */
  state(): ImageTextBatchesState;
  /** Goes on from a stored place: with the same data and options, with exactly the batches that were to come. */
  restore(state: ImageTextBatchesState): void;
}

/**
 * Batches of pictures and token ids out of a stream of pairs: decoded and prepared in other threads, up to a batch
 * ahead of the caller. Each `for await` goes through the rest of an epoch. The stream is the batches' own from then on.
 *
 * A picture that cannot be decoded is counted in the stream's `report()` and its place is taken by the next.
 *
 * @throws ConfigError on a bad option. Iterating throws what the stream throws.
 * @example
 * const data = imageTextBatches(stream, { imageProcessor, tokenizer, batchSize: 64, collate: toTensors });
 * const trainer = new Trainer({ model, optimizer, schedule, loss, data, rng });
 */
export function imageTextBatches<B = ImageTextBatch>(
  stream: SampleStream<ImageTextSample>,
  options: ImageTextBatchesOptions<B>,
): ImageTextBatches<B> {
  return new Batches(stream, options);
}

/** A sample on its way. */
interface Pulled {
  sample: ImageTextSample;
  /** How many samples of the epoch came before it, those without a usable picture included. */
  index: number;
  image: ImageInput;
}

/** Pictures decoded at a time when they are augmented in this thread. */
const DECODES = 8;

class Batches<B> implements ImageTextBatches<B> {
  readonly length = undefined;
  private readonly stream: SampleStream<ImageTextSample>;
  private readonly options: ImageTextBatchesOptions<B>;
  private readonly rng: Rng | undefined;
  private epoch = 0;
  private position = 0;
  private start: SampleStreamState | null = null;
  private used = 0;

  constructor(stream: SampleStream<ImageTextSample>, options: ImageTextBatchesOptions<B>) {
    const { batchSize, captions = 'first', augment, rng } = options;
    if (!isCount(batchSize, 1)) {
      throw new ConfigError(
        `imageTextBatches: batchSize: expected an integer from 1, received ${batchSize}.`,
      );
    }
    if (captions !== 'first' && captions !== 'random') {
      throw new ConfigError(
        `imageTextBatches: captions: expected 'first' or 'random', received ${captions}.`,
      );
    }
    if ((captions === 'random' || augment) && !rng) {
      throw new ConfigError("imageTextBatches: captions: 'random' and augment need rng: new Rng(seed).");
    }
    this.stream = stream;
    this.options = options;
    this.rng = rng?.split('imageTextBatches');
  }

  state(): ImageTextBatchesState {
    const { epoch, position, start, used } = this;
    return { epoch, position, rng: this.rng?.state() ?? null, stream: start, used };
  }

  restore({ epoch, position, rng, stream, used }: ImageTextBatchesState): void {
    if (![epoch, position, used].every((n) => isCount(n)) || stream === undefined) {
      throw new ConfigError(
        'imageTextBatches: restore: expected what state() gave, received something else.',
      );
    }
    if ((rng !== null) !== (this.rng !== undefined)) {
      throw new ConfigError(
        `imageTextBatches: restore: the state is of batches ${rng ? 'with' : 'without'} rng, these are not.`,
      );
    }
    if (rng) this.rng?.restore(rng);
    this.epoch = epoch;
    this.position = position;
    this.start = stream;
    this.used = used;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<B, void, undefined> {
    const { imageProcessor, batchSize, dropLast, threads = 1, decode = {}, collate } = this.options;
    this.start ??= this.stream.state();
    this.stream.restore(this.start); // it may have been read ahead of the last batch
    const marks: Mark[] = [{ index: this.start.position, state: this.start }];
    const pulled = new Map<number, Pulled>();
    const inputs = this.inputs(marks, pulled);
    for await (const batch of imageBatches(imageProcessor, inputs, { batchSize, threads, decode })) {
      const last = Math.max(batch.indices.at(-1) ?? -1, batch.failures.at(-1)?.index ?? -1);
      const end = pulled.get(last)!.index + 1;
      for (const { index, error } of batch.failures) {
        this.stream.skip({
          key: pulled.get(index)!.sample.key,
          reason: 'damaged image',
          detail: error.message,
        });
      }
      const rows = batch.indices.map((i) => pulled.get(i)!);
      for (const i of pulled.keys()) if (i <= last) pulled.delete(i);
      while (marks.length > 1 && marks[1]!.index <= end) marks.shift();
      if (rows.length === 0 || (dropLast && rows.length < batchSize)) continue;
      this.start = marks[0]!.state;
      this.used = end - marks[0]!.index;
      this.position += rows.length;
      const { data, shape } = batch;
      const plain = this.withTexts({ data, shape }, rows);
      yield collate ? collate(plain) : (plain as B);
    }
    this.start = this.stream.state(); // of the next epoch
    this.used = 0;
    this.position = 0;
    this.epoch++;
  }

  /** Pictures in the order of the stream; `pulled` remembers by number what each is of. */
  private async *inputs(
    marks: Mark[],
    pulled: Map<number, Pulled>,
  ): AsyncGenerator<ImageInput, void, undefined> {
    const { augment, decode = {} } = this.options;
    const samples = this.pull(marks);
    const prepare = async (item: Pulled): Promise<Pulled | undefined> => {
      try {
        const image = augment!(await decodeImage(item.sample.image, decode), this.rngOf(item, 'augment'));
        return { ...item, image };
      } catch (error) {
        if (!isDataError(error)) throw error;
        this.stream.skip({ key: item.sample.key, reason: 'damaged image', detail: error.message });
        return undefined;
      }
    };
    let number = 0;
    for await (const item of augment ? mapAhead(samples, prepare, DECODES) : samples) {
      if (!item) continue;
      pulled.set(number++, item);
      yield item.image;
    }
  }

  /** The rest of the stream's epoch, with a note of its state now and then. */
  private async *pull(marks: Mark[]): AsyncGenerator<Pulled, void, undefined> {
    const first = marks[0]!.index + this.used;
    let index = marks[0]!.index;
    let sinceMark = 0;
    for await (const sample of this.stream) {
      index++;
      if (index <= first) continue;
      if (++sinceMark === this.options.batchSize) {
        marks.push({ index, state: this.stream.state() });
        sinceMark = 0;
      }
      yield { sample, index: index - 1, image: sample.image };
    }
  }

  private withTexts(pixelValues: ImageTextBatch['pixelValues'], rows: Pulled[]): ImageTextBatch {
    const { tokenizer, tokenize, captions } = this.options;
    const texts = rows.map((row) => {
      const { texts } = row.sample;
      return texts[captions === 'random' ? this.rngOf(row, 'caption').integer(texts.length) : 0]!;
    });
    const { inputIds, attentionMask, shape } = tokenizer.tokenize(texts, tokenize);
    return {
      pixelValues,
      inputIds: { data: inputIds, shape },
      attentionMask: { data: attentionMask, shape },
      texts,
      keys: rows.map(({ sample }) => sample.key),
    };
  }

  /** Randomness of a sample in this epoch, whatever batch it falls into. */
  private rngOf({ index }: Pulled, use: string): Rng {
    return this.rng!.split(this.epoch).split(index).split(use);
  }
}

/** A state of the stream, after `index` samples of the epoch. */
interface Mark {
  index: number;
  state: SampleStreamState;
}
