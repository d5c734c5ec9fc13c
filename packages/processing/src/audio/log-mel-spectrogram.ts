import { DataError } from '../errors';
import { checkLogMelConfig, type LogMelConfig } from './log-mel-config';
import { type MelFilter, melFilters } from './mel-filters';
import { RealFFT } from './real-fft';
import { assertWaveform, type Waveform } from './waveform';

/** Frames of sound, each with a value for each of some bands or coefficients. */
export interface Spectrogram {
  /** Frame after frame. */
  data: Float32Array;
  shape: [frames: number, bands: number];
}

/**
 * Turns sound into log-mel spectrograms, as `torchaudio.transforms.MelSpectrogram` (whose defaults these are) and
 * `librosa.feature.melspectrogram` do. Tables are made once, so keep the object.
 *
 * With `center`, sound that is shorter than half a frame is mirrored as often as needed, as NumPy does it.
 *
 * @example
 * const mels = new LogMelSpectrogram({ sampleRate: 16_000, hopLength: 160, nMels: 80 });
 * const { data, shape } = mels.compute({ samples: new Float32Array(16_000), sampleRate: 16_000 }); // shape [101, 80]
 */
export class LogMelSpectrogram {
  readonly config: Readonly<Required<LogMelConfig>>;
  private readonly fft: RealFFT;
  private readonly window: Float64Array;
  private readonly filters: MelFilter[];

  /** @throws ConfigError when an option is out of range. */
  constructor(config: LogMelConfig) {
    this.config = checkLogMelConfig(config, 'LogMelSpectrogram');
    const { nFft, winLength } = this.config;
    this.fft = new RealFFT(nFft);
    this.window = new Float64Array(nFft);
    const start = Math.floor((nFft - winLength) / 2);
    for (let i = 0; i < winLength; i++)
      this.window[start + i] = 0.5 - 0.5 * Math.cos((2 * Math.PI * i) / winLength);
    this.filters = melFilters(this.config);
  }

  /** Frames of sound of `length` samples; 0 for one that is too short. */
  numFrames(length: number): number {
    const { nFft, hopLength, center, log } = this.config;
    const padded = center ? length + 2 * Math.floor(nFft / 2) : length;
    const frames = padded < nFft ? 0 : Math.floor((padded - nFft) / hopLength) + 1;
    return log === 'whisper' ? Math.max(0, frames - 1) : frames;
  }

  /**
   * @returns float32, shape [frames, nMels].
   * @throws DataError when the waveform is malformed, too short for one frame, or of another sample rate.
   */
  compute(waveform: Waveform): Spectrogram {
    assertWaveform(waveform, 'LogMelSpectrogram: waveform');
    const { nMels, sampleRate, nFft, hopLength, power, log } = this.config;
    if (waveform.sampleRate !== sampleRate)
      throw new DataError(
        `LogMelSpectrogram: waveform: expected ${sampleRate} samples a second, received ${waveform.sampleRate}; ` +
          'use resampleAudio first.',
      );
    const { samples } = waveform;
    const frames = this.numFrames(samples.length);
    if (frames === 0)
      throw new DataError(
        `LogMelSpectrogram: waveform: expected samples for at least one frame of ${nFft}, received ${samples.length}.`,
      );
    const padded = this.pad(samples);
    const data = new Float32Array(frames * nMels);
    const frame = new Float64Array(nFft);
    const spectrum = new Float64Array(this.fft.bins);
    for (let t = 0; t < frames; t++) {
      const start = t * hopLength;
      for (let i = 0; i < nFft; i++) frame[i] = padded[start + i]! * this.window[i]!;
      this.fft.powers(frame, spectrum);
      if (power === 1) for (let k = 0; k < spectrum.length; k++) spectrum[k] = Math.sqrt(spectrum[k]!);
      else if (power !== 2)
        for (let k = 0; k < spectrum.length; k++) spectrum[k] = spectrum[k]! ** (power / 2);
      for (let m = 0; m < nMels; m++) {
        const { first, weights } = this.filters[m]!;
        let sum = 0;
        for (let k = 0; k < weights.length; k++) sum += weights[k]! * spectrum[first + k]!;
        data[t * nMels + m] = sum;
      }
    }
    if (log !== 'none') this.takeLogarithm(data);
    return { data, shape: [frames, nMels] };
  }

  private pad(samples: Float32Array): Float32Array {
    const { center, padMode, nFft } = this.config;
    if (!center) return samples;
    const { length } = samples;
    const side = Math.floor(nFft / 2);
    const padded = new Float32Array(length + 2 * side);
    padded.set(samples, side);
    if (padMode === 'constant') return padded;
    const period = Math.max(1, 2 * (length - 1));
    const mirrored = (at: number) => {
      const place = Math.abs(at) % period;
      return samples[Math.min(place, length === 1 ? 0 : period - place)]!;
    };
    for (let i = 1; i <= side; i++) {
      padded[side - i] = mirrored(-i);
      padded[side + length - 1 + i] = mirrored(length - 1 + i);
    }
    return padded;
  }

  private takeLogarithm(data: Float32Array): void {
    const { log, epsilon, topDb, power } = this.config;
    if (log === 'log') {
      for (let i = 0; i < data.length; i++) data[i] = Math.log(data[i]! + epsilon);
      return;
    }
    const whisper = log === 'whisper';
    const scale = whisper ? 1 : 20 / power;
    let greatest = -Infinity;
    for (let i = 0; i < data.length; i++) {
      const value = scale * Math.log10(Math.max(data[i]!, 1e-10));
      data[i] = value;
      if (value > greatest) greatest = value;
    }
    const least = greatest - (whisper ? 8 : topDb);
    for (let i = 0; i < data.length; i++) {
      const value = Math.max(data[i]!, least);
      data[i] = whisper ? (value + 4) / 4 : value;
    }
  }
}
