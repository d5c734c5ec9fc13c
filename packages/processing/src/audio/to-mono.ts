import { DataError } from '../errors';
import type { AudioClip } from './decode-wav';
import type { Waveform } from './waveform';

/**
 * The mean of the channels.
 *
 * @throws DataError when there is no channel, or their lengths differ.
 * @example
 * const waveform = toMono(decodeWav(bytes));
 */
export function toMono({ channels, sampleRate }: AudioClip): Waveform {
  const [first, ...others] = channels;
  if (!first) throw new DataError('toMono: channels: expected one or more, received none.');
  const wrong = others.find((channel) => channel.length !== first.length);
  if (wrong)
    throw new DataError(
      `toMono: channels: expected ${first.length} samples in each, received ${wrong.length}.`,
    );
  const samples = first.slice();
  if (others.length > 0)
    for (let i = 0; i < samples.length; i++) {
      let sum = first[i]!;
      for (const channel of others) sum += channel[i]!;
      samples[i] = sum / channels.length;
    }
  return { samples, sampleRate };
}
