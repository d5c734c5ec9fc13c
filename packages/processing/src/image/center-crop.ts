import { ConfigError } from '../errors';
import { cropImage, type Region } from './crop-image';
import { padImage } from './pad-image';
import { assertImage, assertSize, describe, type RawImage } from './raw-image';

export interface CenterCropOptions {
  width: number;
  height: number;
  /**
   * Where the crop lies when the middle falls between two pixels: `'torchvision'` (default; open_clip and
   * OpenAI's CLIP, too) rounds half to even, `'transformers'` rounds down.
   */
  rounding?: 'torchvision' | 'transformers';
  /** Value of pixels added around an image that is too small. Default 0. */
  fill?: number | readonly number[];
}

/**
 * The middle of an image, `width x height`, padded where the image is smaller, as torchvision's `CenterCrop`.
 *
 * @returns A new image `[height, width, channels]`.
 * @throws ConfigError on a bad size, rounding or fill; DataError when the image is malformed.
 * @example
 * const square = centerCrop(image, { width: 224, height: 224 });
 */
export function centerCrop(image: RawImage, options: CenterCropOptions): RawImage {
  const { width, height, rounding = 'torchvision', fill = 0 } = options;
  assertImage(image, 'centerCrop');
  assertSize(width, 'centerCrop: width');
  assertSize(height, 'centerCrop: height');
  const missingX = Math.max(0, width - image.width);
  const missingY = Math.max(0, height - image.height);
  const large =
    missingX || missingY
      ? padImage(image, {
          left: Math.floor(missingX / 2),
          top: Math.floor(missingY / 2),
          right: Math.ceil(missingX / 2),
          bottom: Math.ceil(missingY / 2),
          fill,
        })
      : image;
  return cropImage(large, centerRegion(large, { width, height }, rounding, 'centerCrop'));
}

interface Size {
  width: number;
  height: number;
}

/** Where the middle of something at least as large lies. `where` begins an error's text. */
export function centerRegion(
  whole: Size,
  { width, height }: Size,
  rounding: 'torchvision' | 'transformers',
  where: string,
): Region {
  if (rounding !== 'torchvision' && rounding !== 'transformers') {
    throw new ConfigError(
      `${where}: rounding: expected 'torchvision' or 'transformers', received ${describe(rounding)}.`,
    );
  }
  const middle = rounding === 'torchvision' ? halfToEven : halfDown;
  return { left: middle(whole.width - width), top: middle(whole.height - height), width, height };
}

function halfDown(n: number): number {
  return Math.floor(n / 2);
}

function halfToEven(n: number): number {
  const half = Math.floor(n / 2);
  return n % 2 === 1 && half % 2 === 1 ? half + 1 : half;
}
