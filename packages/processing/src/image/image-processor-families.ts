/** What `transformers`' classes of image processors do where a `preprocessor_config.json` says nothing (5.24). */
const all = { do_resize: true, do_rescale: true, rescale_factor: 1 / 255, do_normalize: true, resample: 3 };
const half = { image_mean: [0.5, 0.5, 0.5], image_std: [0.5, 0.5, 0.5] };
const clip = {
  ...all,
  size: { shortest_edge: 224 },
  default_to_square: false,
  do_center_crop: true,
  crop_size: { height: 224, width: 224 },
  image_mean: [0.48145466, 0.4578275, 0.40821073],
  image_std: [0.26862954, 0.26130258, 0.27577711],
};

export const imageProcessorFamilies: Readonly<
  Record<ImageProcessorFamily, Readonly<Record<string, unknown>>>
> = {
  CLIP: clip,
  ChineseCLIP: clip,
  Siglip: { ...all, ...half, size: { height: 224, width: 224 }, default_to_square: false },
  ViT: { ...all, ...half, size: { height: 224, width: 224 }, default_to_square: true, resample: 2 },
  ConvNext: { ...all, ...half, size: { shortest_edge: 384 }, default_to_square: false, crop_pct: 224 / 256 },
  EfficientNet: {
    ...all,
    ...half,
    size: { height: 346, width: 346 },
    default_to_square: true,
    crop_size: { height: 289, width: 289 },
    include_top: true,
  },
};

export type ImageProcessorFamily = 'CLIP' | 'ChineseCLIP' | 'Siglip' | 'ViT' | 'ConvNext' | 'EfficientNet';

export type ImageProcessorClass = `${ImageProcessorFamily}ImageProcessor`;
