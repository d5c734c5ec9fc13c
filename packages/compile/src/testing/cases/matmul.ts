import * as tf from '@tensorflow/tfjs-core';
import { type CaseFunction, cases, floats, type KernelCase } from '../kernel-case';

type T = tf.Tensor;
const LOOSE = { absolute: 1e-5 };
const both = (name: string, fn: CaseFunction, inputs: KernelCase['inputs'][]): KernelCase[] => [
  ...cases(name, fn, inputs, LOOSE),
  ...cases(`gradient of ${name}`, fn, inputs, { gradient: true, ...LOOSE }),
];

export const matmulCases: KernelCase[] = [
  ...[false, true].flatMap((ta) =>
    [false, true].flatMap((tb) => {
      const a = (...batch: number[]) => floats([...batch, ...(ta ? [4, 3] : [3, 4])]);
      const b = (...batch: number[]) => floats([...batch, ...(tb ? [5, 4] : [4, 5])]);
      return [
        ...both(`matMul ${ta} ${tb}`, (x: T, y: T) => tf.matMul(x, y, ta, tb), [
          [a(), b()],
          [a(2), b(2)],
          [a(2), b()],
          [a(), b(2)],
          [a(1), b(1)],
          [a(2, 3), b(2, 3)],
        ]),
        ...(['linear', 'relu', 'elu', 'sigmoid', 'relu6', 'leakyrelu'] as const).flatMap((activation) =>
          cases(
            `fused matMul ${ta} ${tb} ${activation}`,
            (x: T, y: T, bias: T) =>
              tf.fused.matMul({
                a: x,
                b: y,
                transposeA: ta,
                transposeB: tb,
                bias,
                activation,
                leakyreluAlpha: 0.1,
              }),
            [
              [a(), b(), floats([5])],
              [a(2), b(2), floats([5])],
              [a(), b(), floats([3, 5])],
              [a(1), b(), floats([1])],
            ],
            LOOSE,
          ),
        ),
      ];
    }),
  ),
  ...cases(
    'fused matMul with prelu',
    (a: T, b: T, bias: T, alpha: T) =>
      tf.fused.matMul({ a, b, bias, activation: 'prelu', preluActivationWeights: alpha }),
    [[floats([3, 4]), floats([4, 5]), floats([5]), floats([5])]],
    LOOSE,
  ),
  ...cases(
    'gradient of fused matMul',
    (a: T, b: T, bias: T) => tf.fused.matMul({ a, b, bias, activation: 'relu' }),
    [[floats([3, 4]), floats([4, 5]), floats([5])]],
    { gradient: true, ...LOOSE },
  ),
  ...both('dot', (a: T, b: T) => tf.dot(a, b), [
    [floats([4]), floats([4])],
    [floats([3, 4]), floats([4])],
  ]),
  ...both('outerProduct', (a: T, b: T) => tf.outerProduct(a as tf.Tensor1D, b as tf.Tensor1D), [
    [floats([3]), floats([4])],
  ]),
  ...(
    [
      ['ij,jk->ik', [3, 4], [4, 5]],
      ['bij,bjk->bik', [2, 3, 4], [2, 4, 5]],
      ['bij,bjk->ki', [2, 3, 4], [2, 4, 5]],
      ['i,j->ij', [3], [4]],
      ['bhid,bhjd->bhij', [2, 3, 2, 4], [2, 3, 5, 4]],
    ] as [string, number[], number[]][]
  ).flatMap(([equation, a, b]) =>
    cases(equation, (x: T, y: T) => tf.einsum(equation, x, y), [[floats(a), floats(b)]], LOOSE),
  ),
  ...['ij->ji', 'ij->', 'ij->j', 'ij->i'].flatMap((equation) =>
    cases(equation, (x: T) => tf.einsum(equation, x), [[floats([3, 4])]], LOOSE),
  ),
];
