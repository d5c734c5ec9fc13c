import { startImageThreads } from '#image-threads';
import { ConfigError, DataError } from '../errors';
import type { DecodeImageOptions } from './decode-image';
import type { ImageInput, ImageProcessor } from './image-processor';
import type { PixelValues } from './images-to-pixel-values';
import { describe } from './raw-image';

/** An image that could not be used. */
export interface ImageFailure {
  /** Its place among the images given, from 0. */
  index: number;
  /** Its path or URL, or `images[index]`. */
  name: string;
  error: DataError;
}

/** A part of many images, in the order given. */
export interface ImageBatch extends PixelValues {
  /** Which of the images given each row is. */
  indices: number[];
  /** Those between them that could not be used. */
  failures: ImageFailure[];
}

export interface ImageBatchesOptions {
  /** Rows of a batch; the last may have fewer. Default 32. */
  batchSize?: number;
  /**
   * Worker threads, in Node only. Default 0: decoding has threads of its own all the same (libuv's: four, or
   * `UV_THREADPOOL_SIZE`), and the calling thread spends some 2 ms an image. More keep it free for other work.
   */
  threads?: number;
  /** Limits, and what becomes of alpha. */
  decode?: Omit<DecodeImageOptions, 'signal'>;
  /** Ends the work: the generator throws the signal's reason. */
  signal?: AbortSignal;
  /** Called after each image; `total` where the number of images is known. */
  onProgress?: (progress: { done: number; failed: number; total: number | undefined }) => void;
}

/**
 * Decodes and prepares many images, batch after batch: in parallel, in order, ahead of the caller by at most a
 * batch, and without losing the others to a bad file.
 *
 * The pixels are those of {@link ImageProcessor.process}. Threads end with the generator, also when its loop is left.
 *
 * @param processor One whose images have one size: with a `cropSize`, or an exact `size`.
 * @param images Paths, URLs, bytes, Blobs or decoded images; a list, or any iterable.
 * @returns Batches of shape `[at most batchSize, height, width, 3]`. One without rows only tells of failures.
 * @throws ConfigError on a bad option, or where threads cannot start. A bad image is no error: see `failures`.
 * @example
 * for await (const { data, shape, indices, failures } of imageBatches(new CLIPImageProcessor(), paths)) {
 *   for (const { name, error } of failures) console.warn(name, error.message);
 *   const pixelValues = tf.tensor4d(data, shape);
 * }
 */
export async function* imageBatches(
  processor: ImageProcessor,
  images: Iterable<ImageInput> | AsyncIterable<ImageInput>,
  { batchSize = 32, threads = 0, decode = {}, signal, onProgress }: ImageBatchesOptions = {},
): AsyncGenerator<ImageBatch, void, undefined> {
  assertCount(batchSize, 1, 'batchSize');
  assertCount(threads, 0, 'threads');
  const { height, width } = sizeOf(processor);
  const length = height * width * 3;
  const total = Array.isArray(images) ? images.length : undefined;
  signal?.throwIfAborted();

  const pool = startImageThreads({ config: processor.config, decode, threads });
  const { promise: aborted, stop: stopListening } = rejectOnAbort(signal);
  const inputs = Symbol.asyncIterator in images ? images[Symbol.asyncIterator]() : images[Symbol.iterator]();
  const queue: Job[] = [];
  let isAtEnd = false;
  let next = 0;
  const fill = async () => {
    while (!isAtEnd && queue.length < batchSize + pool.concurrency) {
      const { value, done } = await Promise.race([inputs.next(), aborted]);
      if (done) {
        isAtEnd = true;
        return;
      }
      const index = next++;
      const name = typeof value === 'string' || value instanceof URL ? String(value) : `images[${index}]`;
      const result = pool.run(value);
      result.catch(() => undefined); // looked at when its turn comes
      queue.push({ index, name, result });
    }
  };

  try {
    let done = 0;
    let failed = 0;
    for (await fill(); queue.length > 0; ) {
      const data = new Float32Array(batchSize * length);
      const indices: number[] = [];
      const failures: ImageFailure[] = [];
      for (await fill(); queue.length > 0 && indices.length < batchSize; await fill()) {
        const { index, name, result } = queue.shift()!;
        try {
          data.set(await Promise.race([result, aborted]), indices.length * length);
          indices.push(index);
        } catch (error) {
          if (!(error instanceof DataError)) throw error;
          failures.push({ index, name, error });
          failed++;
        }
        done++;
        onProgress?.({ done, failed, total });
      }
      const rows = indices.length;
      yield {
        data: rows === batchSize ? data : data.slice(0, rows * length),
        shape: [rows, height, width, 3],
        indices,
        failures,
      };
    }
  } finally {
    stopListening();
    await pool.close();
    const closed = Promise.resolve(inputs.return?.()).catch(() => undefined);
    if (!signal?.aborted) await closed; // an iterator that is stuck cannot be closed
  }
}

interface Job {
  index: number;
  name: string;
  result: Promise<Float32Array>;
}

function sizeOf({ config: { size, cropSize } }: ImageProcessor): { height: number; width: number } {
  if (cropSize) return cropSize;
  if (size && !('shortestEdge' in size)) return size;
  throw new ConfigError(
    'imageBatches: processor: its images have sizes of their own; give it a cropSize, or a size of width and height.',
  );
}

function assertCount(value: number, least: number, name: string): void {
  if (!Number.isSafeInteger(value) || value < least) {
    throw new ConfigError(
      `imageBatches: ${name}: expected an integer of at least ${least}, received ${describe(value)}.`,
    );
  }
}

function rejectOnAbort(signal: AbortSignal | undefined): { promise: Promise<never>; stop: () => void } {
  let stop = () => {};
  const promise = new Promise<never>((_, reject) => {
    if (!signal) return;
    const onAbort = () => reject(signal.reason);
    signal.addEventListener('abort', onAbort, { once: true });
    stop = () => signal.removeEventListener('abort', onAbort);
  });
  promise.catch(() => undefined);
  return { promise, stop };
}
