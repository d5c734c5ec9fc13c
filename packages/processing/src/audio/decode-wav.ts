import { DataError } from '../errors';

/** Sound as a file has it. */
export interface AudioClip {
  /** Samples in [-1, 1] of each channel, all of one length. */
  channels: Float32Array[];
  /** Samples a second. */
  sampleRate: number;
}

const PCM = 1;
const FLOAT = 3;
const EXTENSIBLE = 0xfffe;
/** Size that programs write which stream, and do not know it yet. */
const UNKNOWN_SIZE = 0xffffffff;

interface Format {
  tag: number;
  numChannels: number;
  sampleRate: number;
  bits: number;
}

/**
 * Reads a WAV file: whole numbers of 8, 16, 24 or 32 bits, or floats of 32 or 64; any number of channels. What the
 * file claims is checked against its length before memory is taken, which is at most four times that of the file.
 *
 * @param bytes The whole file.
 * @throws DataError when it is no WAV file, is damaged or cut off, or is compressed.
 * @example
 * const { samples, sampleRate } = toMono(decodeWav(await readFile('hello.wav')));
 */
export function decodeWav(bytes: Uint8Array): AudioClip {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < 12 || name(view, 0) !== 'RIFF' || name(view, 8) !== 'WAVE')
    throw new DataError('decodeWav: bytes: expected a WAV file (RIFF, WAVE), received something else.');
  const { format, data } = chunks(view);
  const { numChannels, sampleRate, tag, bits } = format;
  const size = bits / 8;
  const read = sampleReader(data, tag, bits);
  const length = Math.floor(data.byteLength / (size * numChannels));
  const channels = Array.from({ length: numChannels }, () => new Float32Array(length));
  channels.forEach((channel, c) => {
    for (let i = 0; i < length; i++) channel[i] = read((i * numChannels + c) * size);
  });
  return { channels, sampleRate };
}

/** Format and samples, in whatever order the chunks are and whatever lies between them. */
function chunks(view: DataView): { format: Format; data: DataView } {
  let format: Format | undefined;
  let data: DataView | undefined;
  for (let at = 12; at + 8 <= view.byteLength && !(format && data); ) {
    const id = name(view, at);
    const claimed = view.getUint32(at + 4, true);
    const start = at + 8;
    const rest = view.byteLength - start;
    const size = id === 'data' && claimed === UNKNOWN_SIZE ? rest : claimed;
    if (size > rest)
      throw new DataError(
        `decodeWav: chunk "${id}": expected ${size} bytes, received ${rest}; the file is cut off or damaged.`,
      );
    if (id === 'fmt ') format ??= readFormat(view, start, size);
    if (id === 'data') data ??= new DataView(view.buffer, view.byteOffset + start, size);
    at = start + size + (size % 2); // chunks begin at even places
  }
  if (!format) throw new DataError('decodeWav: expected a chunk "fmt ", received none.');
  if (!data) throw new DataError('decodeWav: expected a chunk "data", received none.');
  return { format, data };
}

function readFormat(view: DataView, at: number, size: number): Format {
  if (size < 16)
    throw new DataError(`decodeWav: chunk "fmt ": expected at least 16 bytes, received ${size}.`);
  let tag = view.getUint16(at, true);
  const numChannels = view.getUint16(at + 2, true);
  const sampleRate = view.getUint32(at + 4, true);
  const blockAlign = view.getUint16(at + 12, true);
  const bits = view.getUint16(at + 14, true);
  if (tag === EXTENSIBLE && size >= 40) tag = view.getUint16(at + 24, true); // begins the subformat's GUID
  const known = tag === PCM ? [8, 16, 24, 32] : tag === FLOAT ? [32, 64] : undefined;
  if (!known)
    throw new DataError(
      `decodeWav: format: expected PCM (1) or float (3), received ${tag}; convert the file to PCM.`,
    );
  if (!known.includes(bits))
    throw new DataError(`decodeWav: bits a sample: expected ${known.join(', ')}, received ${bits}.`);
  if (numChannels === 0) throw new DataError('decodeWav: channels: expected one or more, received 0.');
  if (sampleRate === 0) throw new DataError('decodeWav: sample rate: expected above 0, received 0.');
  if (blockAlign !== (numChannels * bits) / 8)
    throw new DataError(
      `decodeWav: block size: expected ${(numChannels * bits) / 8} bytes for ${numChannels} channels of ${bits} bits, ` +
        `received ${blockAlign}.`,
    );
  return { tag, numChannels, sampleRate, bits };
}

function sampleReader(data: DataView, tag: number, bits: number): (at: number) => number {
  if (tag === FLOAT)
    return bits === 32 ? (at) => data.getFloat32(at, true) : (at) => data.getFloat64(at, true);
  if (bits === 8) return (at) => (data.getUint8(at) - 128) / 128; // unsigned, unlike the others
  if (bits === 16) return (at) => data.getInt16(at, true) / 2 ** 15;
  if (bits === 24) return (at) => (data.getUint8(at) | (data.getInt16(at + 1, true) << 8)) / 2 ** 23;
  return (at) => data.getInt32(at, true) / 2 ** 31;
}

function name(view: DataView, at: number): string {
  return String.fromCharCode(...[0, 1, 2, 3].map((i) => view.getUint8(at + i)));
}
