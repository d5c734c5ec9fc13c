import { cropImage, padImage, type RawImage, resizeImage } from '@crossmodal/processing';

/** Alpha above this is ink. */
const ALPHA_THRESHOLD = 16;
/** Without alpha, a pixel is ink when a channel differs this much from the ground. */
const COLOR_THRESHOLD = 24;
/** The square around the ink is this much larger than the ink. */
const MARGIN = 1.06;

/**
 * Cuts a picture to the square around what is drawn, and resizes that to `size` x `size`.
 *
 * Designers leave different margins; without them, the same thing lies at the same place in all. The ground is
 * what is transparent; in an opaque picture, the colour of the corners where all four agree (a photograph is left
 * whole, made square by padding).
 *
 * @param image RGB or RGBA
 * @returns `[size, size, channels]`; where nothing is drawn, the whole picture
 */
export function trimToInk(image: RawImage, size: number): RawImage {
  const ground = groundColor(image);
  const { left, top, right, bottom } = inkBox(image, ground);
  const side = Math.ceil(Math.max(right - left, bottom - top) * MARGIN);
  const x = Math.round((left + right - side) / 2);
  const y = Math.round((top + bottom - side) / 2);
  const padded = padImage(image, {
    left: Math.max(0, -x),
    top: Math.max(0, -y),
    right: Math.max(0, x + side - image.width),
    bottom: Math.max(0, y + side - image.height),
    fill: ground ?? (image.channels === 4 ? 0 : 255),
  });
  const square = cropImage(padded, { left: Math.max(0, x), top: Math.max(0, y), width: side, height: side });
  return resizeImage(square, { width: size, height: size, filter: 'bilinear' });
}

/** The colour all four corners of an opaque picture share, or undefined. */
function groundColor({ data, width, height, channels }: RawImage): number[] | undefined {
  const corner = (x: number, y: number) => {
    const at = (y * width + x) * channels;
    return [...data.subarray(at, at + channels)];
  };
  const first = corner(0, 0);
  if (channels === 4 && first[3]! <= ALPHA_THRESHOLD) return undefined;
  const others = [corner(width - 1, 0), corner(0, height - 1), corner(width - 1, height - 1)];
  const agree = others.every((other) =>
    other.every((value, c) => Math.abs(value - first[c]!) <= COLOR_THRESHOLD),
  );
  return agree ? first : undefined;
}

function inkBox({ data, width, height, channels }: RawImage, ground: number[] | undefined) {
  const isInk = (at: number) =>
    ground
      ? ground.some((value, c) => Math.abs(data[at + c]! - value) > COLOR_THRESHOLD)
      : channels !== 4 || data[at + 3]! > ALPHA_THRESHOLD;
  let [left, top, right, bottom] = [width, height, 0, 0];
  for (let y = 0, at = 0; y < height; y++) {
    for (let x = 0; x < width; x++, at += channels) {
      if (!isInk(at)) continue;
      if (x < left) left = x;
      if (x >= right) right = x + 1;
      if (y < top) top = y;
      bottom = y + 1;
    }
  }
  return right > left ? { left, top, right, bottom } : { left: 0, top: 0, right: width, bottom: height };
}
