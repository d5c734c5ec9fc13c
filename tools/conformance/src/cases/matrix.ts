import * as tf from '@tensorflow/tfjs-core';
import type { OpCase } from '../op-case';

const products: [a: number[], b: number[]][] = [
  [
    [3, 4],
    [4, 5],
  ],
  [
    [1, 4],
    [4, 1],
  ],
  [
    [33, 65],
    [65, 17],
  ],
  [
    [2, 3, 4],
    [2, 4, 5],
  ],
  [
    [1, 3, 4],
    [2, 4, 5],
  ],
  [
    [2, 3, 4],
    [1, 4, 5],
  ],
  [
    [2, 3, 3, 4],
    [2, 3, 4, 2],
  ],
  // Not [2, 1, 3, 4] by [1, 3, 4, 2]: tfjs's cpu product is wrong where both broadcast.
  [
    [0, 4],
    [4, 5],
  ],
  [
    [3, 0],
    [0, 5],
  ],
];

const swap = (shape: number[]) => [...shape.slice(0, -2), shape.at(-1)!, shape.at(-2)!];

const matMul: OpCase[] = products.flatMap(([a, b]) =>
  [
    [false, false],
    [true, false],
    [false, true],
    [true, true],
  ].map(([transposeA, transposeB]) => ({
    name: `matMul [${a}] [${b}]${transposeA ? ' aT' : ''}${transposeB ? ' bT' : ''}`,
    inputs: [{ shape: transposeA ? swap(a) : a }, { shape: transposeB ? swap(b) : b }],
    run: (x: tf.Tensor, y: tf.Tensor) => tf.matMul(x, y, transposeA, transposeB),
    tolerance: 1e-4,
  })),
);

const activations = ['linear', 'relu', 'relu6', 'elu', 'sigmoid', 'leakyrelu'] as const;
const fused: OpCase[] = activations.flatMap((activation) => [
  {
    name: `fused matMul ${activation}`,
    inputs: [{ shape: [3, 4] }, { shape: [4, 5] }, { shape: [5] }],
    run: (a, b, bias) => tf.fused.matMul({ a: a!, b: b!, bias: bias!, activation, leakyreluAlpha: 0.2 }),
    // tfjs has a gradient for these alone
    gradient: activation === 'linear' || activation === 'relu',
  },
  {
    name: `fused matMul ${activation} batched, transposed, without bias`,
    inputs: [{ shape: [2, 4, 3] }, { shape: [2, 5, 4] }],
    run: (a, b) =>
      tf.fused.matMul({ a: a!, b: b!, transposeA: true, transposeB: true, activation, leakyreluAlpha: 0.2 }),
    gradient: false,
  },
]);

const other: OpCase[] = [
  { name: 'dot', inputs: [{ shape: [4] }, { shape: [4] }], run: (a, b) => tf.dot(a!, b!) },
  {
    name: 'outerProduct',
    inputs: [{ shape: [3] }, { shape: [4] }],
    run: (a, b) => tf.outerProduct(a! as tf.Tensor1D, b! as tf.Tensor1D),
  },
  { name: 'norm', inputs: [{ shape: [3, 4] }], run: (x) => tf.norm(x!) },
  ...(
    [
      [
        'ij,jk->ik',
        [
          [3, 4],
          [4, 5],
        ],
      ],
      [
        'bij,bjk->bik',
        [
          [2, 3, 4],
          [2, 4, 5],
        ],
      ],
      [
        'bqhd,bkhd->bhqk',
        [
          [2, 3, 2, 4],
          [2, 5, 2, 4],
        ],
      ],
      ['ij->ji', [[3, 4]]],
      ['ij->j', [[3, 4]]],
    ] as [string, number[][]][]
  ).map(([equation, shapes]) => ({
    name: `einsum ${equation}`,
    inputs: shapes.map((shape) => ({ shape })),
    run: (...xs: tf.Tensor[]) => tf.einsum(equation, ...xs),
    gradient: false,
    tolerance: 1e-4,
  })),
];

export const matrixCases: OpCase[] = [...matMul, ...fused, ...other];
