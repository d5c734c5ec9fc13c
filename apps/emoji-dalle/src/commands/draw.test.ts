import { describe, expect, it } from 'vitest';
import { fileName, growingPictures } from './draw';

/** A terminal, or none, and what was written to it. */
function stream(isTTY: boolean, columns = 80) {
  const written: string[] = [];
  const write = (text: string) => written.push(text) > 0;
  return { written, stream: { isTTY, columns, getColorDepth: () => 24, write } as never };
}

/** Pictures of one colour. */
const images = (count: number, width: number, height: number) =>
  Array.from({ length: count }, () => ({
    ...{ prompt: '', tokens: [], rows: 0 },
    picture: {
      data: new Uint8ClampedArray(width * height * 3).fill(200),
      width,
      height,
      channels: 3 as const,
    },
  }));

describe('growingPictures', () => {
  it('goes back to the top before it draws more rows', () => {
    const { written, stream: terminal } = stream(true);
    const show = growingPictures(terminal);
    show(images(1, 8, 4));
    show(images(1, 8, 8));
    expect(written[0]!.startsWith('\x1b[38;2;200;200;200m')).toBe(true);
    expect(written[0]!.split('\n')).toHaveLength(2 + 1);
    expect(written[1]!.startsWith('\x1b[2A\x1b[38;2')).toBe(true);
    expect(written[1]!.split('\n')).toHaveLength(4 + 1);
  });

  it('shows as many pictures as fit', () => {
    const { written, stream: terminal } = stream(true, 28); // 8 + 2 + 8 + 2 + 8
    growingPictures(terminal)(images(5, 8, 2));
    expect(written[0]!.match(/▀/g)).toHaveLength(3 * 8);
  });

  it('writes nothing where there is no terminal', () => {
    const { written, stream: file } = stream(false);
    growingPictures(file)(images(1, 8, 4));
    expect(written).toEqual([]);
  });
});

describe('fileName', () => {
  it('keeps letters of any script, and leaves no path', () => {
    expect(fileName('Red heart, with FIRE!')).toBe('red-heart-with-fire');
    expect(fileName('../生日 蛋糕')).toBe('生日-蛋糕');
    expect(fileName('!?')).toBe('picture');
  });
});
