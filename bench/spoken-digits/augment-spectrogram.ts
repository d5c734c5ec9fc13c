import type { Rng } from '@crossmodal/core';
import type { Spectrogram } from '@crossmodal/processing';

/**
 * Another speaker saying the same, so to say: other speed and length of the vocal tract, silence before and after,
 * and noise. Log-mel values to the same, of other length. Holes in time and frequency (SpecAugment) are left out: with so
 * few steps they cost more than they gave.
 *
 * Jaitly and Hinton 2013 (VTLP).
 */
export function augmentSpectrogram(spectrogram: Spectrogram, rng: Rng): Spectrogram {
  const warped = warp(spectrogram, rng);
  addNoise(warped, rng);
  return warped;
}

/** Stretches time by up to a quarter, moves and stretches the bands, and moves the beginning and the end. */
function warp({ data, shape: [frames, bands] }: Spectrogram, rng: Rng): Spectrogram {
  const speed = Math.exp(rng.uniform(-0.25, 0.25));
  const stretch = Math.exp(rng.uniform(-0.08, 0.08));
  const shift = rng.uniform(-1.5, 1.5);
  const start = rng.uniform(-0.1, 0.1) * frames;
  const end = frames + rng.uniform(-0.1, 0.1) * frames;
  const length = Math.max(8, Math.round((end - start) / speed));
  const out = new Float32Array(length * bands);
  const silence = data.reduce((least, x) => Math.min(least, x), Infinity);
  for (let t = 0; t < length; t++) {
    const time = start + t * speed;
    if (time < 0 || time > frames - 1) {
      out.fill(silence, t * bands, (t + 1) * bands);
      continue;
    }
    const row = Math.min(Math.floor(time), frames - 2);
    const late = time - row;
    for (let m = 0; m < bands; m++) {
      const band = Math.min(Math.max(m * stretch + shift, 0), bands - 1);
      const column = Math.min(Math.floor(band), bands - 2);
      const high = band - column;
      const at = row * bands + column;
      const early = data[at]! * (1 - high) + data[at + 1]! * high;
      const later = data[at + bands]! * (1 - high) + data[at + bands + 1]! * high;
      out[t * bands + m] = early * (1 - late) + later * late;
    }
  }
  return { data: out, shape: [length, bands] };
}

/** Power of its own in each band, 30 to 60 dB below the loudest, on top of the sound's. */
function addNoise({ data, shape: [, bands] }: Spectrogram, rng: Rng): void {
  const loudest = data.reduce((most, x) => Math.max(most, x), -Infinity);
  const level = loudest - rng.uniform(7, 14);
  const tilt = rng.uniform(-2, 2);
  for (let i = 0; i < data.length; i++) {
    const m = i % bands;
    const noise = level + tilt * (m / bands - 0.5) + rng.normal(0, 0.5);
    data[i] = Math.log(Math.exp(data[i]!) + Math.exp(noise));
  }
}
