import { readFileSync } from 'node:fs';

/** Files that Pillow wrote, and the pixels it reads from them (golden/decode.py). */
export function decodeGolden() {
  const { cases } = JSON.parse(
    readFileSync(new URL('../../../golden/decode.json', import.meta.url), 'utf8'),
  ) as {
    cases: { name: string; file: string; size: [number, number]; rgb: string; rgba?: string }[];
  };
  const bytes = (text: string) => Uint8Array.from(Buffer.from(text, 'base64'));
  return cases.map(({ name, file, size, rgb, rgba }) => ({
    name,
    file: bytes(file),
    size,
    rgb: bytes(rgb),
    rgba: rgba === undefined ? undefined : bytes(rgba),
  }));
}
