import '@tensorflow/tfjs-backend-cpu';
import { Rng } from '@crossmodal/core';
import { expectClose } from '@crossmodal/test-utils';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import type { ModalityInput, ModalityInputs } from './modality-inputs';
import { type RobustnessOptions, type RobustnessPoint, robustnessCurve } from './robustness-curve';
import { robustnessTable } from './robustness-table';

beforeAll(async () => void (await tf.setBackend('cpu')));

interface Batch {
  a: tf.Tensor2D;
  b: ModalityInput;
}

const samples = 2000;
const values = new Rng(3);
const batches: Batch[] = [0, 1].map(() => ({
  a: tf.tensor2d(values.normalArray(samples / 2, 5, 3), [samples / 2, 1]),
  b: { features: tf.tensor2d(values.normalArray(samples / 2, -40, 10), [samples / 2, 1]) },
}));
const tensorOf = (input: ModalityInputs[string]) =>
  (input instanceof tf.Tensor ? input : input!.features) as tf.Tensor2D;
const base: RobustnessOptions<Batch> = {
  batches,
  inputs: ({ a, b }) => ({ a, b }),
  // How far b is from what it was, in squares; what is missing is 0.
  score: ({ b }, batch) =>
    tf.tidy(() => tf.squaredDifference(tensorOf(b), batch.b.features).dataSync() as Float32Array),
  noise: [0, 1, 2],
  absence: [0, 0.25, 1],
  rng: new Rng(1),
};
const scoresOf = (points: RobustnessPoint[], modality: string, kind: string) =>
  points.filter((point) => point.modality === modality && point.kind === kind).map(({ score }) => score);

describe('robustnessCurve', () => {
  it('adds noise of so many standard deviations, and takes away at the rate', async () => {
    const curve = await robustnessCurve(base);
    expect(curve.clean).toBe(0);
    expect(curve.samples).toBe(samples);
    expect(scoresOf(curve.points, 'a', 'noise')).toEqual([0, 0, 0]);
    expect(scoresOf(curve.points, 'a', 'absence')).toEqual([0, 0, 0]);
    // Variance 100: noise of level l has mean square 100 l^2.
    expectClose(scoresOf(curve.points, 'b', 'noise'), [0, 100, 400], { relative: 0.1 });
    // E b^2 = 40^2 + 10^2
    expectClose(scoresOf(curve.points, 'b', 'absence'), [0, 425, 1700], { relative: 0.1 });
    const [, one, two] = scoresOf(curve.points, 'b', 'noise');
    expectClose([two! / one!], [4], { relative: 1e-3 }); // the same draws
  });

  it('repeats with the same seed and not with another', async () => {
    const [first, second, other] = await Promise.all(
      [1, 1, 2].map((seed) => robustnessCurve({ ...base, rng: new Rng(seed) })),
    );
    expect(first).toEqual(second);
    expect(first).not.toEqual(other);
  });

  it('takes the mask away with the features', async () => {
    const mask = tf.tensor2d([
      [1, 0],
      [1, 1],
    ]);
    const features = tf.ones([2, 2, 1]) as tf.Tensor3D;
    const { clean, points } = await robustnessCurve({
      batches: [{}],
      inputs: () => ({ s: { features, mask } }),
      score: ({ s }) => tf.tidy(() => tf.sum((s as ModalityInput).mask!, 1).dataSync()),
      noise: [3],
      absence: [1],
      rng: new Rng(1),
    });
    expect(clean).toBe(1.5);
    expect(points.map(({ score }) => score)).toEqual([1.5, 0]);
  });

  it('measures what is there only, feature by feature', async () => {
    const features = tf.tensor3d([
      [
        [1, 0],
        [1e6, Number.NaN],
      ],
      [
        [3, 0],
        [2, 0],
      ],
    ]);
    const mask = tf.tensor2d([
      [1, 0],
      [1, 1],
    ]);
    const noises: number[] = [];
    await robustnessCurve({
      batches: Array(400).fill({}),
      inputs: () => ({ s: { features, mask } }),
      score({ s }) {
        const moved = tf.tidy(() => tf.sub((s as ModalityInput).features, features).dataSync());
        noises.push(moved[0]!);
        expect(moved[1]).toBe(0); // a feature that never varies
        return [0, 0];
      },
      noise: [1],
      absence: [],
      rng: new Rng(1),
    });
    const drawn = noises.slice(400);
    expectClose([drawn.reduce((sum, x) => sum + x ** 2, 0) / 400], [2 / 3], { relative: 0.15 }); // of 1, 3, 2
  });

  it('tells its progress, stops when told, and leaves nothing behind', async () => {
    const before = tf.memory().numTensors;
    const stop = new AbortController();
    const seen: number[] = [];
    const run = robustnessCurve({
      ...base,
      signal: stop.signal,
      onProgress({ done, total }) {
        seen.push(done);
        expect(total).toBe(12);
        if (done === 5) stop.abort(new Error('enough'));
      },
    });
    await expect(run).rejects.toThrow('enough');
    expect(seen).toEqual([1, 2, 3, 4, 5]);
    expect(tf.memory().numTensors).toBe(before);
  });

  it('says what is wrong', async () => {
    await expect(robustnessCurve({ ...base, absence: [1.5] })).rejects.toThrow(
      'robustnessCurve: absence: expected rates in [0, 1], received 1.5.',
    );
    await expect(robustnessCurve({ ...base, noise: [-1] })).rejects.toThrow(
      'robustnessCurve: noise: expected multiples of the standard deviation, 0 or more, received -1.',
    );
    await expect(robustnessCurve({ ...base, score: () => [1] })).rejects.toThrow(
      'robustnessCurve: score: expected 1000 scores, received 1.',
    );
    const once = batches[Symbol.iterator]();
    await expect(robustnessCurve({ ...base, batches: once })).rejects.toThrow(
      'Pass an array, not a generator',
    );
  });
});

it('robustnessTable', () => {
  const table = robustnessTable({
    clean: 0.9,
    samples: 100,
    points: [
      { modality: 'text', kind: 'noise', level: 0.5, score: 0.8 },
      { modality: 'text', kind: 'absence', level: 0.25, score: 0.55 },
    ],
  });
  expect(table).toBe(
    [
      'modality                level  score  change',
      '--------  ----------  -------  -----  ------',
      'text      noise of    0.5 std  0.800  -0.100',
      'text      missing in     25 %  0.550  -0.350',
      'clean: 0.900 over 100 samples',
    ].join('\n'),
  );
});
