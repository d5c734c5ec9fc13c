import { describe, expect, it } from 'vitest';
import { trimToInk } from './trim-to-ink';

/** A picture with one filled rectangle. */
function rectangle(
  width: number,
  height: number,
  box: [number, number, number, number],
  ground: number[],
  ink: number[],
) {
  const data = new Uint8Array(width * height * ground.length);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const inside = x >= box[0] && y >= box[1] && x < box[2] && y < box[3];
      data.set(inside ? ink : ground, (y * width + x) * ground.length);
    }
  }
  return { data, width, height, channels: ground.length as 3 | 4 };
}

/** Left, top, right, bottom of what satisfies the test. */
function box(size: number, isInside: (at: number) => boolean) {
  const inside = Array.from({ length: size * size }, (_, i) => i).filter(isInside);
  const xs = inside.map((i) => i % size);
  const ys = inside.map((i) => Math.floor(i / size));
  return [Math.min(...xs), Math.min(...ys), Math.max(...xs) + 1, Math.max(...ys) + 1];
}

describe('trimToInk', () => {
  it('centres the ink in the square, wherever it lay', () => {
    // 40 wide, 20 high at the top right: the square around it is 43 wide and sticks out of the picture.
    const image = rectangle(100, 60, [60, 0, 100, 20], [0, 0, 0, 0], [200, 10, 10, 255]);
    const { data, width, height } = trimToInk(image, 86);
    expect([width, height]).toEqual([86, 86]);
    const [left, top, right, bottom] = box(86, (i) => data[i * 4 + 3]! > 128) as [
      number,
      number,
      number,
      number,
    ];
    expect(right - left).toBe(80);
    expect(bottom - top).toBe(40);
    expect(Math.abs(left + right - 86)).toBeLessThanOrEqual(2);
    expect(Math.abs(top + bottom - 86)).toBeLessThanOrEqual(2);
  });

  it('takes the colour of the corners for the ground of an opaque picture', () => {
    const image = rectangle(50, 50, [10, 10, 30, 30], [0, 0, 120], [250, 250, 0]);
    const { data } = trimToInk(image, 44);
    const [left, , right] = box(44, (i) => data[i * 3]! > 125) as [number, number, number, number];
    expect(right - left).toBe(40);
    expect([...data.subarray(0, 3)]).toEqual([0, 0, 120]);
  });

  it('leaves a picture whole whose corners differ, and one with nothing on it', () => {
    const photo = rectangle(50, 50, [0, 0, 25, 25], [0, 0, 120], [250, 250, 0]);
    const { data } = trimToInk(photo, 53);
    const yellow = box(53, (i) => data[i * 3]! > 125 && data[i * 3 + 2]! < 100) as [
      number,
      number,
      number,
      number,
    ];
    expect(yellow[2] - yellow[0]).toBe(25);
    expect(
      trimToInk(rectangle(8, 8, [0, 0, 0, 0], [0, 0, 0, 0], [1, 1, 1, 1]), 4).data.every((v) => v === 0),
    ).toBe(true);
  });
});
