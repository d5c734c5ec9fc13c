// Pictures for bench/preprocess.ts: smooth noise of several scales with grain, from a seed, as JPEG and PNG.
import { existsSync, mkdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';

const sharp = createRequire(new URL('../../packages/processing/package.json', import.meta.url))('sharp');

const sizes = [
  ...Array(12).fill([640, 480]),
  ...Array(6).fill([1280, 720]),
  ...Array(4).fill([1920, 1080]),
  ...Array(2).fill([1080, 1440]),
] as [number, number][];

/** Writes the photos into `.cache/bench/photos` where they are missing; their paths. Two are PNGs. */
export async function photos(): Promise<string[]> {
  const folder = fileURLToPath(new URL('../../.cache/bench/photos/', import.meta.url));
  mkdirSync(folder, { recursive: true });
  const files: string[] = [];
  for (const [i, [width, height]] of sizes.entries()) {
    const isPng = i === 10 || i === 11;
    const file = `${folder}${i}-${width}x${height}.${isPng ? 'png' : 'jpg'}`;
    if (!existsSync(file)) {
      const raw = { width, height, channels: 3 as const };
      const picture = sharp(noise(i + 1, width, height), { raw });
      await (isPng ? picture.png() : picture.jpeg({ quality: 90 })).toFile(file);
    }
    files.push(file);
  }
  return files;
}

function noise(seed: number, width: number, height: number): Uint8ClampedArray {
  let state = seed;
  const random = () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32 - 0.5;
  };
  const sums = new Float32Array(width * height * 3).fill(128);
  for (const [cells, strength] of [
    [3, 220],
    [12, 120],
    [60, 60],
    [250, 30],
  ] as const) {
    const rows = Math.ceil((cells * height) / width) + 2;
    const grid = Float32Array.from({ length: rows * (cells + 2) * 3 }, random);
    for (let y = 0, i = 0; y < height; y++) {
      const gy = (y * cells) / width;
      for (let x = 0; x < width; x++) {
        const gx = (x * cells) / width;
        const [fx, fy] = [gx % 1, gy % 1];
        const at = (Math.floor(gy) * (cells + 2) + Math.floor(gx)) * 3;
        const below = at + (cells + 2) * 3;
        for (let c = 0; c < 3; c++, i++) {
          const top = grid[at + c]! * (1 - fx) + grid[at + 3 + c]! * fx;
          const bottom = grid[below + c]! * (1 - fx) + grid[below + 3 + c]! * fx;
          sums[i]! += strength * (top * (1 - fy) + bottom * fy);
        }
      }
    }
  }
  return Uint8ClampedArray.from(sums, (value) => value + 8 * random());
}
