import { gelu, layerNorm, linear, Rng } from '@crossmodal/core';
import { expectClose } from '@crossmodal/test-utils';
import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { describeKernels } from '../../../test/describe-kernels';
import type { WebgpuBackend } from '../../index';
import { matrixProduct } from './matmul';
import { planOf } from './plan';
import { batchOf, type Product } from './product';

describeKernels('products of matrices', () => {
  const rng = new Rng(3);
  const random = (shape: number[]) =>
    rng.tensor(shape, (rng) => rng.normalArray(tf.util.sizeFromShape(shape)));

  /** Values of `f` of the tensors, here and on `cpu`. */
  async function expectAsOnCpu(tensors: tf.Tensor[], f: (tensors: tf.Tensor[]) => tf.Tensor) {
    const here = f(tensors);
    const values = await Promise.all(tensors.map((x) => x.data()));
    await tf.setBackend('cpu');
    const there = f(tensors.map((x, i) => tf.tensor(values[i]!, x.shape)));
    const expected = await there.data();
    await tf.setBackend('webgpu');
    expect(here.shape).toEqual(there.shape);
    expectClose(await here.data(), expected, { absolute: 1e-4, relative: 1e-4 });
  }

  const matMul =
    (transposeA: boolean, transposeB: boolean) =>
    ([a, b]: tf.Tensor[]) =>
      tf.matMul(a!, b!, transposeA, transposeB);

  /** Of odd sizes, of multiples of 4, of few rows and columns, and so deep that they are computed in parts. */
  const sizes = [
    [1, 5, 7],
    [3, 130, 68],
    [2, 33, 40],
    [4, 100, 31],
    [9, 7, 5],
    [70, 50, 66],
    [36, 40, 132],
    [33, 1100, 34],
    [65, 1028, 68],
    [40, 9, 1],
  ];
  for (const transposeA of [false, true]) {
    for (const transposeB of [false, true]) {
      it(`of any size${transposeA ? ', A transposed' : ''}${transposeB ? ', B transposed' : ''}`, async () => {
        for (const [rows, depth, columns] of sizes as [number, number, number][]) {
          const a = random(transposeA ? [depth, rows] : [rows, depth]);
          const b = random(transposeB ? [columns, depth] : [depth, columns]);
          await expectAsOnCpu([a, b], matMul(transposeA, transposeB));
        }
      });
    }
  }

  it('of batches, one of them for all or each for some', async () => {
    for (const [outerA, outerB] of [
      [[3], [3]],
      [[1], [3]],
      [
        [2, 3],
        [2, 3],
      ],
    ]) {
      for (const [rows, transpose] of [
        [2, false],
        [17, true],
      ] as const) {
        const a = random([...outerA!, ...(transpose ? [9, rows] : [rows, 9])]);
        const b = random([...outerB!, ...(transpose ? [20, 9] : [9, 20])]);
        await expectAsOnCpu([a, b], matMul(transpose, transpose));
      }
    }
    const a = random([2, 1, 5, 8]);
    const b = random([1, 3, 8, 4]);
    const each = tf.matMul(tf.tile(a, [1, 3, 1, 1]), tf.tile(b, [2, 1, 1, 1]));
    expectClose(await tf.matMul(a, b).data(), await each.data());
    const rows = random([3, 5, 8]);
    const one = random([1, 8, 4]);
    const together = tf.matMul(tf.reshape(rows, [15, 8]), tf.reshape(one, [8, 4]));
    expectClose(await tf.matMul(rows, one).data(), await together.data());
  });

  it('with bias and ReLU, whole and in parts', async () => {
    for (const [rows, depth, columns] of [
      [3, 8, 12],
      [3, 9, 13],
      [33, 20, 36],
      [33, 1030, 37],
    ] as const) {
      for (const activation of ['linear', 'relu'] as const) {
        await expectAsOnCpu(
          [random([rows, depth]), random([depth, columns]), random([columns])],
          ([a, b, bias]) =>
            tf.fused.matMul({ a: a as tf.Tensor2D, b: b as tf.Tensor2D, bias: bias!, activation }),
        );
      }
    }
  });

  it('with activations of tfjs', async () => {
    await expectAsOnCpu([random([3, 8]), random([8, 12])], ([a, b]) =>
      tf.fused.matMul({ a: a as tf.Tensor2D, b: b as tf.Tensor2D, activation: 'sigmoid' }),
    );
  });

  it('of a layer, forwards and backwards, are ours', async () => {
    const backend = tf.backend() as WebgpuBackend;
    const [x, weight, bias] = [random([2, 9, 12]), random([12, 20]), random([20])];
    const names: string[] = [];
    const { runWebGPUProgram } = backend;
    backend.runWebGPUProgram = function (...call) {
      names.push(call[0].constructor.name);
      return runWebGPUProgram.apply(this, call);
    };
    try {
      tf.tidy(() => tf.grads((x, weight, bias) => linear(x!, weight!, bias!))([x, weight, bias]));
    } finally {
      backend.runWebGPUProgram = runWebGPUProgram;
    }
    expect(names.filter((name) => name.startsWith('MatMul'))).toEqual([]);
    for (const i of [0, 1, 2]) {
      await expectAsOnCpu(
        [x, weight, bias],
        (all) => tf.grads((x, weight, bias) => tf.square(linear(x!, weight!, bias!)))(all)[i]!,
      );
    }
  });

  it('of nothing are zeros', async () => {
    expect(tf.matMul(tf.zeros([0, 3]), tf.zeros([3, 2])).shape).toEqual([0, 2]);
    expectClose(await tf.matMul(tf.zeros([2, 0]), tf.zeros([0, 3])).data(), Array(6).fill(0));
  });

  it('are finished as a block wants them: normalised, GELU, residual, heads', async () => {
    const backend = tf.backend() as WebgpuBackend;
    const tensor = (info: tf.TensorInfo) => tf.engine().makeTensorFromTensorInfo(info);
    for (const [sequences, length, depth, columns, headDim, activation] of [
      [1, 1, 40, 24, 8, 'erf'],
      [3, 1, 9, 14, 7, 'tanh'],
      [4, 1, 36, 12, 6, 'linear'],
      [2, 2, 36, 12, 4, 'quick'],
      [11, 3, 1030, 37, 37, 'erf'],
      [5, 13, 20, 64, 16, 'quick'],
    ] as const) {
      const rows = sequences * length;
      const [a, b] = [random([sequences, length, depth]), random([depth, columns])];
      const [gamma, beta, bias] = [random([depth]), random([depth]), random([columns])];
      const residual = random([sequences, length, columns]);
      const norm = rows <= 4 ? { gamma, beta, epsilon: 0.1 } : undefined;
      const given = { a, b, norm, bias, activation, residual };
      const x = norm ? layerNorm(a, gamma, beta, 0.1) : a;
      const sums = tf.add(tf.reshape(tf.matMul(tf.reshape(x, [rows, depth]), b), residual.shape), bias);
      const expected = tf.add(activation === 'linear' ? sums : gelu(sums, activation), residual);
      const actual = tensor(matrixProduct(backend, given));
      expectClose(actual, expected, { absolute: 1e-4, relative: 1e-4 });
      // Into heads, between what is there.
      const heads = { length, headDim, capacity: length + 3, past: 2 };
      const into = random([sequences, columns / headDim, heads.capacity, headDim]);
      const [before, , after] = tf.split(into, [2, length, 1], 2);
      const split = tf.transpose(tf.reshape(expected, [sequences, length, -1, headDim]), [0, 2, 1, 3]);
      const joined = tf.concat([before!, split, after!], 2);
      expect(matrixProduct(backend, { ...given, heads, into })).toBe(into);
      expectClose(into, joined, { absolute: 1e-4, relative: 1e-4 });
    }
    const [a, b] = [random([7, 6]), random([5, 7])];
    const product = tensor(matrixProduct(backend, { a, b, transposeA: true, transposeB: true }));
    expectClose(product, tf.matMul(a, b, true, true), { absolute: 1e-5 });
  });

  it('of gradients: with the sums of columns, what came before GELU, and the slope there', async () => {
    const backend = tf.backend() as WebgpuBackend;
    const tensor = (info: tf.TensorInfo) => tf.engine().makeTensorFromTensorInfo(info);
    for (const [rows, depth, columns] of [
      [3, 9, 5], // few rows, with the depth first in A
      [36, 40, 132],
      [33, 1100, 34], // in parts
    ] as const) {
      const [a, b] = [random([depth, rows]), random([depth, columns])];
      const columnSums = backend.makeTensorInfo([columns], 'float32');
      const product = tensor(matrixProduct(backend, { a, b, transposeA: true, columnSums }));
      expectClose(product, tf.matMul(a, b, true), { absolute: 1e-4, relative: 1e-4 });
      expectClose(tensor(columnSums), tf.sum(b, 0), { absolute: 1e-4, relative: 1e-4 });

      const [dy, turned, at] = [tf.transpose(a), tf.transpose(b), random([rows, columns])];
      const [values, before] = [0, 1].map(() => backend.makeTensorInfo([rows, columns], 'float32')) as [
        tf.TensorInfo,
        tf.TensorInfo,
      ];
      const activation = 'tanh';
      const [active, slope] = [gelu(at, activation), tf.grad((x) => gelu(x, activation))(at)];
      const slopes = { a: dy, b: turned, transposeB: true, activation, slope: { at, values } } as const;
      const sums = tf.matMul(a, b, true);
      expectClose(tensor(matrixProduct(backend, slopes)), tf.mul(sums, slope), {
        absolute: 1e-4,
        relative: 1e-4,
      });
      expectClose(tensor(values), active);
      expectClose(tensor(matrixProduct(backend, { a: dy, b, activation, before })), gelu(sums, activation), {
        absolute: 1e-4,
        relative: 1e-4,
      });
      expectClose(tensor(before), sums, { absolute: 1e-4, relative: 1e-4 });
    }
  }, 120_000);

  it('keep NaN and infinity', async () => {
    for (const rows of [1, 9]) {
      const a = tf.fill([rows, 8], 1);
      const b = tf.tensor2d(
        Float32Array.from({ length: 16 }, (_, i) => (i === 0 ? NaN : i === 1 ? Infinity : 1)),
        [8, 2],
      );
      const [nan, infinity] = await tf.matMul(a, b).data();
      expect([nan, infinity]).toEqual([NaN, Infinity]);
    }
  });
});

it('pairs matrices of a batch', () => {
  const pairs = (a: number[], b: number[]) => {
    const batch = batchOf(a, b)!;
    return Array.from({ length: batch.size }, (_, i) =>
      [batch.a, batch.b].map(
        ([outer, inner]) => Math.floor(i / batch.inner) * outer + (i % batch.inner) * inner,
      ),
    );
  };
  expect(pairs([], [])).toEqual([[0, 0]]);
  expect(pairs([2, 3], [2, 3])).toEqual([0, 1, 2, 3, 4, 5].map((i) => [i, i]));
  expect(pairs([2, 3], [])).toEqual([0, 1, 2, 3, 4, 5].map((i) => [i, 0]));
  expect(pairs([2, 1], [1, 3])).toEqual([
    [0, 0],
    [0, 1],
    [0, 2],
    [1, 0],
    [1, 1],
    [1, 2],
  ]);
  expect(batchOf([2, 1, 2], [2, 3, 1])).toBe(undefined);
});

it('plans products: large tiles where there are enough, parts where the depth is long', () => {
  const plan = (rows: number, depth: number, columns: number, vendor: string, size = 1) => {
    const { tile, splits } = planOf({ rows, depth, columns, batch: { size } } as Product, vendor);
    return [tile.rows, splits];
  };
  expect(plan(4096, 4096, 4096, 'nvidia')).toEqual([128, 1]);
  expect(plan(4096, 4096, 4096, 'apple')).toEqual([64, 1]);
  expect(plan(256, 4096, 256, 'nvidia')).toEqual([64, 8]); // the gradient of a weight
  expect(plan(50, 64, 50, 'nvidia', 1024)).toEqual([64, 1]); // scores of attention
  expect(plan(64, 512, 512, 'intel')).toEqual([32, 1]);
  expect(plan(20, 4096, 40, 'amd')).toEqual([32, 8]);
});
