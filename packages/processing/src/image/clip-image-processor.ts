import { ConfigError, DataError } from '../errors';
import { centerCrop, centerRegion } from './center-crop';
import { type CLIPImageProcessorConfig, clipImageProcessorConfig } from './clip-image-processor-config';
import { type DecodeImageOptions, decodeImage, type ImageSource } from './decode-image';
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

/** OpenAI's constants: what CLIP was trained with. */
const openai: CLIPImageProcessorConfig = {
  size: { shortestEdge: 224 },
  filter: 'bicubic',
  cropSize: { width: 224, height: 224 },
  rounding: 'torchvision',
  rescaleFactor: 1 / 255,
  mean: [0.48145466, 0.4578275, 0.40821073],
  std: [0.26862954, 0.26130258, 0.27577711],
};

/**
 * Prepares images for CLIP and its relatives: RGB, resize, centre crop, scale to 0..1, normalise.
 *
 * With no configuration it does what OpenAI's own code does for ViT-B/32: shortest edge 224, bicubic, the middle
 * 224 x 224. Pixels equal those of the Pillow pipeline, in Node and in browsers.
 *
 * @example
 * const processor = new CLIPImageProcessor();
 * const { data, shape } = await processor.process(['cat.jpg', 'dog.png']); // shape [2, 224, 224, 3]
 *
 * Radford et al. 2021, "Learning Transferable Visual Models From Natural Language Supervision", section 2.
 */
export class CLIPImageProcessor {
  readonly config: CLIPImageProcessorConfig;
  private readonly table: Float32Array;

  /** @param config Whatever differs from OpenAI's constants. */
  constructor(config: Partial<CLIPImageProcessorConfig> = {}) {
    this.config = { ...openai, ...config };
    this.table = pixelValueTable(this.config, 'CLIPImageProcessor');
  }

  /**
   * From the content of a checkpoint's `preprocessor_config.json` (Hugging Face's keys).
   *
   * @throws ConfigError when a key has a value that we cannot follow exactly.
   */
  static fromConfig(json: unknown): CLIPImageProcessor {
    return new CLIPImageProcessor(clipImageProcessorConfig(json));
  }

  /** One decoded image, resized and cropped as configured, still 8-bit RGB. */
  prepare(image: RawImage): RawImage {
    const { size, filter, cropSize, rounding } = this.config;
    const input = toRGB(image);
    const whole =
      size && 'shortestEdge' in size ? shortestEdgeSize(input, size.shortestEdge) : (size ?? input);
    if (cropSize && (cropSize.width > whole.width || cropSize.height > whole.height)) {
      return centerCrop(resizeImage(input, { ...whole, filter }), { ...cropSize, rounding }); // pads
    }
    const region = cropSize ? { region: centerRegion(whole, cropSize, rounding, 'CLIPImageProcessor') } : {};
    return resizeImage(input, { width: whole.width, height: whole.height, filter, ...region });
  }

  /**
   * Decodes and prepares images.
   *
   * @param images One or several paths, URLs, bytes, Blobs or decoded images. Alpha is dropped unless `decode.alpha`
   *   is a colour to composite over.
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
        `CLIPImageProcessor.process: concurrency: expected an integer of at least 1, received ${concurrency}.`,
      );
    }
    const inputs = Array.isArray(images) ? (images as readonly ImageInput[]) : [images as ImageInput];
    if (inputs.length === 0) {
      throw new DataError('CLIPImageProcessor.process: images: expected at least one, received none.');
    }
    let values: PixelValues | undefined;
    let next = 0;
    const worker = async () => {
      while (next < inputs.length) {
        const i = next++;
        const image = this.prepare(await load(inputs[i]!, i, decode));
        const { width, height } = image;
        values ??= {
          data: new Float32Array(inputs.length * height * width * 3),
          shape: [inputs.length, height, width, 3],
        };
        if (values.shape[1] !== height || values.shape[2] !== width) {
          throw new DataError(
            `CLIPImageProcessor.process: images[${i}]: expected ${values.shape[2]} x ${values.shape[1]} after ` +
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
    throw new DataError(`CLIPImageProcessor.process: images[${index}]: ${cause.message}`, { cause });
  }
}
