import type { RawImage } from '@crossmodal/processing';

/** Whether the terminal shows 24-bit colours. */
export function showsColours(stream: NodeJS.WriteStream): boolean {
  return stream.isTTY === true && stream.getColorDepth() >= 24;
}

/**
 * RGB pictures of one size side by side as lines of text: each character is two pixels, an upper half block over a
 * background colour.
 */
export function terminalPictures(pictures: readonly RawImage[]): string {
  const [first] = pictures;
  if (!first) return '';
  const lines: string[] = [];
  for (let y = 0; y + 1 < first.height; y += 2) {
    const parts = pictures.map((picture) => {
      let line = '';
      for (let x = 0; x < picture.width; x++) {
        line += `\x1b[38;2;${pixel(picture, x, y)}m\x1b[48;2;${pixel(picture, x, y + 1)}m▀`;
      }
      return `${line}\x1b[0m`;
    });
    lines.push(parts.join('  '));
  }
  return lines.join('\n');
}

function pixel({ data, width, channels }: RawImage, x: number, y: number): string {
  const at = (y * width + x) * channels;
  return `${data[at]};${data[at + 1]};${data[at + 2]}`;
}
