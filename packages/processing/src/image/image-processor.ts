import { ConfigError, DataError } from '../errors';
import { centerCrop, centerRegion } from './center-crop';
import { type DecodeImageOptions, decodeImage, type ImageSource } from './decode-image';
import { type ImageProcessorConfig, readImageProcessorConfig } from './image-processor-config';
import { type PixelValues, pixelValueTable, writePixelValues } from './images-to-pixel-values';
import type { RawImage } from './raw-image';
import { resizeImage } from './resize-image';
import { shortestEdgeSize } from './resize-shortest-edge';
import { toRGB } from './to-rgb';

/** An image to prepare: decoded, encoded, or where it is. */
export type ImageInput = ImageSource | RawImage;

export interface ProcessOptions {
  /** For those images that are to be decoded: limits, and what becomes of alpha. */
  decode?: DecodeImageOptions;
  /** Images decoded at a time. Default 4. */
  concurrency?: number;
}

/**
 * Prepares images for a vision model: RGB, resize, centre crop, scale, normalise.
 *
 * Pixels equal those of `transformers`' Pillow backend, in Node and in browsers. Its torchvision backend, which
 * `AutoImageProcessor` prefers where torchvision is installed, rounds otherwise: the README says by how much.
 *
 * @example
 * const processor = ImageProcessor.fromConfig(await (await fetch('preprocessor_config.json')).json());
 * const { data, shape } = await processor.process(['cat.jpg', 'dog.png']); // shape [2, 224, 224, 3]
 */
export class ImageProcessor {
  readonly config: ImageProcessorConfig;
  private readonly table: Float32Array;

  /** @throws ConfigError on bad constants. */
  constructor(config: ImageProcessorConfig) {
    this.config = config;
    this.table = pixelValueTable(config, 'ImageProcessor');
  }

  /**
   * From the content of a checkpoint's `preprocessor_config.json` (Hugging Face's keys), of these classes of
   * `transformers`, whatever their suffix: CLIP, ChineseCLIP, Siglip, ViT, ConvNext (ResNet's, too), EfficientNet
   * (ALIGN's, too). Alpha is composited over white, as `transformers` 5 does it; older ones dropped it.
   *
   * @throws ConfigError when a key has a value that we cannot follow exactly.
   */
  static fromConfig(json: unknown): ImageProcessor {
    return new ImageProcessor(readImageProcessorConfig(json));
  }

  /** One decoded image, resized and cropped as configured, still 8-bit RGB. */
  prepare(image: RawImage): RawImage {
    const { alpha, size, filter, cropSize, rounding } = this.config;
    const input = toRGB(image, { alpha });
    const whole =
      size && 'shortestEdge' in size ? shortestEdgeSize(input, size.shortestEdge) : (size ?? input);
    if (cropSize && (cropSize.width > whole.width || cropSize.height > whole.height)) {
      return centerCrop(resizeImage(input, { ...whole, filter }), { ...cropSize, rounding }); // pads
    }
    const region = cropSize ? { region: centerRegion(whole, cropSize, rounding, 'ImageProcessor') } : {};
    return resizeImage(input, { width: whole.width, height: whole.height, filter, ...region });
  }

  /**
   * Decodes and prepares images.
   *
   * @param images One or several paths, URLs, bytes, Blobs or decoded images. `decode.alpha` says what
   *   becomes of the alpha of those that are to be decoded; unless it does, the configuration.
   * @returns `[batch, height, width, 3]`, in the order given.
   * @throws DataError when an image cannot be used (it names which), or sizes differ after preparation.
   */
  async process(
    images: ImageInput | readonly ImageInput[],
    options: ProcessOptions = {},
  ): Promise<PixelValues> {
    const { decode = {}, concurrency = 4 } = options;
    if (!Number.isInteger(concurrency) || concurrency < 1) {
      throw new ConfigError(
        `ImageProcessor.process: concurrency: expected an integer of at least 1, received ${concurrency}.`,
      );
    }
    const inputs = Array.isArray(images) ? (images as readonly ImageInput[]) : [images as ImageInput];
    if (inputs.length === 0) {
      throw new DataError('ImageProcessor.process: images: expected at least one, received none.');
    }
    let values: PixelValues | undefined;
    let next = 0;
    const worker = async () => {
      while (next < inputs.length) {
        const i = next++;
        const image = this.prepare(await load(inputs[i]!, i, { alpha: this.config.alpha, ...decode }));
        const { width, height } = image;
        values ??= {
          data: new Float32Array(inputs.length * height * width * 3),
          shape: [inputs.length, height, width, 3],
        };
        if (values.shape[1] !== height || values.shape[2] !== width) {
          throw new DataError(
            `ImageProcessor.process: images[${i}]: expected ${values.shape[2]} x ${values.shape[1]} after ` +
              `preparation like the others, received ${width} x ${height}; set cropSize, or process them singly.`,
          );
        }
        writePixelValues(image, this.table, values.data, i * height * width * 3);
      }
    };
    try {
      await Promise.all(Array.from({ length: Math.min(concurrency, inputs.length) }, worker));
    } finally {
      next = inputs.length; // after an error, the other workers stop
    }
    return values!;
  }
}

async function load(input: ImageInput, index: number, decode: DecodeImageOptions): Promise<RawImage> {
  if (typeof input === 'object' && input !== null && 'channels' in input) return input;
  try {
    return await decodeImage(input, decode);
  } catch (cause) {
    if (!(cause instanceof DataError)) throw cause;
    throw new DataError(`ImageProcessor.process: images[${index}]: ${cause.message}`, { cause });
  }
}
