import '@tensorflow/tfjs-backend-cpu';
import { expectClose, expectNoLeak } from '@crossmodal/test-utils';
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Adam, AdamW, globalNorm, Parameter } from '../index';
import { withoutFusedKernels } from '../ops/fused-kernels';

interface CpuBackend {
  data: { get(id: object): { values: Float32Array } };
  makeTensorInfo(shape: number[], dtype: 'float32', values: Float32Array): tf.TensorInfo;
}

let calls = 0;

/** The kernels' contracts, value by value, for the cpu backend. */
function registerKernels(): void {
  const read = (backend: unknown, info: tf.TensorInfo) =>
    (backend as CpuBackend).data.get(info.dataId).values;
  tf.registerKernel({
    kernelName: 'FusedAdamW',
    backendName: 'cpu',
    kernelFunc({ inputs, attrs, backend }) {
      calls++;
      const a = attrs as unknown as Record<string, number>;
      const info = inputs['parameter'] as tf.TensorInfo;
      const [p, g, m, v] = ['parameter', 'gradient', 'm', 'v'].map((name) =>
        Float32Array.from(read(backend, inputs[name] as tf.TensorInfo)),
      ) as [Float32Array, Float32Array, Float32Array, Float32Array];
      for (let i = 0; i < p.length; i++) {
        const x = g[i]! * a['gradientScale']!;
        m[i] = a['beta1']! * m[i]! + (1 - a['beta1']!) * x;
        v[i] = a['beta2']! * v[i]! + (1 - a['beta2']!) * x * x;
        const mHat = m[i]! / (1 - a['beta1']! ** a['step']!);
        const vHat = v[i]! / (1 - a['beta2']! ** a['step']!);
        const decayed = p[i]! * (1 - a['learningRate']! * a['weightDecay']!);
        p[i] = decayed - (a['learningRate']! * mHat) / (Math.sqrt(vHat) + a['epsilon']!);
      }
      return [p, m, v].map((x) =>
        (backend as unknown as CpuBackend).makeTensorInfo(info.shape, 'float32', x),
      );
    },
  });
  tf.registerKernel({
    kernelName: 'SquaredNorm',
    backendName: 'cpu',
    kernelFunc({ inputs, backend }) {
      calls++;
      const sum = read(backend, inputs['x'] as tf.TensorInfo).reduce((s, x) => s + x * x, 0);
      return (backend as unknown as CpuBackend).makeTensorInfo([], 'float32', Float32Array.of(sum));
    },
  });
}

describe('with fused kernels, as without', () => {
  beforeAll(async () => {
    await tf.setBackend('cpu');
    registerKernels();
  });
  afterAll(() => {
    tf.unregisterKernel('FusedAdamW', 'cpu');
    tf.unregisterKernel('SquaredNorm', 'cpu');
  });

  const gradient = (i: number) => tf.tensor2d([Math.sin(i), 2 * Math.cos(i), -1, i], [2, 2]);
  const run = (Class: typeof AdamW | typeof Adam, steps = 12) => {
    const w = new Parameter(tf.tensor2d([1, -2, 3, -4], [2, 2]));
    const parameters = new Map([['w', w]]);
    const groups = [{ match: 'w', learningRateScale: 0.5 }];
    const optimizer = new Class(parameters, { betas: [0.8, 0.9], epsilon: 1e-3, weightDecay: 0.2, groups });
    for (let i = 0; i < steps; i++) {
      const gradients = new Map([['w', gradient(i)]]);
      optimizer.step(gradients, { learningRate: 0.1 / (1 + i), gradientScale: 1 / (1 + i) });
      tf.dispose([...gradients.values()]);
    }
    const values = w.value.dataSync();
    w.dispose();
    optimizer.dispose();
    return values;
  };

  for (const Class of [AdamW, Adam]) {
    it(`${Class.name}`, () => {
      calls = 0;
      const composed = withoutFusedKernels(() => run(Class));
      expect(calls).toBe(0);
      expectClose(run(Class), composed);
      expect(calls).toBe(12);
    });

    it(`${Class.name} leaks nothing`, () => expectNoLeak(() => run(Class, 2)));
  }

  it('globalNorm', () => {
    const gradients = new Map<string, tf.Tensor>([
      ['a', tf.tensor1d([1, 2])],
      ['b', tf.tensor2d([[2, 4]])],
    ]);
    calls = 0;
    for (const norm of [globalNorm(gradients), withoutFusedKernels(() => globalNorm(gradients))]) {
      expect(norm.shape).toEqual([]);
      expectClose(norm, [5]);
    }
    expect(calls).toBe(2);
    expectNoLeak(() => globalNorm(gradients).dispose());
  });
});
