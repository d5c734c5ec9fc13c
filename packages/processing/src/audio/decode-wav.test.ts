import { expectClose, readGolden } from '@crossmodal/test-utils';
import { describe, expect, it } from 'vitest';
import { decodeWav } from './decode-wav';
import { toMono } from './to-mono';

const golden = readGolden(new URL('../../golden/audio.safetensors', import.meta.url));
const kinds = golden.names.filter((name) => /^wav\..*[^s]$/.test(name) && !name.endsWith('.values'));

interface Chunk {
  id: string;
  bytes: Uint8Array;
  /** What the file says instead of the true size. */
  claimed?: number;
}

/** A WAV file of chunks, padded to even places. */
function wav(...chunks: Chunk[]): Uint8Array {
  const parts = chunks.flatMap(({ id, bytes, claimed = bytes.length }) => [
    ascii(id),
    new Uint8Array(Uint32Array.of(claimed).buffer),
    bytes,
    new Uint8Array(bytes.length % 2),
  ]);
  return Uint8Array.from([...ascii('RIFF'), 0, 0, 0, 0, ...ascii('WAVE'), ...parts.flatMap((p) => [...p])]);
}

const ascii = (text: string) => Uint8Array.from(text, (c) => c.charCodeAt(0));

interface Fields {
  tag?: number;
  channels?: number;
  rate?: number;
  bits?: number;
  block?: number;
}

function format({ tag = 1, channels = 1, rate = 8000, bits = 16, block }: Fields = {}): Chunk {
  const blockAlign = block ?? (channels * bits) / 8;
  const view = new DataView(new ArrayBuffer(16));
  view.setUint16(0, tag, true);
  view.setUint16(2, channels, true);
  view.setUint32(4, rate, true);
  view.setUint32(8, rate * blockAlign, true);
  view.setUint16(12, blockAlign, true);
  view.setUint16(14, bits, true);
  return { id: 'fmt ', bytes: new Uint8Array(view.buffer) };
}

const data = (bytes: ArrayLike<number>, claimed?: number): Chunk => ({
  id: 'data',
  bytes: Uint8Array.from(bytes),
  ...(claimed !== undefined && { claimed }),
});

describe('decodeWav', () => {
  it('is tried on every kind of sample', () => {
    expect(kinds).toHaveLength(12);
  });

  it.each(kinds)('reads what libsndfile wrote: %s', (name) => {
    const file = Uint8Array.from(golden.array(name).values);
    const shifted = new Uint8Array(file.length + 3);
    shifted.set(file, 3);
    for (const bytes of [file, shifted.subarray(3)]) {
      const { channels, sampleRate } = decodeWav(bytes);
      expect(sampleRate).toBe(22_050);
      expect(channels.map((channel) => channel.length)).toEqual([21, 21, 21]);
      expectClose(
        channels.flatMap((channel) => [...channel]),
        golden.array(`${name}.values`).values,
        { absolute: 1e-7, relative: 0 },
      );
    }
  });

  it('takes chunks in any order, with others of odd sizes between them', () => {
    const note = { id: 'LIST', bytes: ascii('odd') };
    const { channels } = decodeWav(wav(note, data([0, 64, 0, 192]), note, format()));
    expect(channels).toEqual([Float32Array.of(0.5, -0.5)]);
  });

  it('takes the rest of a file whose writer did not know its size, and leaves half a sample', () => {
    expect(decodeWav(wav(format(), data([0, 64, 0, 32], 0xffffffff))).channels[0]).toHaveLength(2);
    expect(decodeWav(wav(format(), data([0, 64, 0]))).channels[0]).toHaveLength(1);
    expect(decodeWav(wav(format(), data([]))).channels[0]).toHaveLength(0);
  });

  it('refuses what is no WAV file, or lies', () => {
    const cases: [Uint8Array, string][] = [
      [ascii('RIFF'), 'decodeWav: bytes: expected a WAV file (RIFF, WAVE), received something else.'],
      [ascii('RIFF0000AVI LIST'), 'decodeWav: bytes: expected a WAV file'],
      [wav(data([0, 0])), 'decodeWav: expected a chunk "fmt ", received none.'],
      [wav(format()), 'decodeWav: expected a chunk "data", received none.'],
      [
        wav(format(), data([0, 0], 0xfffffff0)),
        'decodeWav: chunk "data": expected 4294967280 bytes, received 2; the file is cut off or damaged.',
      ],
      [
        wav({ id: 'fmt ', bytes: new Uint8Array(14) }, data([0, 0])),
        'decodeWav: chunk "fmt ": expected at least 16 bytes, received 14.',
      ],
      [
        wav(format({ tag: 0x55 }), data([0, 0])),
        'decodeWav: format: expected PCM (1) or float (3), received 85; convert the file to PCM.',
      ],
      [
        wav(format({ bits: 12 }), data([0, 0])),
        'decodeWav: bits a sample: expected 8, 16, 24, 32, received 12.',
      ],
      [wav(format({ channels: 0 }), data([0, 0])), 'decodeWav: channels: expected one or more, received 0.'],
      [wav(format({ rate: 0 }), data([0, 0])), 'decodeWav: sample rate: expected above 0, received 0.'],
      [
        wav(format({ channels: 65_535, block: 2 }), data([0, 0])),
        'decodeWav: block size: expected 131070 bytes for 65535 channels of 16 bits, received 2.',
      ],
    ];
    for (const [bytes, message] of cases) expect(() => decodeWav(bytes)).toThrow(message);
  });

  it('never throws anything but a DataError, whatever is cut or changed', () => {
    const file = wav(format(), data([1, 2, 3, 4, 5, 6]));
    for (let at = 0; at < file.length; at++)
      for (const bytes of [file.slice(0, at), file.map((byte, i) => (i === at ? 255 - byte : byte))]) {
        try {
          decodeWav(bytes);
        } catch (error) {
          expect((error as Error).name).toBe('DataError');
        }
      }
  });
});

describe('toMono', () => {
  it('is the mean of the channels', () => {
    const channels = [Float32Array.of(0.5, 1), Float32Array.of(0, -1), Float32Array.of(0.25, 0.75)];
    expect(toMono({ channels, sampleRate: 8000 })).toEqual({
      samples: Float32Array.of(0.25, 0.25),
      sampleRate: 8000,
    });
    expect(channels[0]).toEqual(Float32Array.of(0.5, 1));
  });

  it('says what is wrong', () => {
    expect(() => toMono({ channels: [], sampleRate: 1 })).toThrow(
      'toMono: channels: expected one or more, received none.',
    );
    const channels = [new Float32Array(2), new Float32Array(3)];
    expect(() => toMono({ channels, sampleRate: 1 })).toThrow(
      'toMono: channels: expected 2 samples in each, received 3.',
    );
  });
});
