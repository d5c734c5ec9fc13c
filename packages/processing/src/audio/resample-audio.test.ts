import { expectClose, readGolden } from '@crossmodal/test-utils';
import { describe, expect, it } from 'vitest';
import { resampleAudio } from './resample-audio';

const golden = readGolden(new URL('../../golden/audio.safetensors', import.meta.url));
const samples = (golden.array('wave').values as Float32Array).slice(0, 800);

describe('resampleAudio', () => {
  it.each([16_000, 11_025, 7350, 4000, 8800])("is torchaudio's, to %i samples a second", (rate) => {
    const result = resampleAudio({ samples, sampleRate: 8000 }, rate);
    expect(result.sampleRate).toBe(rate);
    expectClose(result.samples, golden.array(`resample.${rate}`).values, { absolute: 1e-5 });
  });

  it('follows its options', () => {
    const result = resampleAudio({ samples, sampleRate: 8000 }, 6000, {
      lowpassFilterWidth: 16,
      rolloff: 0.9,
    });
    expectClose(result.samples, golden.array('resample.sharp').values, { absolute: 1e-5 });
  });

  it('copies where the rate is the same', () => {
    const result = resampleAudio({ samples, sampleRate: 8000 }, 8000);
    expect(result.samples).toEqual(samples);
    expect(result.samples.buffer).not.toBe(samples.buffer);
  });

  it('stays small where the rates have no common divisor', () => {
    const result = resampleAudio({ samples, sampleRate: 44_101 }, 48_017);
    expect(result.samples).toHaveLength(Math.ceil((800 * 48_017) / 44_101));
  });

  it('says what is wrong', () => {
    const wave = { samples, sampleRate: 8000 };
    expect(() => resampleAudio(wave, 8000.5)).toThrow(
      'resampleAudio: sampleRate: expected a positive integer, received 8000.5; round it.',
    );
    expect(() => resampleAudio(wave, 4000, { rolloff: 0 })).toThrow(
      'resampleAudio: rolloff: expected (0, 1], received 0.',
    );
    expect(() => resampleAudio(wave, 4000, { lowpassFilterWidth: 1.5 })).toThrow(
      'resampleAudio: lowpassFilterWidth: expected a positive integer, received 1.5.',
    );
    expect(() => resampleAudio({ samples, sampleRate: 0 }, 4000)).toThrow(
      'resampleAudio: waveform: sampleRate: expected a positive integer, received 0.',
    );
    expect(() => resampleAudio({ samples, sampleRate: 1 }, 2 ** 20)).toThrow(
      'resampleAudio: waveform: expected at most 268435456 samples at 1048576 a second, received 838860800.',
    );
    expect(() => resampleAudio({ samples: Float32Array.of(0, Number.NaN), sampleRate: 8 }, 4)).toThrow(
      'resampleAudio: waveform: samples: expected finite numbers, received NaN at 1.',
    );
  });
});
