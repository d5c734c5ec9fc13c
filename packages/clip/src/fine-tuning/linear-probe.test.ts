import '@crossmodal/backend-onnx';
import '@tensorflow/tfjs-backend-cpu';
import { accuracy, Rng } from '@crossmodal/core';
import { expectClose, readGolden } from '@crossmodal/test-utils';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { LinearProbe } from './linear-probe';
import { minimizeLBFGS } from './minimize-lbfgs';

const golden = readGolden(new URL('../../golden/linear_probe.safetensors', import.meta.url));
const x = () => ({ values: golden.array('x').values as Float32Array, shape: golden.array('x').shape });
const labels = golden.array('labels').values;
const C = golden.array('C').values[0]!;

describe.each(['cpu', 'onnx'])('LinearProbe, on %s', (backend) => {
  beforeAll(async () => {
    await tf.setBackend(backend);
  });

  it('finds the minimum that SciPy finds in double precision', async () => {
    const probe = await LinearProbe.fit(x(), labels, { C, tolerance: 1e-6 });
    expectClose(probe.classifier.weight.value, golden.tensor('weight'), { absolute: 1e-3, relative: 1e-3 });
    const bias = probe.classifier.bias!.value;
    expectClose(tf.sub(bias, tf.mean(bias)), golden.tensor('bias'), { absolute: 1e-3, relative: 1e-3 });
    expect([...(await probe.predict(x()))]).toEqual([...golden.array('predicted').values]);
    const weaker = await LinearProbe.fit(golden.tensor('x') as tf.Tensor2D, labels, { C: C / 100 });
    const norm = (probe: LinearProbe) => tf.norm(probe.classifier.weight.value).dataSync()[0]!;
    expect(norm(weaker)).toBeLessThan(norm(probe) / 2);
  });

  it('tells classes apart that it has not been shown, and not noise', async () => {
    const draw = (seed: number, apart: number) => {
      const rng = new Rng(seed);
      const labels = Int32Array.from({ length: 60 }, (_, i) => i % 4);
      const rows = [...labels].flatMap((label) =>
        Array.from({ length: 8 }, (_, d) => rng.normal(d === label ? apart : 0)),
      );
      return { features: { values: Float32Array.from(rows), shape: [60, 8] }, labels };
    };
    for (const [apart, check] of [
      [4, (share: number) => expect(share).toBeGreaterThan(0.9)],
      [0, (share: number) => expect(share).toBeLessThan(0.5)],
    ] as const) {
      const [shown, heldOut] = [draw(1, apart), draw(2, apart)];
      const probe = await LinearProbe.fit(shown.features, shown.labels);
      check(accuracy(await probe.predict(heldOut.features), heldOut.labels));
    }
  });

  it('leaks nothing', async () => {
    const before = tf.memory().numTensors;
    const probe = await LinearProbe.fit(x(), labels);
    await probe.predict(x());
    probe.dispose();
    await expect(LinearProbe.fit(x(), labels, { numClasses: 2 })).rejects.toThrow();
    expect(tf.memory().numTensors).toBe(before);
  });
});

describe('LinearProbe', () => {
  it('says what does not fit', async () => {
    await expect(LinearProbe.fit(x(), [0, 1])).rejects.toThrow(
      'LinearProbe.fit: labels: expected 40 of them, and at least 1, received 2.',
    );
    await expect(LinearProbe.fit(x(), labels, { numClasses: 2 })).rejects.toThrow(
      'LinearProbe.fit: labels: expected integers from 0 to 1, received 2.',
    );
    await expect(LinearProbe.fit(x(), labels, { C: 0 })).rejects.toThrow(
      'LinearProbe.fit: C: expected a number above 0, received 0.',
    );
  });
});

describe('minimizeLBFGS', () => {
  const options = { maxIterations: 200, tolerance: 1e-8 };

  it('finds the bottom of a narrow quadratic, and of a curved valley', async () => {
    const scales = [1, 30, 1000];
    const quadratic = async (x: Float64Array) => ({
      value: scales.reduce((sum, s, i) => sum + (s * (x[i]! - i) ** 2) / 2, 0),
      gradient: Float64Array.from(scales, (s, i) => s * (x[i]! - i)),
    });
    expectClose(await minimizeLBFGS(quadratic, Float64Array.of(5, 5, 5), options), [0, 1, 2]);
    const rosenbrock = async (x: Float64Array) => {
      const [a, b] = x as unknown as [number, number];
      return {
        value: (1 - a) ** 2 + 100 * (b - a * a) ** 2,
        gradient: Float64Array.of(-2 * (1 - a) - 400 * a * (b - a * a), 200 * (b - a * a)),
      };
    };
    expectClose(await minimizeLBFGS(rosenbrock, Float64Array.of(-1.2, 1), options), [1, 1]);
  });

  it('ends where rounding leaves nothing to gain', async () => {
    const noisy = async (x: Float64Array) => ({
      value: Math.fround(1 + x[0]! ** 2),
      gradient: Float64Array.of(2 * x[0]! + 1e-3),
    });
    const [found] = await minimizeLBFGS(noisy, Float64Array.of(2), options);
    expectClose(found!, 0, { absolute: 1e-3 });
  });
});
