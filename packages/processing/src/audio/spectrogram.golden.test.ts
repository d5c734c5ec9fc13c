import { expectClose, readGolden } from '@crossmodal/test-utils';
import { describe, expect, it } from 'vitest';
import { AudioProcessor } from './audio-processor';
import type { LogMelConfig } from './log-mel-config';
import { LogMelSpectrogram } from './log-mel-spectrogram';
import { mfcc } from './mfcc';

const golden = readGolden(new URL('../../golden/audio.safetensors', import.meta.url));
const close = { absolute: 1e-4, relative: 1e-4 };
const sound = (name: string, sampleRate = 8000) => ({
  samples: golden.array(name).values as Float32Array,
  sampleRate,
});

function expectSpectrogram(name: string, config: Partial<LogMelConfig>, wave = 'wave', tolerance = close) {
  const { data, shape } = new LogMelSpectrogram({ sampleRate: 8000, ...config }).compute(sound(wave));
  expect(shape).toEqual(golden.array(name).shape);
  expectClose(data, golden.array(name).values, tolerance);
}

describe('LogMelSpectrogram', () => {
  const cases: Record<string, Partial<LogMelConfig>> = {
    defaults: { nMels: 24 },
    window: { nFft: 256, winLength: 200, hopLength: 80, nMels: 20, fMin: 60, fMax: 3800 },
    slaney: { nFft: 360, hopLength: 100, nMels: 18, norm: 'slaney', melScale: 'slaney', power: 1 },
    constant: { nFft: 210, hopLength: 64, nMels: 12, padMode: 'constant' },
    uncentered: { nFft: 256, hopLength: 90, nMels: 16, center: false, power: 1.5 },
  };
  it.each(Object.entries(cases))("is torchaudio's: %s", (name, config) => {
    expectSpectrogram(`torchaudio.${name}`, { ...config, log: 'none' });
    expectSpectrogram(`torchaudio.${name}.log`, config);
    if (config.power !== 1.5)
      expectSpectrogram(`torchaudio.${name}.decibel`, { ...config, log: 'decibel', topDb: 30 });
  });

  it("is librosa's", () => {
    const common = { nFft: 300, hopLength: 75, nMels: 22, log: 'decibel' } as const;
    const slaney = { melScale: 'slaney', norm: 'slaney' } as const;
    expectSpectrogram('librosa.defaults.decibel', { ...common, ...slaney });
    const htk = { winLength: 250, fMin: 100, fMax: 3000, topDb: 25, padMode: 'constant' } as const;
    expectSpectrogram('librosa.htk.decibel', { ...common, ...htk });
  });

  it('mirrors sound again that is shorter than half a frame, as NumPy does', () => {
    const config = { nFft: 256, hopLength: 30, nMels: 10, melScale: 'slaney', norm: 'slaney' } as const;
    expectSpectrogram('librosa.short.decibel', { ...config, log: 'decibel' }, 'short');
  });

  it('takes a single sample', () => {
    const mels = new LogMelSpectrogram({ sampleRate: 8000, nFft: 8, nMels: 2, log: 'none' });
    const { data, shape } = mels.compute({ samples: Float32Array.of(0.5), sampleRate: 8000 });
    expect(shape).toEqual([1, 2]);
    expect(data.every(Number.isFinite)).toBe(true);
  });

  it.each([[7], [9], [97], [105]])('finds a tone with frames of %i samples', (nFft) => {
    // A cosine of a bin has the spectrum N / 4 there under a Hann window, N / 8 beside it.
    const samples = Float32Array.from({ length: nFft }, (_, i) => Math.cos((2 * Math.PI * 2 * i) / nFft));
    const mels = new LogMelSpectrogram({
      sampleRate: nFft,
      nFft,
      nMels: 1,
      center: false,
      power: 1,
      log: 'none',
    });
    const half = 0.5 * nFft;
    const toMel = (f: number) => Math.log10(1 + f / 700);
    const middle = 700 * (10 ** (toMel(half) / 2) - 1);
    const weight = (f: number) => Math.min(f / middle, (half - f) / (half - middle));
    const expected = (nFft / 8) * (weight(1) + 2 * weight(2) + Math.max(0, weight(3)));
    expectClose(mels.compute({ samples, sampleRate: nFft }).data, [expected], close);
  });

  it('gives MFCCs', () => {
    const config = { sampleRate: 8000, nFft: 256, hopLength: 80, nMels: 20, log: 'decibel' } as const;
    const { data, shape } = mfcc(new LogMelSpectrogram(config).compute(sound('wave')), 13);
    expect(shape).toEqual(golden.array('torchaudio.mfcc').shape);
    expectClose(data, golden.array('torchaudio.mfcc').values, { absolute: 1e-3, relative: 1e-4 });
  });

  it('says what is wrong', () => {
    const make = (config: object) => new LogMelSpectrogram({ sampleRate: 8000, ...config });
    expect(() => make({ nFft: 0 })).toThrow(
      'LogMelSpectrogram: nFft: expected a positive integer, received 0.',
    );
    expect(() => make({ winLength: 401 })).toThrow(
      'LogMelSpectrogram: winLength: expected at most nFft (400), received 401.',
    );
    expect(() => make({ fMin: 4000 })).toThrow(
      'LogMelSpectrogram: fMin: expected from 0 to below fMax (4000), received 4000.',
    );
    expect(() => make({ fMax: 5000 })).toThrow(
      'LogMelSpectrogram: fMax: expected at most half the sample rate (4000), received 5000.',
    );
    expect(() => make({ topDb: 0 })).toThrow('LogMelSpectrogram: topDb: expected above 0, received 0.');
    expect(() => make({ melScale: 'bark' })).toThrow(
      'LogMelSpectrogram: melScale: expected one of htk, slaney, received bark.',
    );
    const mels = make({ center: false });
    expect(() => mels.compute(sound('wave', 16_000))).toThrow(
      'LogMelSpectrogram: waveform: expected 8000 samples a second, received 16000; use resampleAudio first.',
    );
    expect(() => mels.compute({ samples: new Float32Array(0), sampleRate: 8000 })).toThrow(
      'LogMelSpectrogram: waveform: samples: expected one or more, received none.',
    );
    expect(() => mels.compute({ samples: new Float32Array(399), sampleRate: 8000 })).toThrow(
      'LogMelSpectrogram: waveform: expected samples for at least one frame of 400, received 399.',
    );
    expect(() => mels.compute({ samples: [0.5] as never, sampleRate: 8000 })).toThrow(
      'LogMelSpectrogram: waveform: samples: expected a Float32Array, received [0.5].',
    );
    expect(() => mfcc({ data: new Float32Array(6), shape: [2, 3] }, 4)).toThrow(
      'mfcc: numCoefficients: expected an integer from 1 to the number of bands (3), received 4.',
    );
  });
});

describe('AudioProcessor', () => {
  const config = { sampleRate: 8000, nFft: 256, hopLength: 80, nMels: 20 };

  it("is transformers' WhisperFeatureExtractor", () => {
    const { data, mask, shape } = AudioProcessor.whisper().process(sound('wave16k', 16_000));
    expect(shape).toEqual([1, 3000, 80]);
    expect(mask.every((x) => x === 1)).toBe(true);
    expectClose(data.subarray(0, 40 * 80), golden.array('whisper').values, close);
    expectClose(data.subarray(2999 * 80), golden.array('whisper.last').values, close);
  });

  it('pads to the longest and masks the rest', () => {
    const processor = new AudioProcessor(config);
    const [long, short] = [sound('wave'), sound('short')];
    const { data, mask, shape } = processor.process([short, long]);
    expect(shape).toEqual([2, 31, 20]);
    const ofShort = processor.prepare(short);
    expect(ofShort.shape).toEqual([2, 20]);
    expect(data.slice(0, 40)).toEqual(ofShort.data);
    expect(data.subarray(40, 31 * 20).every((x) => x === 0)).toBe(true);
    expect(data.slice(31 * 20)).toEqual(processor.prepare(long).data);
    expect(mask.slice(0, 4).join('')).toBe('1100');
    expect(mask.slice(31).every((x) => x === 1)).toBe(true);
  });

  it('resamples, cuts and fills', () => {
    const processor = new AudioProcessor({ ...config, numSamples: 1600 });
    const { shape } = processor.process([sound('wave', 16_000), sound('short'), sound('wave')]);
    expect(shape).toEqual([3, 21, 20]);
  });

  it('normalises each band of each sound', () => {
    const { data, shape } = new AudioProcessor({ ...config, normalize: true }).prepare(sound('wave'));
    const band = Array.from({ length: shape[0] }, (_, t) => data[t * 20 + 7]!);
    const mean = band.reduce((a, b) => a + b, 0) / band.length;
    const variance = band.reduce((a, b) => a + (b - mean) ** 2, 0) / band.length;
    expectClose([mean, variance], [0, 1], { absolute: 1e-4 });
    const silent = new AudioProcessor({ ...config, normalize: true }).prepare({
      samples: new Float32Array(800),
      sampleRate: 8000,
    });
    expect(silent.data.every((x) => x === 0)).toBe(true);
  });

  it('says which sound it cannot use', () => {
    const processor = new AudioProcessor(config);
    expect(() => processor.process([sound('wave'), new Uint8Array(3)])).toThrow(
      'AudioProcessor.process: sounds[1]: decodeWav: bytes: expected a WAV file',
    );
    expect(() => processor.process([])).toThrow(
      'AudioProcessor.process: sounds: expected at least one, received none.',
    );
    expect(() => new AudioProcessor({ ...config, numSamples: 0 })).toThrow(
      'AudioProcessor: numSamples: expected a positive integer, received 0.',
    );
  });
});
