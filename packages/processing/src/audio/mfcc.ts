import { ConfigError } from '../errors';
import type { Spectrogram } from './log-mel-spectrogram';

/**
 * Mel-frequency cepstral coefficients: the first ones of each frame's discrete cosine transform (type 2, orthonormal).
 * Of a spectrogram in decibels they are those of `torchaudio.transforms.MFCC` and `librosa.feature.mfcc`.
 *
 * @param spectrogram Of {@link LogMelSpectrogram}.
 * @param numCoefficients At most as many as there are bands. Default 40.
 * @returns float32, shape [frames, numCoefficients].
 * @throws ConfigError when there are fewer bands.
 * @example
 * const mels = new LogMelSpectrogram({ sampleRate: 8000, nMels: 64, log: 'decibel' });
 * const { shape } = mfcc(mels.compute(waveform), 20); // [frames, 20]
 *
 * Davis and Mermelstein 1980, equation 1.
 */
export function mfcc({ data, shape }: Spectrogram, numCoefficients = 40): Spectrogram {
  const [frames, bands] = shape;
  if (!(Number.isInteger(numCoefficients) && numCoefficients > 0 && numCoefficients <= bands))
    throw new ConfigError(
      `mfcc: numCoefficients: expected an integer from 1 to the number of bands (${bands}), received ${numCoefficients}.`,
    );
  const basis = new Float64Array(numCoefficients * bands);
  for (let k = 0; k < numCoefficients; k++)
    for (let m = 0; m < bands; m++)
      basis[k * bands + m] =
        Math.sqrt((k === 0 ? 1 : 2) / bands) * Math.cos((Math.PI / bands) * (m + 0.5) * k);
  const result = new Float32Array(frames * numCoefficients);
  for (let t = 0; t < frames; t++)
    for (let k = 0; k < numCoefficients; k++) {
      let sum = 0;
      for (let m = 0; m < bands; m++) sum += basis[k * bands + m]! * data[t * bands + m]!;
      result[t * numCoefficients + k] = sum;
    }
  return { data: result, shape: [frames, numCoefficients] };
}
