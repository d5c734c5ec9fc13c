import * as tf from '@tensorflow/tfjs-core';
import type { InputSpec, OpCase } from '../op-case';

const positive: [number, number] = [0.1, 3];
const unit: [number, number] = [-0.9, 0.9];

const unary: Record<
  string,
  { f: (x: tf.Tensor) => tf.Tensor; range?: [number, number]; tolerance?: number }
> = {
  abs: { f: tf.abs },
  acos: { f: tf.acos, range: unit },
  acosh: { f: tf.acosh, range: [1.2, 4] },
  asin: { f: tf.asin, range: unit },
  asinh: { f: tf.asinh },
  atan: { f: tf.atan },
  atanh: { f: tf.atanh, range: unit },
  ceil: { f: tf.ceil },
  cos: { f: tf.cos },
  cosh: { f: tf.cosh },
  elu: { f: tf.elu },
  erf: { f: tf.erf, tolerance: 1e-4 },
  exp: { f: tf.exp },
  expm1: { f: tf.expm1 },
  floor: { f: tf.floor },
  leakyRelu: { f: (x) => tf.leakyRelu(x, 0.1) },
  log: { f: tf.log, range: positive },
  log1p: { f: tf.log1p, range: positive },
  logSigmoid: { f: tf.logSigmoid },
  neg: { f: tf.neg },
  reciprocal: { f: tf.reciprocal, range: positive },
  relu: { f: tf.relu },
  relu6: { f: (x) => tf.relu6(tf.mul(x, 5)) },
  round: { f: tf.round },
  rsqrt: { f: tf.rsqrt, range: positive, tolerance: 1e-4 },
  selu: { f: tf.selu },
  sigmoid: { f: tf.sigmoid },
  sign: { f: tf.sign },
  sin: { f: tf.sin },
  sinh: { f: tf.sinh },
  softplus: { f: tf.softplus },
  sqrt: { f: tf.sqrt, range: positive },
  square: { f: tf.square },
  step: { f: (x) => tf.step(x, 0.5) },
  tan: { f: tf.tan, range: unit },
  tanh: { f: tf.tanh },
  clip: { f: (x) => tf.clipByValue(x, -1, 0.5) },
  zerosLike: { f: tf.zerosLike },
  onesLike: { f: tf.onesLike },
  identity: { f: tf.clone },
};

const shapes = [
  [],
  [7],
  [0],
  [3, 5],
  [2, 0, 3],
  [2, 3, 4],
  [2, 1, 3, 5],
  [1, 2, 2, 1, 3],
  [2, 1, 2, 1, 2, 3],
];

const unaryCases: OpCase[] = Object.entries(unary).flatMap(([name, { f, range, tolerance }]) =>
  shapes.map((shape) => ({
    name: `${name} [${shape}]`,
    inputs: [{ shape, ...(range && { range }) }],
    run: f,
    tolerance: tolerance ?? 1e-5,
  })),
);

/** Values where rounding, signs and overflow go wrong. */
const extremes = [
  0,
  -0,
  0.5,
  -0.5,
  1.5,
  2.5,
  -1.5,
  -2.5,
  88,
  -88,
  200,
  -200,
  1e30,
  -1e30,
  Infinity,
  -Infinity,
  NaN,
];
const extremeCases: OpCase[] = [
  'abs',
  'ceil',
  'elu',
  'exp',
  'floor',
  'neg',
  'relu',
  'round',
  'sigmoid',
  'sign',
  'softplus',
  'tanh',
].map((name) => ({
  name: `${name} at extremes`,
  inputs: [{ shape: [extremes.length], values: extremes }],
  run: unary[name]!.f,
  gradient: false,
}));

const binary: Record<string, { f: (a: tf.Tensor, b: tf.Tensor) => tf.Tensor; range?: [number, number] }> = {
  add: { f: tf.add },
  sub: { f: tf.sub },
  mul: { f: tf.mul },
  div: { f: tf.div, range: positive },
  maximum: { f: tf.maximum },
  minimum: { f: tf.minimum },
  pow: { f: tf.pow, range: positive },
  squaredDifference: { f: tf.squaredDifference },
  mod: { f: tf.mod, range: positive },
  floorDiv: { f: tf.floorDiv, range: positive },
  atan2: { f: tf.atan2 },
  prelu: { f: tf.prelu },
};

const pairs: [number[], number[]][] = [
  [[], []],
  [[4], []],
  [[], [2, 3]],
  [
    [3, 4],
    [3, 4],
  ],
  [[3, 4], [4]],
  [
    [3, 1],
    [1, 4],
  ],
  [
    [2, 1, 4],
    [3, 1],
  ],
  [[1], [2, 3, 4, 2]],
  [
    [2, 3, 1, 2],
    [1, 1, 4, 2],
  ],
  [
    [1, 2, 1, 2, 3],
    [2, 2, 2, 1, 3],
  ],
  [[2, 1, 2, 1, 2, 3], [3]],
  [[0, 3], [3]],
  [[2, 0], [1]],
];

const binaryCases: OpCase[] = Object.entries(binary).flatMap(([name, { f, range }]) =>
  pairs
    // prelu takes an alpha that broadcasts to x, not the other way round
    .filter(
      ([a, b]) =>
        name !== 'prelu' ||
        (a.length >= b.length && !b.some((size, i) => size > a[a.length - b.length + i]!)),
    )
    .map(([a, b]) => ({
      name: `${name} [${a}] [${b}]`,
      inputs: [
        { shape: a, ...(range && { range }) },
        { shape: b, ...(range && { range }) },
      ],
      run: f,
      // A modulus jumps, and so does a floor: no gradient to compare.
      // And tfjs cannot sum a gradient of nothing to a size of one.
      gradient: name !== 'mod' && name !== 'floorDiv' && !(a.includes(0) && b[0] === 1),
    })),
);

const int32 = (shape: number[], range?: [number, number]): InputSpec => ({
  shape,
  dtype: 'int32',
  ...(range && { range }),
});
const integerCases: OpCase[] = [
  'add',
  'sub',
  'mul',
  'maximum',
  'minimum',
  'squaredDifference',
  'mod',
  'floorDiv',
  'div',
].flatMap((name) =>
  pairs.slice(0, 8).map(([a, b]) => ({
    name: `${name} int32 [${a}] [${b}]`,
    inputs: [int32(a, [-9, 9]), int32(b, [1, 6])],
    run: binary[name]!.f,
  })),
);

const comparisons = {
  equal: tf.equal,
  notEqual: tf.notEqual,
  less: tf.less,
  lessEqual: tf.lessEqual,
  greater: tf.greater,
  greaterEqual: tf.greaterEqual,
} as Record<string, (a: tf.Tensor, b: tf.Tensor) => tf.Tensor>;
const comparisonCases: OpCase[] = Object.entries(comparisons).flatMap(([name, run]) =>
  pairs.flatMap(([a, b]) =>
    (['float32', 'int32'] as const).map((dtype) => ({
      name: `${name} ${dtype} [${a}] [${b}]`,
      inputs: [
        {
          shape: a,
          dtype,
          range: [0, 3] as [number, number],
          ...(dtype === 'float32' && a.length === 1 && a[0] === 4 && { values: [0, 1, NaN, 2] }),
        },
        { shape: b, dtype, range: [0, 3] as [number, number] },
      ],
      run,
      gradient: false,
    })),
  ),
);

const logicalCases: OpCase[] = pairs.slice(0, 9).flatMap(([a, b]) => [
  { name: `logicalAnd [${a}] [${b}]`, inputs: [bool(a), bool(b)], run: (x, y) => tf.logicalAnd(x!, y!) },
  { name: `logicalOr [${a}] [${b}]`, inputs: [bool(a), bool(b)], run: (x, y) => tf.logicalOr(x!, y!) },
  { name: `logicalXor [${a}] [${b}]`, inputs: [bool(a), bool(b)], run: (x, y) => tf.logicalXor(x!, y!) },
  { name: `logicalNot [${a}] [${b}]`, inputs: [bool(a)], run: (x) => tf.logicalNot(x!) },
]);

function bool(shape: number[]): InputSpec {
  return { shape, dtype: 'bool' };
}

const castCases: OpCase[] = (['float32', 'int32', 'bool'] as const).flatMap((from) =>
  (['float32', 'int32', 'bool'] as const).map((to) => ({
    name: `cast ${from} to ${to}`,
    inputs: [
      {
        shape: [3, 4],
        dtype: from,
        range: from === 'bool' ? ([0, 2] as [number, number]) : ([-3, 3] as [number, number]),
      },
    ],
    run: (x: tf.Tensor) => tf.cast(x, to),
    gradient: from === 'float32' && to === 'float32',
  })),
);

const otherCases: OpCase[] = [
  {
    name: 'addN',
    inputs: [{ shape: [3, 4] }, { shape: [3, 4] }, { shape: [3, 4] }],
    run: (...xs) => tf.addN(xs),
  },
  ...[[3, 4], [4], [2, 3, 4]].map((shape) => ({
    name: `where [${shape}]`,
    inputs: [bool(shape), { shape }, { shape }],
    run: (c: tf.Tensor, a: tf.Tensor, b: tf.Tensor) => tf.where(c, a, b),
  })),
  {
    name: 'where broadcast',
    inputs: [bool([3, 1]), { shape: [3, 4] }, { shape: [4] }],
    run: (c, a, b) => tf.where(c!, a!, b!),
  },
  {
    name: 'isNaN',
    inputs: [{ shape: [4], values: [0, NaN, Infinity, -1] }],
    run: (x) => tf.isNaN(x!),
    gradient: false,
  },
  {
    name: 'isInf',
    inputs: [{ shape: [4], values: [0, NaN, Infinity, -1] }],
    run: (x) => tf.isInf(x!),
    gradient: false,
  },
  {
    name: 'isFinite',
    inputs: [{ shape: [4], values: [0, NaN, Infinity, -1] }],
    run: (x) => tf.isFinite(x!),
    gradient: false,
  },
];

export const arithmeticCases: OpCase[] = [
  ...unaryCases,
  ...extremeCases,
  ...binaryCases,
  ...integerCases,
  ...comparisonCases,
  ...logicalCases,
  ...castCases,
  ...otherCases,
];
