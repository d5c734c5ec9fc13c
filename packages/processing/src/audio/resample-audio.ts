import { ConfigError, DataError } from '../errors';
import { assertWaveform, type Waveform } from './waveform';

export interface ResampleAudioOptions {
  /** Zero crossings of the sinc on each side. More is sharper and slower. Default 6. */
  lowpassFilterWidth?: number;
  /** Cut-off, as a share of the lower of both Nyquist frequencies, (0, 1]. Default 0.99. */
  rolloff?: number;
}

/** 4.6 hours at 16 kHz, a GiB: a file that claims a rate of 1 Hz must not take all memory. */
const MOST_SAMPLES = 2 ** 28;

/**
 * Sound at another sample rate, through a sinc filter with a Hann window: `torchaudio.functional.resample`.
 *
 * @param sampleRate Samples a second of the result.
 * @returns `ceil(length * sampleRate / waveform.sampleRate)` samples.
 * @throws DataError when the waveform is empty or malformed, or the result would be above a GiB; ConfigError on bad options.
 * @example
 * const { samples } = resampleAudio({ samples: new Float32Array(8000), sampleRate: 8000 }, 16_000); // 16,000 of them
 *
 * Smith and Gossett 1984, "A flexible sampling-rate conversion method".
 */
export function resampleAudio(
  waveform: Waveform,
  sampleRate: number,
  { lowpassFilterWidth = 6, rolloff = 0.99 }: ResampleAudioOptions = {},
): Waveform {
  assertWaveform(waveform, 'resampleAudio: waveform');
  if (!(Number.isInteger(sampleRate) && sampleRate > 0))
    throw new ConfigError(
      `resampleAudio: sampleRate: expected a positive integer, received ${sampleRate}; round it.`,
    );
  if (!(Number.isInteger(lowpassFilterWidth) && lowpassFilterWidth > 0))
    throw new ConfigError(
      `resampleAudio: lowpassFilterWidth: expected a positive integer, received ${lowpassFilterWidth}.`,
    );
  if (!(rolloff > 0 && rolloff <= 1))
    throw new ConfigError(`resampleAudio: rolloff: expected (0, 1], received ${rolloff}.`);
  const { samples } = waveform;
  const divisor = greatestCommonDivisor(waveform.sampleRate, sampleRate);
  const from = waveform.sampleRate / divisor;
  const to = sampleRate / divisor;
  if (from === to) return { samples: samples.slice(), sampleRate };

  const bandwidth = Math.min(from, to) * rolloff;
  const reach = (lowpassFilterWidth * from) / bandwidth; // of the filter, in samples of the source
  const numTaps = 2 * Math.ceil(reach) + 1;
  const length = Math.ceil((to * samples.length) / from);
  if (length > MOST_SAMPLES)
    throw new DataError(
      `resampleAudio: waveform: expected at most ${MOST_SAMPLES} samples at ${sampleRate} a second, received ${length}.`,
    );
  const result = new Float32Array(length);
  const taps = new Float64Array(numTaps);
  // Results whose places fall alike between two samples share a filter.
  for (let phase = 0; phase < Math.min(to, length); phase++) {
    const place = (phase * from) / to;
    const first = Math.ceil(place - reach);
    for (let k = 0; k < numTaps; k++)
      taps[k] = filterAt(((first + k - place) * bandwidth) / from, lowpassFilterWidth) * (bandwidth / from);
    for (let i = phase, start = first; i < length; i += to, start += from) {
      const begin = Math.max(0, -start);
      const end = Math.min(numTaps, samples.length - start);
      let sum = 0;
      for (let k = begin; k < end; k++) sum += taps[k]! * samples[start + k]!;
      result[i] = sum;
    }
  }
  return { samples: result, sampleRate };
}

/** Windowed sinc at `x` zero crossings from its middle. */
function filterAt(x: number, width: number): number {
  if (Math.abs(x) >= width) return 0;
  const sinc = x === 0 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x);
  return sinc * Math.cos((Math.PI * x) / (2 * width)) ** 2;
}

function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestCommonDivisor(b, a % b);
}
