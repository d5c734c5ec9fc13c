import { readFileSync } from 'node:fs';
import { decodeWav, toMono, type Waveform } from '@crossmodal/processing';

/** A recording of the Free Spoken Digit Dataset. */
export interface SpokenDigit {
  waveform: Waveform;
  /** 0 to 9. */
  digit: number;
  speaker: string;
}

const BLOCK = 512;

/** The recordings of a tar of files named `7_jackson_32.wav`, in the order of their names. */
export function readDigits(path: string): SpokenDigit[] {
  const tar = new Uint8Array(readFileSync(path));
  const text = (at: number, length: number) =>
    new TextDecoder().decode(tar.subarray(at, at + length)).split('\0', 1)[0]!;
  const digits = new Map<string, SpokenDigit>();
  for (let at = 0; at + BLOCK <= tar.length && tar[at] !== 0; ) {
    const name = text(at, 100);
    const size = Number.parseInt(text(at + 124, 12), 8);
    const [, digit, speaker] = /(?:^|\/)(\d)_([a-z]+)_\d+\.wav$/.exec(name) ?? [];
    if (digit !== undefined && speaker !== undefined) {
      const waveform = toMono(decodeWav(tar.subarray(at + BLOCK, at + BLOCK + size)));
      digits.set(name, { waveform, digit: Number(digit), speaker });
    }
    at += BLOCK * (1 + Math.ceil(size / BLOCK));
  }
  return [...digits].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, digit]) => digit);
}
