import { assertImage, assertSize, type RawImage } from './raw-image';
import type { ResizeFilter } from './resample-weights';
import { resizeImage } from './resize-image';

/**
 * Resizes so that the shorter edge is `size` pixels and the shape stays: the longer edge is
 * `trunc(size * longer / shorter)`, as torchvision's and transformers' `Resize(size)`.
 *
 * @param filter Default `'bicubic'`.
 * @returns A new image.
 * @throws DataError when the image is malformed; ConfigError on a bad size or filter.
 * @example
 * const image = resizeShortestEdge(photo, 224); // a 640 x 480 photo becomes 298 x 224
 */
export function resizeShortestEdge(
  image: RawImage,
  size: number,
  filter: ResizeFilter = 'bicubic',
): RawImage {
  assertImage(image, 'resizeShortestEdge');
  assertSize(size, 'resizeShortestEdge: size');
  return resizeImage(image, { ...shortestEdgeSize(image, size), filter });
}

/** The size that {@link resizeShortestEdge} gives an image. */
export function shortestEdgeSize({ width, height }: { width: number; height: number }, size: number) {
  const shorter = Math.min(width, height);
  return { width: Math.trunc((size * width) / shorter), height: Math.trunc((size * height) / shorter) };
}
