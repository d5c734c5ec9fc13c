import '@crossmodal/core';
import { expectClose } from '@crossmodal/test-utils';
import * as tf from '@tensorflow/tfjs-core';
import { beforeEach, describe, expect, it } from 'vitest';
import { configureOnnxBackend, type OnnxBackend } from './index';
import { options } from './options';

beforeEach(() => tf.setBackend('onnx'));

const ramp = (size: number, factor = 1) => Float32Array.from({ length: size }, (_, i) => i * factor);
const backend = () => tf.backend() as OnnxBackend;

/** Makes the pool give out again, and overwrite, every buffer of this size that lies free. */
function overwriteFreeBuffers(size: number): void {
  tf.dispose(Array.from({ length: 20 }, () => tf.fill([size], -7)));
}

describe('pooled memory', () => {
  it('is not given out again while a slice of it lives', () => {
    const x = tf.mul(tf.tensor1d(ramp(1024)), 2);
    const part = tf.slice(x, [512], [256]);
    x.dispose();
    overwriteFreeBuffers(1024);
    expectClose(part, ramp(1024, 2).slice(512, 768));
  });

  it('is not given out again while an alias lives that an inherited kernel made', () => {
    const x = tf.mul(tf.tensor1d(ramp(1024)), 2);
    const aliases = [
      tf.reshape(x, [32, 32]),
      tf.expandDims(x),
      tf.real(tf.complex(x, x)),
      tf.stridedSlice(x, [0], [1024], [1]),
      tf.split(x, 1)[0]!,
      tf.unstack(tf.reshape(x, [1, 1024]))[0]!,
      tf.cast(x, 'float32'),
      tf.transpose(tf.reshape(x, [1, 1024])),
    ];
    x.dispose();
    overwriteFreeBuffers(1024);
    for (const alias of aliases) expectClose(alias, ramp(1024, 2));
  });

  it('is given out again when nothing holds it', () => {
    const used = () => backend().pool.usedBytes;
    const before = used();
    tf.tidy(() => {
      const x = tf.relu(tf.tensor1d(ramp(5000)));
      tf.slice(x, [0], [4000]);
      tf.complex(x, x);
      expect(used()).toBeGreaterThan(before);
    });
    expect(used()).toBe(before);
  });

  it('never takes the array that a user gave', () => {
    const given = ramp(1024);
    tf.tensor1d(given).dispose();
    overwriteFreeBuffers(1024);
    expect(given[5]).toBe(5);
  });

  it('leaves as a copy', async () => {
    const x = tf.mul(tf.tensor1d(ramp(1024)), 2);
    const [now, later] = [x.dataSync(), await x.data()];
    expect(now.buffer.byteLength).toBe(4096);
    now[3] = 99;
    x.dispose();
    overwriteFreeBuffers(1024);
    expect([now[3], now[4], later[3]]).toEqual([99, 8, 6]);
  });
});

it('counts its memory', () => {
  const { pool } = backend();
  const before = pool.usedBytes;
  const x = tf.relu(tf.tensor1d(ramp(1000)));
  expect(tf.memory()).toMatchObject({ unreliable: false, pooledBytesInUse: before + 4096 });
  x.dispose();
  expect(pool.usedBytes).toBe(before);
});

it('does not grow over a thousand steps of training', () => {
  const x = tf.tensor2d(ramp(64 * 16, 1e-3), [64, 16]);
  const target = tf.sum(x, 1, true);
  const w1 = tf.variable(tf.mul(tf.ones([16, 32]), 0.1));
  const w2 = tf.variable(tf.mul(tf.ones([32, 1]), 0.1));
  const optimizer = tf.train.adam(1e-3);
  const step = () =>
    optimizer.minimize(() => {
      const hidden = tf.relu(tf.matMul(x, w1));
      return tf.mean(tf.squaredDifference(tf.matMul(hidden, w2), target)) as tf.Scalar;
    });
  const state = () => ({
    tensors: tf.memory().numTensors,
    used: backend().pool.usedBytes,
    kernels: backend().sessions.size,
  });
  for (let i = 0; i < 5; i++) step();
  const before = state();
  const free = backend().pool.freeBytes;
  for (let i = 0; i < 1000; i++) step();
  expect(state()).toEqual(before);
  expect(backend().pool.freeBytes).toBeLessThanOrEqual(free + 1e5);
});

it('keeps no more compiled kernels than asked', () => {
  const { maxSessions } = options;
  try {
    configureOnnxBackend({ maxSessions: 3 });
    const x = tf.ones([1024]);
    for (const f of [tf.exp, tf.sin, tf.cos, tf.tanh, tf.abs, tf.exp]) expect(f(x).size).toBe(1024);
    expect(backend().sessions.size).toBe(3);
  } finally {
    configureOnnxBackend({ maxSessions });
  }
});

it('refuses options that make no sense', () => {
  expect(() => configureOnnxBackend({ threads: 0 })).toThrow(
    'configureOnnxBackend: threads: expected an integer of at least 1, received 0.',
  );
  expect(() => configureOnnxBackend({ speed: 1 } as never)).toThrow(
    'configureOnnxBackend: speed: expected one of threads, maxSessions, maxPoolBytes, maxPackedBytes.',
  );
});

it('shares tensors with other backends', async () => {
  const x = tf.mul(tf.tensor1d(ramp(1024)), 2);
  await tf.setBackend('cpu');
  const y = tf.add(x, 1);
  await tf.setBackend('onnx');
  expectClose(tf.sub(y, x), new Float32Array(1024).fill(1));
});

it('has strings and complex numbers as cpu has', () => {
  expect(tf.concat([tf.tensor1d(['a']), tf.tensor1d(['b'])]).arraySync()).toEqual(['a', 'b']);
  const z = tf.complex(tf.tensor1d([1, 2]), tf.tensor1d([3, 4]));
  expectClose(tf.imag(tf.mul(z, z)), [6, 16]);
  expectClose(tf.real(tf.ifft(tf.fft(z))), [1, 2]);
});

it('names the kernel and the cause when a session fails', () => {
  const x = tf.ones([1024]);
  const plan = {
    key: 'Broken',
    inputs: [{ tensor: x, shape: [3] }],
    outputs: [{ dtype: 'float32' as const, shape: [3] }],
    build: () => [],
  };
  const used = backend().pool.usedBytes;
  expect(() => backend().run(plan)).toThrow('onnx backend: Broken: ');
  expect(backend().pool.usedBytes).toBe(used);
});

describe('full memory', () => {
  const million = 1e6;
  it.each<[string, RegExp, () => tf.Tensor]>([
    [
      'of a kernel of ours',
      /^onnx backend: Add: out of memory: 3725\.3 GiB for a float32 tensor \[1000000, 1000000\] are not free\. Take smaller batches, or dispose tensors that are no longer needed\.$/,
      () => tf.add(tf.ones([million, 1]), tf.ones([1, million])),
    ],
    ['of an inherited one', /^onnx backend: LinSpace: out of memory: /, () => tf.linspace(0, 1, 1e12)],
  ])('is an error that says so: %s', (_, text, run) => {
    const used = backend().pool.usedBytes;
    let error: Error | undefined;
    try {
      tf.tidy(run);
    } catch (thrown) {
      error = thrown as Error;
    }
    expect(error?.name).toBe('BackendError');
    expect(error?.message).toMatch(text);
    expect(backend().pool.usedBytes).toBe(used);
  });
});
