import '@tensorflow/tfjs-backend-cpu';
import { expectClose, useTestEngine } from '@crossmodal/test-utils';
import { MathBackendCPU } from '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { type KernelProfile, OUTSIDE_KERNELS, profile, valueAndGrad } from '../index';
import { Parameter } from '../parameter';

const quietly = { print: () => {} };
const callsOf = (rows: readonly KernelProfile[]) =>
  Object.fromEntries(rows.filter((row) => row.calls > 0).map(({ kernel, calls }) => [kernel, calls]));
const functionsOf = (engine: string) => tf.getKernelsForBackend(engine).map((config) => config.kernelFunc);

describe('profile', () => {
  beforeAll(async () => {
    await useTestEngine();
  });

  it('counts every call, what it made and its largest shapes, and returns what the function returned', async () => {
    const x = tf.ones([4, 3]);
    const before = tf.memory();
    const { result, rows, peakBytes, peakTensors } = await profile(
      () => tf.tidy(() => tf.add(tf.exp(tf.exp(x)), tf.exp(tf.ones([2, 1, 1])))),
      quietly,
    );
    expectClose(result, tf.fill([2, 4, 3], Math.exp(Math.E) + Math.E));
    const exp = rows.find((row) => row.kernel === 'Exp')!;
    expect(exp).toMatchObject({ calls: 3, bytes: (12 + 12 + 2) * 4, largest: '[4, 3] -> [4, 3]' });
    expect(rows.find((row) => row.kernel === 'Add')).toMatchObject({
      calls: 1,
      bytes: 24 * 4,
      largest: '[4, 3] [2, 1, 1] -> [2, 4, 3]',
    });
    // At the end of the tidy: ones, three exponentials and the sum, beside what was there.
    expect(peakTensors).toBe(before.numTensors + 5);
    expect(peakBytes).toBe(before.numBytes + (2 + 12 + 12 + 2 + 24) * 4);
    tf.dispose([x, result]);
  });

  it('sees the backward pass', async () => {
    const weight = new Parameter(tf.ones([3, 2]));
    const x = tf.ones([4, 3]);
    const { rows, result } = await profile(
      () => valueAndGrad(() => tf.sum(tf.matMul(x, weight.value)), new Map([['weight', weight]])),
      quietly,
    );
    expect(callsOf(rows)['BatchMatMul']).toBe(2);
    expectClose(result.gradients.get('weight')!, tf.fill([3, 2], 4));
    tf.dispose([result.value, ...result.gradients.values(), x]);
    weight.dispose();
  });

  it('prints a table, and waits for a promise', async () => {
    const print = vi.fn();
    const { table, result } = await profile(
      async () => {
        const y = tf.sum(tf.ones([64, 64]));
        return (await y.data())[0];
      },
      { print },
    );
    expect(result).toBe(4096);
    expect(print.mock.calls).toEqual([[table]]);
    expect(table.split('\n')[0]).toMatch(/^kernel +calls +ms +share +ms a call +MB made +largest call$/);
    expect(table).toMatch(/^Sum +1 .*\[64, 64\] -> \[\]$/m);
    expect(table.split('\n').at(-1)).toMatch(/: [\d.]+ ms, at most [\d.]+ MB in \d+ tensors\./);
  });

  it('leaves nothing behind when the function throws', async () => {
    const before = functionsOf(tf.getBackend());
    const failure = new Error('mine');
    await expect(
      profile(() => {
        tf.dispose(tf.exp(1));
        throw failure;
      }, quietly),
    ).rejects.toBe(failure);
    expect(functionsOf(tf.getBackend())).toEqual(before);
    const { rows } = await profile(() => tf.dispose(tf.exp(1)), quietly);
    expect(callsOf(rows)['Exp']).toBe(1);
    expect(functionsOf(tf.getBackend())).toEqual(before);
  });

  it('refuses to run within itself', async () => {
    await expect(profile(() => profile(() => 1, quietly), quietly)).rejects.toThrow(
      'profile: one is running already. Await it before the next.',
    );
  });
});

describe('times of profile', () => {
  afterEach(async () => {
    await tf.setBackend('cpu');
    tf.removeBackend('slow');
  });

  /** An engine with kernels that take so many milliseconds: `Outer` calls `Inner`. */
  async function slowEngine(backend: () => MathBackendCPU): Promise<void> {
    tf.registerBackend('slow', backend);
    await tf.setBackend('slow');
    const wait = (ms: number) => {
      const end = performance.now() + ms;
      while (performance.now() < end);
    };
    const make = () => (tf.backend() as MathBackendCPU).makeTensorInfo([1], 'float32', Float32Array.of(7));
    if (tf.getKernel('Outer', 'slow')) return;
    const kernelFunc = () => {
      wait(20);
      return make();
    };
    tf.registerKernel({ kernelName: 'Inner', backendName: 'slow', kernelFunc });
    tf.registerKernel({
      kernelName: 'Outer',
      backendName: 'slow',
      kernelFunc() {
        tf.dispose(tf.engine().runKernel('Inner', {}));
        wait(60);
        return make();
      },
    });
  }
  const run = (name: string) => tf.dispose(tf.engine().runKernel(name, {}));
  const msOf = (rows: readonly KernelProfile[], name: string) => rows.find((row) => row.kernel === name)!.ms!;

  it('gives each kernel its own time, and the rest a row', async () => {
    await slowEngine(() => new MathBackendCPU());
    const { rows, ms } = await profile(async () => {
      run('Outer');
      run('Inner');
      await new Promise((resolve) => setTimeout(resolve, 30));
    }, quietly);
    expect(callsOf(rows)).toEqual({ Outer: 1, Inner: 2 });
    expect(msOf(rows, 'Inner')).toBeGreaterThanOrEqual(40);
    expect(msOf(rows, 'Outer')).toBeGreaterThanOrEqual(60);
    expect(msOf(rows, OUTSIDE_KERNELS)).toBeGreaterThanOrEqual(29);
    expectClose([rows.reduce((sum, row) => sum + row.ms!, 0)], [ms]);
    expectClose([rows.reduce((sum, row) => sum + row.share!, 0)], [1]);
    expect(rows.map((row) => row.ms!)).toEqual([...rows.map((row) => row.ms!)].sort((a, b) => b - a));
  });

  it("takes a device's own times where it has them, and says where it has none", async () => {
    class Device extends MathBackendCPU {
      constructor(readonly supportTimestampQuery: boolean) {
        super();
      }
      override async time(f: () => void) {
        f();
        return { kernelMs: 5 };
      }
    }
    await slowEngine(() => new Device(true));
    const told = await profile(() => run('Inner'), quietly);
    expect(told.rows).toMatchObject([{ kernel: 'Inner', calls: 1, ms: 5, share: 1 }]);
    await tf.setBackend('cpu');
    tf.removeBackend('slow');
    await slowEngine(() => new Device(false));
    const silent = await profile(() => run('Inner'), quietly);
    expect(silent.rows).toMatchObject([{ kernel: 'Inner', calls: 1, ms: undefined, share: undefined }]);
    expect(silent.table).toContain('This device has no timestamps, so kernels have no times.');
  });
});
