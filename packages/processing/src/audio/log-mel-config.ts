import { ConfigError } from '../errors';

/** How sound becomes a log-mel spectrogram. Lengths are in samples, frequencies in Hz. */
export interface LogMelConfig {
  /** Samples a second of the sound. */
  sampleRate: number;
  /** Samples of a frame. Default 400. */
  nFft?: number;
  /** Length of the Hann window, in the middle of the frame. Default `nFft`. */
  winLength?: number;
  /** From a frame to the next. Default `floor(winLength / 2)`. */
  hopLength?: number;
  /** Where the lowest band begins. Default 0. */
  fMin?: number;
  /** Where the highest band ends. Default `sampleRate / 2`. */
  fMax?: number;
  /** Bands. Default 128. */
  nMels?: number;
  /** Exponent of the magnitudes: 2 for power, 1 for magnitude. Default 2. */
  power?: number;
  /** Whether frame `t` has sample `t * hopLength` in its middle (or at its beginning). Default true. */
  center?: boolean;
  /** What lies beyond the ends, with `center`: the sound mirrored, or silence. Default `reflect`. */
  padMode?: 'reflect' | 'constant';
  /** Default `htk`. */
  melScale?: 'htk' | 'slaney';
  /** `slaney` divides each band by its width. Default: none. */
  norm?: 'slaney' | undefined;
  /**
   * - `log`: the natural logarithm of `mel + epsilon` (the default);
   * - `decibel`: `20 / power * log10(mel)`, of `mel` of at least 1e-10, and at most `topDb` below the greatest:
   *   torchaudio's `AmplitudeToDB`, librosa's `power_to_db`;
   * - `whisper`: `(log10(mel) + 4) / 4`, at most 8 decades below the greatest, without the last frame:
   *   Radford et al. 2022, section 2.2, and OpenAI's code;
   * - `none`.
   */
  log?: 'log' | 'decibel' | 'whisper' | 'none';
  /** Added before the logarithm of `log`. Default 1e-6. */
  epsilon?: number;
  /** Range of `decibel`; Infinity for no limit. Default 80. */
  topDb?: number;
}

/** Fills in the defaults and checks. `what` begins an error's text. */
export function checkLogMelConfig(config: LogMelConfig, what: string): Required<LogMelConfig> {
  const { sampleRate, nFft = 400, winLength = nFft, hopLength = Math.floor(winLength / 2) } = config;
  const { fMin = 0, fMax = sampleRate / 2, nMels = 128, power = 2, epsilon = 1e-6, topDb = 80 } = config;
  const { center = true, padMode = 'reflect', melScale = 'htk', norm, log = 'log' } = config;
  for (const [name, value] of Object.entries({ sampleRate, nFft, winLength, hopLength, nMels }))
    if (!(Number.isInteger(value) && value > 0))
      throw new ConfigError(`${what}: ${name}: expected a positive integer, received ${value}.`);
  if (winLength > nFft)
    throw new ConfigError(`${what}: winLength: expected at most nFft (${nFft}), received ${winLength}.`);
  if (!(fMin >= 0 && fMin < fMax))
    throw new ConfigError(`${what}: fMin: expected from 0 to below fMax (${fMax}), received ${fMin}.`);
  if (!(fMax <= sampleRate / 2))
    throw new ConfigError(
      `${what}: fMax: expected at most half the sample rate (${sampleRate / 2}), received ${fMax}.`,
    );
  for (const [name, value] of Object.entries({ power, epsilon, topDb }))
    if (!(value > 0)) throw new ConfigError(`${what}: ${name}: expected above 0, received ${value}.`);
  oneOf(`${what}: padMode`, padMode, ['reflect', 'constant']);
  oneOf(`${what}: melScale`, melScale, ['htk', 'slaney']);
  oneOf(`${what}: norm`, norm, ['slaney', undefined]);
  oneOf(`${what}: log`, log, ['log', 'decibel', 'whisper', 'none']);
  return {
    sampleRate,
    nFft,
    winLength,
    hopLength,
    fMin,
    fMax,
    nMels,
    power,
    center,
    padMode,
    melScale,
    norm,
    log,
    epsilon,
    topDb,
  };
}

function oneOf(what: string, value: unknown, known: readonly unknown[]): void {
  if (!known.includes(value))
    throw new ConfigError(`${what}: expected one of ${known.join(', ')}, received ${value}.`);
}
