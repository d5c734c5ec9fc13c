import type { RawImage } from '@crossmodal/processing';
import { BOX_SIZE, BOX_STRIDE, BOXES, type Scene, type SceneObject } from './scene';

/** Smallest patch of a colour that counts: less is the blend at an edge. */
const MIN_AREA = 20;

/**
 * Objects in the pixels of a drawing: connected patches of black, yellow or blue. The shape is told by the part of its
 * frame that a patch fills: all for a square, pi / 4 for a circle, half for a triangle.
 */
export function findObjects({ data, width, height, channels }: RawImage): Scene {
  const colors = new Int8Array(width * height).map((_, i) => colorOf(data, i * channels));
  const found: Scene = [];
  for (let start = 0; start < colors.length; start++) {
    if (colors[start]! < 0) continue;
    const object = takePatch(colors, start, width);
    if (object) found.push(object);
  }
  return found;
}

function colorOf(data: ArrayLike<number>, at: number): number {
  const [red, green, blue] = [data[at]!, data[at + 1]!, data[at + 2]!];
  if (red < 60 && green < 60 && blue < 60) return 0;
  if (red > 200 && green > 200 && blue < 60) return 1;
  return red < 60 && green > 100 && blue > 200 ? 2 : -1;
}

/** Takes the patch of pixel `start` out of `colors`. */
function takePatch(colors: Int8Array, start: number, width: number): SceneObject | undefined {
  const color = colors[start]!;
  const waiting = [start];
  let area = 0;
  let [left, right, top, bottom] = [Infinity, -1, Infinity, -1];
  colors[start] = -1;
  for (let i = waiting.pop(); i !== undefined; i = waiting.pop()) {
    const [x, y] = [i % width, Math.floor(i / width)];
    area++;
    left = Math.min(left, x);
    right = Math.max(right, x);
    top = Math.min(top, y);
    bottom = Math.max(bottom, y);
    const beside = [...(x > 0 ? [i - 1] : []), ...(x < width - 1 ? [i + 1] : []), i - width, i + width];
    for (const next of beside)
      if (colors[next] === color) {
        colors[next] = -1;
        waiting.push(next);
      }
  }
  const size = { width: right - left + 1, height: bottom - top + 1 };
  const box = Math.min(BOXES - 1, Math.floor(left / BOX_STRIDE));
  const fill = area / (size.width * size.height);
  const shape = fill > 0.9 ? 0 : fill > 0.65 ? 1 : 2;
  return area < MIN_AREA || size.width > BOX_SIZE
    ? undefined
    : { box, color, shape, left: left - box * BOX_STRIDE, top, ...size };
}
