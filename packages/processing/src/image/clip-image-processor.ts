import { ImageProcessor } from './image-processor';
import type { ImageProcessorConfig } from './image-processor-config';

/** What CLIP was trained with. */
const openai: ImageProcessorConfig = {
  type: 'CLIPImageProcessor',
  alpha: 'drop',
  size: { shortestEdge: 224 },
  filter: 'bicubic',
  cropSize: { width: 224, height: 224 },
  rounding: 'torchvision',
  rescaleFactor: 1 / 255,
  mean: [0.48145466, 0.4578275, 0.40821073],
  std: [0.26862954, 0.26130258, 0.27577711],
};

/**
 * Prepares images as OpenAI's own code does for CLIP ViT-B/32: shortest edge 224, bicubic, the middle 224 x 224.
 *
 * @example
 * const processor = new CLIPImageProcessor();
 * const { data, shape } = await processor.process(['cat.jpg', 'dog.png']); // shape [2, 224, 224, 3]
 *
 * Radford et al. 2021, "Learning Transferable Visual Models From Natural Language Supervision", section 2.
 */
export class CLIPImageProcessor extends ImageProcessor {
  /** @param config Whatever differs from OpenAI's constants. */
  constructor(config: Partial<ImageProcessorConfig> = {}) {
    super({ ...openai, ...config });
  }
}
