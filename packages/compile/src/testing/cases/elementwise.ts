import * as tf from '@tensorflow/tfjs-core';
import { between, bools, cases, EDGES, floats, given, ints, type KernelCase, SHAPES } from '../kernel-case';

const all = SHAPES.map((shape) => [floats(shape, 2)]);
type Unary = (x: tf.Tensor) => tf.Tensor;

/** Of floats of any rank, at edges, and with gradients where the function is smooth. */
const unary = (name: string, fn: Unary, inside?: [low: number, high: number]): KernelCase[] => {
  const domain = inside ?? [-2, 2];
  return [
    ...cases(name, fn, inside ? SHAPES.map((shape) => [between(shape, ...domain)]) : all),
    ...cases(name, fn, [[EDGES]]),
    ...cases(`gradient of ${name}`, fn, [[between([7, 3], ...domain)]], { gradient: true }),
  ];
};
const binary = (name: string, fn: (a: tf.Tensor, b: tf.Tensor) => tf.Tensor): KernelCase[] => [
  ...cases(name, fn, [
    [floats([]), floats([])],
    [floats([3]), floats([])],
    [floats([2, 3]), floats([3])],
    [floats([2, 1, 4]), floats([3, 1])],
    [floats([1, 2, 1, 2, 2]), floats([2, 1, 2, 1, 1])],
    [floats([0, 3]), floats([3])],
  ]),
];
const integers = (name: string, fn: (a: tf.Tensor, b: tf.Tensor) => tf.Tensor): KernelCase[] =>
  cases(name, fn, [
    [ints([4, 5]), ints([4, 5])],
    [ints([3, 1]), ints([4], 1, 5)],
    [given([7, -7, 7, -7, 0, 5, -5, 2 ** 16], [8], 'int32'), given([2, 2, -2, -2, 3, 0, 0, 2], [8], 'int32')],
  ]);
const edges = given(EDGES.values, [21, 1]);
const withEdges = (name: string, fn: (a: tf.Tensor, b: tf.Tensor) => tf.Tensor) =>
  cases(`${name}, at edges`, fn, [[EDGES, edges]]);
const differentiable = (name: string, fn: (a: tf.Tensor, b: tf.Tensor) => tf.Tensor, low = -2) =>
  cases(
    `gradient of ${name}`,
    fn,
    [
      [between([3, 4], low, 2), between([3, 4], 0.5, 2)],
      [between([2, 3, 4], low, 2), between([4], 0.5, 2)],
      [between([3, 1], low, 2), between([2, 1, 4], 0.5, 2)],
    ],
    { gradient: true },
  );
const comparisons = {
  equal: tf.equal,
  notEqual: tf.notEqual,
  less: tf.less,
  lessEqual: tf.lessEqual,
  greater: tf.greater,
  greaterEqual: tf.greaterEqual,
};

export const elementwiseCases: KernelCase[] = [
  ...unary('abs', tf.abs),
  ...unary('acos', tf.acos, [-0.9, 0.9]),
  ...unary('acosh', tf.acosh, [1.1, 3]),
  ...unary('asin', tf.asin, [-0.9, 0.9]),
  ...unary('asinh', tf.asinh),
  ...unary('atan', tf.atan),
  ...unary('atanh', tf.atanh, [-0.9, 0.9]),
  ...unary('ceil', tf.ceil),
  ...unary('cos', tf.cos),
  ...unary('cosh', tf.cosh),
  ...unary('elu', tf.elu),
  ...unary('erf', tf.erf),
  ...unary('exp', tf.exp),
  ...unary('expm1', tf.expm1),
  ...unary('floor', tf.floor),
  ...unary('leakyRelu', (x) => tf.leakyRelu(x, 0.3)),
  ...unary('log', tf.log, [0.1, 3]),
  ...unary('log1p', tf.log1p, [-0.9, 3]),
  ...unary('neg', tf.neg),
  ...unary('reciprocal', tf.reciprocal, [0.5, 2]),
  ...unary('relu', tf.relu),
  ...unary('relu6', tf.relu6),
  ...unary('round', tf.round),
  ...unary('rsqrt', tf.rsqrt, [0.5, 2]),
  ...unary('selu', tf.selu),
  ...unary('sigmoid', tf.sigmoid),
  ...unary('sign', tf.sign),
  ...unary('sin', tf.sin),
  ...unary('sinh', tf.sinh),
  ...unary('softplus', tf.softplus),
  ...unary('sqrt', tf.sqrt, [0.1, 3]),
  ...unary('square', tf.square),
  ...unary('step', (x) => tf.step(x, 0.3)),
  ...unary('tan', tf.tan, [-1.2, 1.2]),
  ...unary('tanh', tf.tanh),
  ...unary('clipByValue', (x) => tf.clipByValue(x, -0.7, 1.3)),
  ...unary('clipByValue from below', (x) => tf.clipByValue(x, 0, Infinity)),
  ...Object.entries({
    abs: tf.abs,
    neg: tf.neg,
    relu: tf.relu,
    relu6: tf.relu6,
    sign: tf.sign,
    square: tf.square,
    round: tf.round,
    exp: tf.exp,
    step: tf.step,
    reciprocal: tf.reciprocal,
    leakyRelu: tf.leakyRelu,
    log1p: tf.log1p,
    erf: tf.erf,
  }).flatMap(([name, fn]) => cases(name, fn as never, [[ints([3, 4])], [ints([])]])),
  ...cases('clipByValue', (x: tf.Tensor) => tf.clipByValue(x, -2.5, Infinity), [[ints([5])]]),
  ...Object.entries({ isNaN: tf.isNaN, isInf: tf.isInf, isFinite: tf.isFinite }).flatMap(([name, fn]) =>
    cases(name, fn as never, [[EDGES], [ints([3])], [floats([2, 2])]]),
  ),

  ...Object.entries({
    add: tf.add,
    sub: tf.sub,
    mul: tf.mul,
    maximum: tf.maximum,
    minimum: tf.minimum,
    squaredDifference: tf.squaredDifference,
  }).flatMap(([name, fn]) => [
    ...binary(name, fn as never),
    ...integers(name, fn as never),
    ...withEdges(name, fn as never),
    ...differentiable(name, fn as never),
  ]),
  ...binary('div', tf.div),
  ...withEdges('div', tf.div),
  ...differentiable('div', tf.div),
  ...integers('div', tf.div),
  ...integers('floorDiv', tf.floorDiv),
  ...binary('floorDiv', tf.floorDiv),
  ...integers('mod', tf.mod),
  ...binary('mod', tf.mod),
  ...withEdges('mod', tf.mod),
  ...differentiable('mod', tf.mod),
  ...binary('atan2', tf.atan2),
  ...differentiable('atan2', tf.atan2),
  ...cases('atan2 at the axes', tf.atan2, [
    [given([0, -0, 1, -1, 0, -0, 1, -1, 0, -0, NaN]), given([1, 1, 0, 0, -1, -1, -0, -0, 0, -0, 1])],
  ]),
  ...differentiable('pow', tf.pow, 0.5),
  ...cases('pow', tf.pow, [
    [floats([3, 4]), given([2])],
    [between([3], 0, 2), floats([2, 1])],
    [ints([3, 4]), ints([4], 0, 4)],
    [floats([5]), ints([5], -2, 3)],
  ]),
  ...Object.values(comparisons).flatMap((fn) =>
    cases(fn.name, fn as never, [
      [EDGES, edges],
      [ints([4, 5]), ints([5])],
      [floats([2, 1, 3]), ints([2, 1])],
      [bools([2, 3]), bools([3])],
      [bools([4]), ints([4], 0, 2)],
    ]),
  ),
  ...Object.values({ a: tf.logicalAnd, b: tf.logicalOr, c: tf.logicalXor }).flatMap((fn) =>
    cases(fn.name, fn as never, [
      [bools([2, 3]), bools([3])],
      [bools([]), bools([2, 1, 2])],
    ]),
  ),
  ...cases('logicalNot', tf.logicalNot, [[bools([3, 4])]]),
  ...cases('bitwiseAnd', (a: tf.Tensor, b: tf.Tensor) => tf.bitwiseAnd(a, b), [
    [ints([8], -100, 100), ints([8], -100, 100)],
  ]),
  ...cases('mul of types', tf.mul, [
    [floats([3]), ints([2, 1])],
    [floats([3]), bools([2, 1])],
    [ints([3]), bools([2, 1])],
    [bools([3]), bools([2, 1])],
  ]),
  ...(['float32', 'int32', 'bool'] as const).flatMap((dtype) =>
    cases(`cast to ${dtype}`, (x: tf.Tensor) => tf.cast(x, dtype), [
      [floats([3, 4], 5)],
      [EDGES],
      [ints([3, 4])],
      [bools([5])],
      [floats([0, 2])],
    ]),
  ),
  ...cases(
    'gradient of cast',
    (x: tf.Tensor) => tf.mul(tf.cast(tf.cast(x, 'float32'), 'float32'), 2),
    [[floats([3])]],
    { gradient: true },
  ),
  ...cases('where', (c: tf.Tensor, a: tf.Tensor, b: tf.Tensor) => tf.where(c, a, b), [
    [bools([3, 4]), floats([3, 4]), floats([3, 4])],
    [bools([4]), floats([3, 4]), floats([3, 4])],
    [bools([3, 1]), floats([4]), floats([])],
    [bools([3]), ints([3]), floats([3])],
    [bools([3]), ints([3]), ints([3])],
    [bools([3]), bools([3]), bools([3])],
    [bools([]), floats([2, 3]), floats([1, 3])],
  ]),
  ...cases(
    'gradient of where',
    (a: tf.Tensor, b: tf.Tensor) => tf.where(tf.tensor1d([1, 0, 1, 0], 'bool'), a, tf.mul(b, b)),
    [[floats([3, 4]), floats([3, 4])]],
    { gradient: true },
  ),
  ...cases('addN', (...xs: tf.Tensor[]) => tf.addN(xs), [
    [floats([2, 3]), floats([2, 3]), floats([2, 3])],
    [floats([2])],
    [ints([2, 3]), ints([2, 3])],
  ]),
  ...cases('prelu', tf.prelu as never, [
    [floats([2, 3, 4]), floats([4])],
    [floats([2, 3]), floats([1, 3])],
    [EDGES, given([0.3])],
  ]),
  ...cases('gradient of prelu', tf.prelu as never, [[floats([2, 3, 4]), floats([4])]], { gradient: true }),
];
