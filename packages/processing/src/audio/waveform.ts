import { DataError } from '../errors';
import { describe } from '../image/raw-image';

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
    throw new DataError(`${what}: samples: expected a Float32Array, received ${describe(samples)}.`);
  if (samples.length === 0) throw new DataError(`${what}: samples: expected one or more, received none.`);
  if (!(Number.isInteger(sampleRate) && sampleRate > 0))
    throw new DataError(`${what}: sampleRate: expected a positive integer, received ${sampleRate}.`);
  const bad = samples.findIndex((sample) => !Number.isFinite(sample));
  if (bad >= 0)
    throw new DataError(`${what}: samples: expected finite numbers, received ${samples[bad]} at ${bad}.`);
}
