import { type DecodeImageOptions, decodeImage } from './decode-image';
import { type ImageInput, ImageProcessor } from './image-processor';
import type { ImageProcessorConfig } from './image-processor-config';
import { imagesToPixelValues } from './images-to-pixel-values';

export interface ImageThreadsOptions {
  config: ImageProcessorConfig;
  decode: Omit<DecodeImageOptions, 'signal'>;
  threads: number;
}

/** What prepares images; each platform has its own. */
export interface ImageThreads {
  /** Images worked on at a time; more wait. */
  readonly concurrency: number;
  /** One image's floats. Rejects with a DataError when it cannot be used. */
  run(input: ImageInput): Promise<Float32Array>;
  close(): Promise<void>;
}

/** From a file, or whatever it is, to floats. */
export function imagePreparer({ config, decode }: Omit<ImageThreadsOptions, 'threads'>) {
  const processor = new ImageProcessor(config);
  return async (input: ImageInput): Promise<Float32Array> => {
    const isDecoded = typeof input === 'object' && input !== null && 'channels' in input;
    const image = processor.prepare(
      isDecoded ? input : await decodeImage(input, { alpha: config.alpha, ...decode }),
    );
    return imagesToPixelValues([image], config).data;
  };
}

/** Decoders have threads of their own; all else is done in this one. */
export function inThisThread(options: ImageThreadsOptions, concurrency = 4): ImageThreads {
  const prepare = imagePreparer(options);
  const waiting: (() => void)[] = [];
  let running = 0;
  return {
    concurrency,
    async run(input) {
      if (running === concurrency) await new Promise<void>((resolve) => waiting.push(resolve));
      else running++;
      try {
        return await prepare(input);
      } finally {
        const next = waiting.shift();
        if (next) next();
        else running--;
      }
    },
    async close() {
      waiting.length = 0;
    },
  };
}
