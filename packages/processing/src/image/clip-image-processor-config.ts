import { ConfigError } from '../errors';
import { describe } from './raw-image';
import type { ResizeFilter } from './resample-weights';

/** What CLIPImageProcessor does to an image, step by step. */
export interface CLIPImageProcessorConfig {
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

/** Pillow's numbers. */
const filterNames: Record<number, ResizeFilter> = {
  0: 'nearest',
  1: 'lanczos',
  2: 'bilinear',
  3: 'bicubic',
  4: 'box',
};

const families = ['CLIP', 'ChineseCLIP', 'Siglip'];
const suffixes = ['ImageProcessor', 'ImageProcessorFast', 'ImageProcessorPil', 'FeatureExtractor'];

/** Reads Hugging Face's `preprocessor_config.json`; absent keys have the defaults of its class. */
export function clipImageProcessorConfig(json: unknown): Partial<CLIPImageProcessorConfig> {
  if (typeof json !== 'object' || json === null || Array.isArray(json)) {
    throw new ConfigError(
      `CLIPImageProcessor.fromConfig: json: expected an object, received ${describe(json)}.`,
    );
  }
  const given = json as Record<string, unknown>;
  const type = given['image_processor_type'] ?? given['feature_extractor_type'] ?? 'CLIPImageProcessor';
  const family = families.find((name) => suffixes.some((suffix) => type === name + suffix));
  if (!family) {
    throw new ConfigError(
      `CLIPImageProcessor.fromConfig: image_processor_type: expected that of ${families.join(', ')}, ` +
        `received ${describe(type)}.`,
    );
  }
  const raw: Record<string, unknown> = { ...(family === 'Siglip' ? siglip : {}), ...given };
  const config: Partial<CLIPImageProcessorConfig> = { rounding: 'transformers' };
  if (raw['do_resize'] === false) config.size = null;
  else if (raw['size'] !== undefined) config.size = readSize(raw['size'], 'size', true);
  if (raw['do_center_crop'] === false) config.cropSize = null;
  else if (raw['crop_size'] !== undefined) config.cropSize = readSize(raw['crop_size'], 'crop_size', false);
  if (raw['resample'] !== undefined) config.filter = readFilter(raw['resample']);
  if (raw['do_rescale'] === false) config.rescaleFactor = 1;
  else if (raw['rescale_factor'] !== undefined) config.rescaleFactor = raw['rescale_factor'] as number; // checked by the constructor
  if (raw['do_normalize'] === false) Object.assign(config, { mean: [0, 0, 0], std: [1, 1, 1] });
  else {
    if (raw['image_mean'] !== undefined) config.mean = readChannels(raw['image_mean'], 'image_mean');
    if (raw['image_std'] !== undefined) config.std = readChannels(raw['image_std'], 'image_std');
  }
  return config;
}

const siglip = {
  size: { height: 224, width: 224 },
  do_center_crop: false,
  image_mean: [0.5, 0.5, 0.5],
  image_std: [0.5, 0.5, 0.5],
};

type Box = { width: number; height: number };

function readSize(value: unknown, key: string, edge: true): Box | { shortestEdge: number };
function readSize(value: unknown, key: string, edge: false): Box;
function readSize(value: unknown, key: string, edge: boolean): Box | { shortestEdge: number } {
  const isSize = (n: unknown): n is number => Number.isInteger(n) && (n as number) >= 1;
  if (isSize(value)) return edge ? { shortestEdge: value } : { width: value, height: value };
  if (typeof value === 'object' && value !== null) {
    const { height, width, shortest_edge: shortest, ...others } = value as Record<string, unknown>;
    const isOnly = Object.keys(others).length === 0;
    if (isOnly && isSize(height) && isSize(width) && shortest === undefined) return { width, height };
    if (isOnly && isSize(shortest) && height === undefined && width === undefined) {
      return edge ? { shortestEdge: shortest } : { width: shortest, height: shortest };
    }
  }
  const forms = edge
    ? 'a number, {"shortest_edge"} or {"height", "width"}'
    : 'a number or {"height", "width"}';
  throw new ConfigError(
    `CLIPImageProcessor.fromConfig: ${key}: expected ${forms}, received ${JSON.stringify(value)}.`,
  );
}

function readFilter(value: unknown): ResizeFilter {
  const filter = filterNames[value as number];
  if (filter) return filter;
  throw new ConfigError(
    `CLIPImageProcessor.fromConfig: resample: expected 0 (nearest), 1 (lanczos), 2 (bilinear), 3 (bicubic) ` +
      `or 4 (box), received ${describe(value)}.`,
  );
}

function readChannels(value: unknown, key: string): number[] {
  if (Array.isArray(value) && value.length === 3 && value.every((n) => typeof n === 'number')) return value;
  throw new ConfigError(
    `CLIPImageProcessor.fromConfig: ${key}: expected three numbers, received ${describe(value)}.`,
  );
}
