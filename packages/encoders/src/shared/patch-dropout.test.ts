import '@tensorflow/tfjs-backend-cpu';
import { Rng } from '@crossmodal/core';
import { expectClose, expectGradient, expectNoLeak, useTestEngine } from '@crossmodal/test-utils';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { PatchDropout } from './patch-dropout';

/** [2, 9, 2]: value 10 * sample + position, and its negative. */
const tokens = () =>
  tf.tensor3d(
    [0, 1].map((sample) => Array.from({ length: 9 }, (_, i) => [10 * sample + i, -10 * sample - i])),
  );

describe('PatchDropout', () => {
  beforeAll(async () => {
    await useTestEngine();
  });

  it('keeps the prefix and a share of the patches, each image its own, in order', () => {
    const drop = new PatchDropout(0.5, { prefixTokens: 1 });
    const counts = new Array(9).fill(0);
    let different = 0;
    for (let seed = 0; seed < 200; seed++) {
      const kept = drop.forward(tokens(), { training: true, rng: new Rng(seed) }).arraySync();
      const [a, b] = kept.map((rows, sample) => rows.map(([x]) => x! - 10 * sample));
      expect(kept[1]!.every(([x, y]) => x === -y!)).toBe(true);
      for (const places of [a!, b!]) {
        expect(places).toHaveLength(1 + 4);
        expect(places[0]).toBe(0);
        expect(places).toEqual([...new Set(places)].sort());
        for (const place of places) counts[place]++;
      }
      if (String(a) !== String(b)) different++;
    }
    expect(different).toBeGreaterThan(150);
    for (const count of counts.slice(1)) expect(Math.abs(count - 200)).toBeLessThan(45); // 4.5 deviations of 10
  });

  it('repeats itself for a seed, and keeps a patch at least', () => {
    const drop = new PatchDropout(0.99);
    const run = () => drop.forward(tokens(), { training: true, rng: new Rng(5) });
    expect(run().shape).toEqual([2, 1, 2]);
    expectClose(run(), run(), { absolute: 0, relative: 0 });
  });

  it('does nothing in inference and at rate 0', () => {
    expectClose(new PatchDropout(0.5).forward(tokens()), tokens(), { absolute: 0 });
    expectClose(new PatchDropout(0).forward(tokens(), { training: true }), tokens(), { absolute: 0 });
  });

  it('gives gradients to what it keeps, and leaks nothing', () => {
    const drop = new PatchDropout(0.6, { prefixTokens: 2 });
    const run = (x: tf.Tensor) => drop.forward(x as tf.Tensor3D, { training: true, rng: new Rng(1) });
    expectGradient(run, [tf.mul(tokens(), 0.1)]);
    const x = tokens();
    expectNoLeak(() => run(x).dispose());
  });

  it('says what it needs', () => {
    expect(() => new PatchDropout(0.5).forward(tokens(), { training: true })).toThrow(
      'PatchDropout: needs a random generator in training.',
    );
    expect(() => new PatchDropout(-0.1)).toThrow('PatchDropout: rate: expected [0, 1), received -0.1.');
  });
});
