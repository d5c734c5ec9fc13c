import type { Spectrogram } from './log-mel-spectrogram';

/**
 * Each band with mean 0 and deviation 1 over the frames, so that neither the voice's nor the microphone's colour counts;
 * a band that does not change becomes zeros.
 *
 * @example
 * const { data } = normalizeBands(mels.compute(waveform));
 */
export function normalizeBands({ data: values, shape }: Spectrogram): Spectrogram {
  const [frames, bands] = shape;
  const data = values.slice();
  for (let m = 0; m < bands; m++) {
    let sum = 0;
    let squares = 0;
    for (let i = m; i < data.length; i += bands) sum += data[i]!;
    const mean = sum / frames;
    for (let i = m; i < data.length; i += bands) squares += (data[i]! - mean) ** 2;
    const scale = 1 / Math.max(Math.sqrt(squares / frames), 1e-5);
    for (let i = m; i < data.length; i += bands) data[i] = (data[i]! - mean) * scale;
  }
  return { data, shape };
}
