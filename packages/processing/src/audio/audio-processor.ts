import { ConfigError, DataError } from '../errors';
import { decodeWav } from './decode-wav';
import type { LogMelConfig } from './log-mel-config';
import { LogMelSpectrogram, type Spectrogram } from './log-mel-spectrogram';
import { normalizeBands } from './normalize-bands';
import { resampleAudio } from './resample-audio';
import { toMono } from './to-mono';
import { assertWaveform, type Waveform } from './waveform';

export interface AudioProcessorConfig extends LogMelConfig {
  /** Samples to which each sound is cut, or filled up with silence, at `sampleRate`. Default: as long as it is. */
  numSamples?: number;
  /** Whether each band is brought to mean 0 and deviation 1 over the frames of each sound. Default false. */
  normalize?: boolean;
}

/** A batch of sounds as a model takes it. */
export interface AudioFeatures {
  /** Log-mel values, zeros where there is padding. */
  data: Float32Array;
  /** 1 where there is sound, 0 where there is padding, [batch, frames]. */
  mask: Int32Array;
  /** Of `data`. */
  shape: [batch: number, frames: number, mels: number];
}

/**
 * Prepares sound for a model: one channel, the sample rate, the log-mel spectrogram,
 * padded to the longest of the batch.
 *
 * @example
 * const processor = new AudioProcessor({ sampleRate: 8000, nFft: 256, hopLength: 80, nMels: 40, normalize: true });
 * const { data, mask, shape } = processor.process([waveform, await readFile('yes.wav')]);
 * const features = tf.tensor3d(data, shape);
 */
export class AudioProcessor {
  readonly spectrogram: LogMelSpectrogram;
  readonly numSamples: number | undefined;
  readonly normalize: boolean;

  /** @throws ConfigError when an option is out of range. */
  constructor({ numSamples, normalize = false, ...config }: AudioProcessorConfig) {
    if (numSamples !== undefined && !(Number.isInteger(numSamples) && numSamples > 0))
      throw new ConfigError(
        `AudioProcessor: numSamples: expected a positive integer, received ${numSamples}.`,
      );
    this.spectrogram = new LogMelSpectrogram(config);
    this.numSamples = numSamples;
    this.normalize = normalize;
  }

  /** What Whisper hears: 80 bands of 30 s at 16 kHz. Radford et al. 2022, section 2.2. */
  static whisper(): AudioProcessor {
    return new AudioProcessor({
      sampleRate: 16_000,
      nFft: 400,
      hopLength: 160,
      nMels: 80,
      melScale: 'slaney',
      norm: 'slaney',
      log: 'whisper',
      numSamples: 480_000,
    });
  }

  /** One sound, [frames, mels]. */
  prepare(waveform: Waveform): Spectrogram {
    const { sampleRate } = this.spectrogram.config;
    assertWaveform(waveform, 'AudioProcessor: waveform');
    const same = waveform.sampleRate === sampleRate;
    const { samples } = same ? waveform : resampleAudio(waveform, sampleRate);
    const features = this.spectrogram.compute({ samples: this.fit(samples), sampleRate });
    return this.normalize ? normalizeBands(features) : features;
  }

  /**
   * @param sounds One or several waveforms of any sample rate, or the bytes of WAV files.
   * @throws DataError when a sound cannot be used (it names which).
   */
  process(sounds: Waveform | Uint8Array | readonly (Waveform | Uint8Array)[]): AudioFeatures {
    const inputs = Array.isArray(sounds) ? (sounds as readonly (Waveform | Uint8Array)[]) : [sounds];
    if (inputs.length === 0)
      throw new DataError('AudioProcessor.process: sounds: expected at least one, received none.');
    const prepared = inputs.map((input, i) => {
      try {
        return this.prepare(input instanceof Uint8Array ? toMono(decodeWav(input)) : (input as Waveform));
      } catch (cause) {
        if (!(cause instanceof DataError)) throw cause;
        throw new DataError(`AudioProcessor.process: sounds[${i}]: ${cause.message}`, { cause });
      }
    });
    const mels = this.spectrogram.config.nMels;
    const frames = Math.max(...prepared.map(({ shape }) => shape[0]));
    const data = new Float32Array(prepared.length * frames * mels);
    const mask = new Int32Array(prepared.length * frames);
    prepared.forEach((sound, i) => {
      data.set(sound.data, i * frames * mels);
      mask.fill(1, i * frames, i * frames + sound.shape[0]);
    });
    return { data, mask, shape: [prepared.length, frames, mels] };
  }

  private fit(samples: Float32Array): Float32Array {
    const { numSamples = samples.length } = this;
    if (samples.length >= numSamples) return samples.subarray(0, numSamples);
    const filled = new Float32Array(numSamples);
    filled.set(samples);
    return filled;
  }
}
