import { ConfigError } from '../errors';
import {
  type ImageProcessorClass,
  type ImageProcessorFamily,
  imageProcessorFamilies,
} from './image-processor-families';
import { describe, type RGB } from './raw-image';
import type { ResizeFilter } from './resample-weights';

/** What ImageProcessor does to an image, step by step. */
export interface ImageProcessorConfig {
  /** The class of `transformers` that a written configuration names. */
  type: ImageProcessorClass;
  /** What becomes of alpha: see toRGB. */
  alpha: 'drop' | RGB;
  /** Size to resize to: the shorter edge, or exactly (squashed); `null` does not resize. */
  size: { shortestEdge: number } | { width: number; height: number } | null;
  filter: ResizeFilter;
  /** Size of the middle that is kept; `null` keeps all. */
  cropSize: { width: number; height: number } | null;
  /** See centerCrop. */
  rounding: 'torchvision' | 'transformers';
  /** Scale of 8-bit values. */
  rescaleFactor: number;
  /** Subtracted from each channel after scaling. */
  mean: readonly number[];
  /** Divides each channel after that. */
  std: readonly number[];
}

/** By Pillow's numbers. */
export const filterNumbers: readonly ResizeFilter[] = ['nearest', 'lanczos', 'bilinear', 'bicubic', 'box'];

/** Below this, ConvNext's class resizes to more than it keeps, and crops. */
export const CONVNEXT_UNCROPPED = 384;

type Box = { width: number; height: number };

const suffixes = ['ImageProcessor', 'ImageProcessorFast', 'ImageProcessorPil', 'FeatureExtractor'];
const WHERE = 'ImageProcessor.fromConfig';

/** Reads Hugging Face's `preprocessor_config.json`; keys that are absent or null have the defaults of its class. */
export function readImageProcessorConfig(json: unknown): ImageProcessorConfig {
  if (typeof json !== 'object' || json === null || Array.isArray(json)) {
    throw new ConfigError(`${WHERE}: json: expected an object, received ${describe(json)}.`);
  }
  const given = json as Record<string, unknown>;
  const family = readFamily(given['image_processor_type'] ?? given['feature_extractor_type']);
  const value = (key: string) => given[key] ?? imageProcessorFamilies[family][key];
  const flag = (key: string) => readFlag(value(key), key);

  const isResized = flag('do_resize');
  let size = isResized ? readSize(value('size'), flag('default_to_square')) : null;
  let cropSize = flag('do_center_crop') ? readCropSize(value('crop_size')) : null;
  if (flag('do_pad')) throw unfollowed('do_pad', 'false', true);
  if (family === 'ConvNext' && size) {
    if (!('shortestEdge' in size)) throw unfollowed('size', '{"shortest_edge"}', value('size'));
    if (cropSize) throw unfollowed('do_center_crop', 'false (crop_pct crops)', true);
    const edge = size.shortestEdge;
    const square = { width: edge, height: edge };
    if (edge < CONVNEXT_UNCROPPED) {
      size = { shortestEdge: Math.trunc(edge / readNumber(value('crop_pct'), 'crop_pct')) };
      cropSize = square;
    } else size = square;
  }

  const isRescaled = flag('do_rescale');
  let mean = flag('do_normalize') ? readChannels(value('image_mean'), 'image_mean') : [0, 0, 0];
  let std = flag('do_normalize') ? readChannels(value('image_std'), 'image_std') : [1, 1, 1];
  // EfficientNet's class can subtract 1 before the mean, and divide by the deviations once more.
  if (isRescaled && flag('rescale_offset')) mean = mean.map((m) => m + 1);
  if (flag('include_top')) {
    const again = readChannels(value('image_std'), 'image_std');
    std = std.map((s, c) => s * again[c]!);
  }
  return {
    type: `${family}ImageProcessor`,
    alpha: [255, 255, 255],
    size,
    filter: readFilter(value('resample')),
    cropSize,
    rounding: 'transformers',
    rescaleFactor: isRescaled ? readNumber(value('rescale_factor'), 'rescale_factor') : 1,
    mean,
    std,
  };
}

function readFamily(type: unknown): ImageProcessorFamily {
  if (type === undefined || type === null) return 'CLIP';
  const names = Object.keys(imageProcessorFamilies) as ImageProcessorFamily[];
  const family = names.find((name) => suffixes.some((suffix) => type === name + suffix));
  if (family) return family;
  throw unfollowed('image_processor_type', `that of ${names.join(', ')}`, type);
}

/** A number, a box or a shorter edge; transformers' dictionaries may have nulls beside. */
function readSize(value: unknown, isSquare: boolean): Box | { shortestEdge: number } {
  if (isSize(value)) return isSquare ? { width: value, height: value } : { shortestEdge: value };
  const { height, width, shortest_edge: shortest, ...others } = present(value);
  if (Object.keys(others).length === 0) {
    if (isSize(height) && isSize(width) && shortest === undefined) return { width, height };
    if (isSize(shortest) && height === undefined && width === undefined) return { shortestEdge: shortest };
  }
  throw unfollowed('size', 'a number, {"shortest_edge"} or {"height", "width"}', value);
}

function readCropSize(value: unknown): Box {
  if (isSize(value)) return { width: value, height: value };
  const { height, width } = present(value);
  if (isSize(height) && isSize(width)) return { width, height };
  throw unfollowed('crop_size', 'a number or {"height", "width"}', value);
}

function isSize(n: unknown): n is number {
  return Number.isInteger(n) && (n as number) >= 1;
}

function present(value: unknown): Record<string, unknown> {
  if (typeof value !== 'object' || value === null) return {};
  return Object.fromEntries(Object.entries(value).filter(([, entry]) => entry !== null));
}

function readFlag(value: unknown, key: string): boolean {
  if (value === undefined || value === null) return false;
  if (typeof value === 'boolean') return value;
  throw unfollowed(key, 'true or false', value);
}

function readNumber(value: unknown, key: string): number {
  if (typeof value === 'number' && value > 0 && value < Infinity) return value;
  throw unfollowed(key, 'a number above 0', value);
}

function readFilter(value: unknown): ResizeFilter {
  const filter = filterNumbers[value as number];
  if (filter) return filter;
  throw unfollowed('resample', '0 (nearest), 1 (lanczos), 2 (bilinear), 3 (bicubic) or 4 (box)', value);
}

function readChannels(value: unknown, key: string): number[] {
  if (Array.isArray(value) && value.length === 3 && value.every((n) => typeof n === 'number')) return value;
  throw unfollowed(key, 'three numbers', value);
}

function unfollowed(key: string, expected: string, received: unknown): ConfigError {
  return new ConfigError(`${WHERE}: ${key}: expected ${expected}, received ${show(received)}.`);
}

function show(value: unknown): string {
  return typeof value === 'object' && !Array.isArray(value) ? JSON.stringify(value) : describe(value);
}
