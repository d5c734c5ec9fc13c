import { DataError } from '../errors';

/** Sound of one channel. */
export interface Waveform {
  /** Samples in [-1, 1]. */
  samples: Float32Array;
  /** Samples a second. */
  sampleRate: number;
}

/** Throws a DataError unless `waveform` holds sound that can be worked on. `what` begins the error's text. */
export function assertWaveform(waveform: Waveform, what: string): void {
  const { samples, sampleRate } = waveform;
  if (!(samples instanceof Float32Array))
    throw new DataError(`${what}: samples: expected a Float32Array, received ${kindOf(samples)}.`);
  if (samples.length === 0) throw new DataError(`${what}: samples: expected one or more, received none.`);
  if (!(Number.isInteger(sampleRate) && sampleRate > 0))
    throw new DataError(`${what}: sampleRate: expected a positive integer, received ${sampleRate}.`);
}

function kindOf(value: unknown): string {
  return typeof value === 'object' && value !== null ? value.constructor.name : typeof value;
}
