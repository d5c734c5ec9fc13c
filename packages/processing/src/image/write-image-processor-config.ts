import type { ImageProcessor } from './image-processor';
import { CONVNEXT_UNCROPPED, filterNumbers, type ImageProcessorConfig } from './image-processor-config';

/**
 * The content of a `preprocessor_config.json` with which `transformers`' `AutoImageProcessor` does what `processor`
 * does. It names the class that the processor came from, or CLIP's where that one cannot do these steps.
 *
 * `transformers` always rounds a crop's place down: for a processor with `rounding: 'torchvision'` it crops a pixel
 * to the left or above where the margin is 3, 7, 11 ... pixels.
 *
 * @example
 * await writeFile('preprocessor_config.json', JSON.stringify(imageProcessorConfig(processor), null, 2));
 */
export function imageProcessorConfig({ config }: Pick<ImageProcessor, 'config'>): Record<string, unknown> {
  const { type, size, filter, cropSize, rescaleFactor, mean, std } = config;
  const common = {
    do_convert_rgb: true,
    resample: filterNumbers.indexOf(filter),
    do_rescale: true,
    rescale_factor: rescaleFactor,
    do_normalize: true,
    image_mean: [...mean],
    image_std: [...std],
  };
  if (type === 'ConvNextImageProcessor') {
    const steps = convNextSteps(config);
    if (steps) return { image_processor_type: type, ...common, ...steps };
  }
  const isExact = size === null || !('shortestEdge' in size);
  const canDo = {
    CLIPImageProcessor: true,
    ChineseCLIPImageProcessor: true,
    SiglipImageProcessor: isExact && cropSize === null,
    ViTImageProcessor: isExact && cropSize === null,
    ConvNextImageProcessor: false,
    EfficientNetImageProcessor: isExact,
  }[type];
  return {
    image_processor_type: canDo ? type : 'CLIPImageProcessor',
    ...common,
    do_resize: size !== null,
    ...(size && { size: 'shortestEdge' in size ? { shortest_edge: size.shortestEdge } : box(size) }),
    do_center_crop: cropSize !== null,
    ...(cropSize && { crop_size: box(cropSize) }),
    ...(type === 'EfficientNetImageProcessor' && canDo && { rescale_offset: false, include_top: false }),
  };
}

/** How ConvNext's class says a size and a crop; undefined where it cannot. */
function convNextSteps({ size, cropSize }: ImageProcessorConfig): Record<string, unknown> | undefined {
  if (size === null) return cropSize ? undefined : { do_resize: false };
  const { width: edge, height } = cropSize ?? ('width' in size ? size : { width: 0, height: 1 });
  if (edge !== height || edge < CONVNEXT_UNCROPPED !== (cropSize !== null)) return undefined;
  if (!cropSize) return { do_resize: true, size: { shortest_edge: edge } };
  if (!('shortestEdge' in size)) return undefined;
  const exact = edge / size.shortestEdge;
  // A quotient may be a bit too large for `trunc(edge / crop_pct)` to give the size again.
  const cropPct = Math.trunc(edge / exact) === size.shortestEdge ? exact : edge / (size.shortestEdge + 0.5);
  return { do_resize: true, size: { shortest_edge: edge }, crop_pct: cropPct };
}

function box({ width, height }: { width: number; height: number }) {
  return { height, width };
}
