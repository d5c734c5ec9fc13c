import type { ImageProcessorConfig } from './image-processor-config';

/**
 * How torchvision prepares images for its ImageNet models (`ImageClassification(crop_size=224)`): shortest edge 256,
 * bilinear, the middle 224 x 224.
 *
 * @example
 * const processor = new ImageProcessor(torchvisionImageNet);
 */
export const torchvisionImageNet: ImageProcessorConfig = {
  type: 'CLIPImageProcessor',
  alpha: 'drop',
  size: { shortestEdge: 256 },
  filter: 'bilinear',
  cropSize: { width: 224, height: 224 },
  rounding: 'torchvision',
  rescaleFactor: 1 / 255,
  mean: [0.485, 0.456, 0.406],
  std: [0.229, 0.224, 0.225],
};
