import * as tf from '@tensorflow/tfjs-core';
import {
  bools,
  type CaseFunction,
  cases,
  floats,
  type Given,
  given,
  ints,
  type KernelCase,
} from '../kernel-case';

const both = (name: string, fn: CaseFunction, inputs: KernelCase['inputs'][]): KernelCase[] => [
  ...cases(name, fn, inputs),
  ...cases(`gradient of ${name}`, fn, inputs.filter(areFloats), { gradient: true }),
];
const areFloats = (inputs: readonly Given[]) => inputs.every(({ dtype }) => dtype === 'float32');
type T = tf.Tensor;
const places = given([0, 2, 1, 2], [2, 2], 'int32');

export const layoutCases: KernelCase[] = [
  ...both('identity', (x: T) => tf.clone(x), [[floats([2, 3])], [floats([])]]),
  ...both('reshape', (x: T) => tf.mul(tf.reshape(tf.add(x, 1), [-1, 2]), 2), [
    [floats([3, 4])],
    [ints([2, 2, 2])],
  ]),
  ...both('to a scalar', (x: T) => tf.reshape(x, []), [[floats([1, 1])]]),
  ...both('expandDims', (x: T) => tf.expandDims(x, -1), [[floats([2, 3])], [bools([])]]),
  ...both('squeeze', (x: T) => tf.squeeze(x), [[floats([1, 3, 1])]]),
  ...both('transpose', (x: T) => tf.transpose(x), [
    [floats([2, 3])],
    [floats([2, 3, 4])],
    [ints([3])],
    [bools([2, 3])],
  ]),
  ...both('transpose of rank 5', (x: T) => tf.transpose(x, [4, 0, 2, 1, 3]), [[floats([2, 3, 1, 4, 2])]]),
  ...[0, 1, -1].flatMap((axis) =>
    both(`concat ${axis}`, (...xs: T[]) => tf.concat(xs, axis), [
      [floats([2, 3]), floats([2, 3]), floats([2, 3])],
      [ints([2, 3]), ints([2, 3])],
      [floats([2, 3]), ints([2, 3])],
      [floats([2, 3])],
    ]),
  ),
  ...both('concat of sizes', (...xs: T[]) => tf.concat(xs, 1), [
    [floats([2, 3]), floats([2, 0]), floats([2, 1])],
  ]),
  ...[0, 1, -1].flatMap((axis) =>
    both(`stack ${axis}`, (...xs: T[]) => tf.stack(xs, axis), [
      [floats([2, 3]), floats([2, 3])],
      [floats([2])],
      [bools([2, 3]), bools([2, 3])],
    ]),
  ),
  ...[0, 1, -1].flatMap((axis) =>
    both(`unstack ${axis}`, (x: T) => tf.unstack(x, axis), [
      [floats([2, 3])],
      [ints([1, 1, 2])],
      [ints([2, 2])],
    ]),
  ),
  ...both('slice', (x: T) => tf.slice(x, [1, 0, 2], [1, -1, 2]), [[floats([2, 3, 5])], [ints([3, 2, 4])]]),
  ...both('slice of few axes', (x: T) => tf.slice(x, 1, 2), [[floats([4, 3])], [floats([5])]]),
  ...both('slice to the end', (x: T) => tf.slice(x, [2]), [[floats([4, 3])]]),
  ...both('slice of all', (x: T) => tf.mul(tf.slice(x, [0, 0]), 2), [[floats([4, 3])]]),
  ...both('split', (x: T) => tf.split(x, 2, -1), [[floats([3, 4])], [ints([4])]]),
  ...both('split by sizes', (x: T) => tf.split(x, [1, 3, -1], 1), [[floats([3, 6])]]),
  ...cases('split into one', (x: T) => tf.split(x, 1), [[floats([3, 4])]]),
  ...cases('stridedSlice', (x: T) => tf.stridedSlice(x, [0, 1], [3, 5], [2, 3]), [
    [floats([4, 6])],
    [ints([4, 6])],
  ]),
  ...cases('stridedSlice back', (x: T) => tf.stridedSlice(x, [-1, 4], [0, 0], [-1, -2]), [[floats([4, 6])]]),
  ...cases('stridedSlice to the first', (x: T) => tf.stridedSlice(x, [3, 5], [0, 0], [-1, -2], 0, 3), [
    [floats([4, 6])],
  ]),
  ...cases(
    'stridedSlice with masks',
    (x: T) => tf.stridedSlice(x, [1, 1, 0], [2, 3, 9], [1, 1, 1], 4, 4, 0, 0, 1),
    [[floats([3, 4, 5])]],
  ),
  ...cases(
    'stridedSlice with new axes',
    (x: T) => tf.stridedSlice(x, [0, 0, 1], [0, 2, 3], [1, 1, 1], 0, 0, 1, 0, 0),
    [[floats([3, 4, 5])]],
  ),
  ...both('reverse', (x: T) => tf.reverse(x), [[floats([3])], [floats([2, 3])], [ints([2, 3])]]),
  ...both('reverse of axes', (x: T) => tf.reverse(x, [0, -1]), [[floats([2, 3, 4])]]),
  ...cases('flipLeftRight', (x: T) => tf.image.flipLeftRight(x as tf.Tensor4D), [[floats([2, 3, 4, 2])]]),
  ...both(
    'pad',
    (x: T) =>
      tf.pad(
        x,
        [
          [1, 0],
          [2, 3],
        ],
        0.5,
      ),
    [[floats([2, 3])]],
  ),
  ...cases(
    'pad',
    (x: T) =>
      tf.pad(
        x,
        [
          [1, 0],
          [2, 3],
        ],
        1,
      ),
    [[ints([2, 3])], [bools([2, 3])]],
  ),
  ...(['reflect', 'symmetric'] as const).flatMap((mode) =>
    cases(
      mode,
      (x: T) =>
        tf.mirrorPad(
          x,
          [
            [1, 2],
            [0, 0],
            [2, 1],
          ],
          mode,
        ),
      [[floats([3, 2, 4])], [ints([3, 2, 4])]],
    ),
  ),
  ...both('tile', (x: T) => tf.tile(x, [2, 1, 3]), [[floats([2, 3, 1])], [ints([1, 2, 2])]]),
  ...both('broadcastTo', (x: T) => tf.broadcastTo(x, [4, 2, 3]), [[floats([2, 1])], [floats([3])]]),
  ...both(
    'spaceToBatchND',
    (x: T) =>
      tf.spaceToBatchND(
        x,
        [2, 3],
        [
          [1, 0],
          [2, 0],
        ],
      ),
    [[floats([2, 3, 4, 2])]],
  ),
  ...both(
    'batchToSpaceND',
    (x: T) =>
      tf.batchToSpaceND(
        x,
        [2, 3],
        [
          [1, 0],
          [0, 2],
        ],
      ),
    [[floats([12, 2, 3, 2])]],
  ),
  ...both('batchToSpaceND whole', (x: T) => tf.batchToSpaceND(x, [2], [[0, 0]]), [[floats([4, 2, 3])]]),
  ...cases('depthToSpace', (x: T) => tf.depthToSpace(x as tf.Tensor4D, 2, 'NHWC'), [[floats([2, 3, 2, 8])]]),

  ...cases('zerosLike', (x: T) => [tf.zerosLike(x), tf.onesLike(x)], [
    [floats([2, 3])],
    [ints([])],
    [bools([2])],
  ]),
  ...cases(
    'fill',
    (x: T) => [tf.add(x, tf.fill([2, 3], 7)), tf.fill([2], 3, 'int32'), tf.fill([2], 1, 'bool')],
    [[floats([3])]],
  ),
  ...cases('Fill', (x: T) => [x, tf.engine().runKernel('Fill', {}, { shape: [2, 2], value: 2.5 }) as T], [
    [floats([3])],
  ]),
  ...[
    [0, 5, 1],
    [1, 2, 0.3],
    [5, 0, -2],
    [5, 0, 1],
    [3, 3, 1],
    [0.5, 4, 1],
  ].flatMap(([start, stop, step]) =>
    cases(`range ${start} ${stop} ${step}`, (x: T) => [x, tf.range(start!, stop!, step)], [[floats([1])]]),
  ),
  ...cases('range of integers', (x: T) => [x, tf.range(0, 6, 2, 'int32')], [[floats([1])]]),
  ...cases('linspace', (x: T) => [x, tf.linspace(-1, 2, 7)], [[floats([1])]]),
  ...cases('oneHot', (ids: T) => tf.oneHot(ids as tf.Tensor1D, 4), [
    [ints([5], -1, 6)],
    [ints([2, 3], 0, 4)],
    [ints([], 0, 4)],
  ]),
  ...(['float32', 'int32', 'bool'] as const).flatMap((dtype) =>
    cases(`oneHot of ${dtype}`, (ids: T) => tf.oneHot(ids as tf.Tensor1D, 4, 1, 0, dtype), [
      [ints([5], 0, 4)],
    ]),
  ),
  ...cases('oneHot of values', (ids: T) => tf.oneHot(ids as tf.Tensor1D, 3, 0.9, -0.1, 'float32'), [
    [ints([5], 0, 3)],
  ]),
  ...cases('diag', (x: T) => tf.diag(x), [[floats([3])], [floats([2, 3])], [ints([2, 2])]]),

  ...[0, 1, -1].flatMap((axis) => [
    ...cases(`gather ${axis}`, (x: T, ids: T) => tf.gather(x, ids, axis), [
      [floats([3, 4, 3]), places],
      [ints([3, 3, 3]), given([1], [], 'int32')],
      [bools([3, 3]), given([1, 1, 0], [3], 'int32')],
    ]),
    ...cases(
      `gradient of gather ${axis}`,
      (x: T) => tf.gather(x, tf.tensor1d([0, 2, 2], 'int32'), axis),
      [[floats([3, 4, 3])]],
      {
        gradient: true,
      },
    ),
  ]),
  ...cases('gather by batch', (x: T, ids: T) => tf.gather(x, ids, 1, 1), [[floats([2, 3, 4]), places]]),
  ...cases('gather by batch, inner', (x: T, ids: T) => tf.gather(x, ids, 2, 1), [
    [floats([2, 4, 3, 5]), places],
  ]),
  ...cases('gather by batch, last', (x: T, ids: T) => tf.gather(x, ids, -1, -1), [
    [floats([2, 4, 3]), places],
  ]),
  ...cases('gatherND', (x: T, ids: T) => tf.gatherND(x, ids), [
    [floats([3, 3]), places],
    [ints([3, 3, 2]), places],
    [floats([3, 2]), given([2, 0, 1], [3, 1], 'int32')],
  ]),
  ...cases(
    'gradient of gatherND',
    (x: T) =>
      tf.gatherND(
        x,
        tf.tensor2d(
          [
            [0, 1],
            [2, 2],
          ],
          undefined,
          'int32',
        ),
      ),
    [[floats([3, 3])]],
  ),
  ...cases('scatterND', (ids: T, x: T) => tf.scatterND(ids as tf.Tensor2D, x, [4, 3]), [
    [given([0, 2, 0], [3, 1], 'int32'), floats([3, 3])],
    [given([0, 2, 0, 2, 3, 0], [3, 2], 'int32'), floats([3])],
    [given([0, 2, 0], [3, 1], 'int32'), ints([3, 3])],
  ]),
  ...cases('tensorScatterUpdate', (x: T, ids: T, y: T) => tf.tensorScatterUpdate(x, ids as tf.Tensor2D, y), [
    [floats([4, 3]), given([0, 2], [2, 1], 'int32'), floats([2, 3])],
    [ints([4, 3]), given([0, 2, 3, 0], [2, 2], 'int32'), ints([2])],
  ]),
  ...cases(
    'sparseToDense',
    (ids: T, x: T, d: T) => tf.sparseToDense(ids as never, x as never, [5], d as never),
    [
      [given([0, 3], [2], 'int32'), floats([2]), given([-1], [])],
      [given([0, 3], [2], 'int32'), floats([]), given([0], [])],
      [given([4], [], 'int32'), ints([]), given([2], [], 'int32')],
    ],
  ),
  ...cases(
    'sparseToDense of matrices',
    (ids: T, x: T) => tf.sparseToDense(ids as never, x as never, [3, 4], tf.scalar(0.5)),
    [[given([0, 3, 2, 1], [2, 2], 'int32'), floats([2])]],
  ),
  ...cases('unsortedSegmentSum', (x: T, ids: T) => tf.unsortedSegmentSum(x, ids as tf.Tensor1D, 4), [
    [floats([5, 3]), given([0, 3, 0, 1, 3], [5], 'int32')],
    [floats([5]), given([0, -1, 7, 1, 3], [5], 'int32')],
    [floats([5, 2, 2]), given([-1, 4, 0, 1, 0], [5], 'int32')],
  ]),
  ...cases(
    'gradient of unsortedSegmentSum',
    (x: T) => tf.unsortedSegmentSum(x, tf.tensor1d([0, 2, 0], 'int32'), 3),
    [[floats([3, 2])]],
    {
      gradient: true,
    },
  ),
  ...cases('topk', (x: T) => Object.values(tf.topk(x, 3)) as T[], [
    [floats([5])],
    [floats([2, 3, 6])],
    [ints([4, 6], 0, 3)],
  ]),
  ...(['left', 'right'] as const).flatMap((side) =>
    cases(`searchSorted ${side}`, (a: T, x: T) => tf.searchSorted(a, x, side), [
      [given([-2, 0, 0, 1.5, 3, -1, 0, 1, 2, 4], [2, 5]), given([0, 1, -9, 9, 2, 1.5], [2, 3])],
      [given([1, 3, 3, 7], [4], 'int32'), given([3, 0, 8], [3], 'int32')],
    ]),
  ),
  ...cases('bincount', (x: T, w: T) => tf.bincount(x as never, w as never, 4), [
    [ints([9], 0, 6), floats([9])],
    [ints([9], 0, 6), floats([0])],
    [ints([9], 0, 6), ints([9])],
  ]),
  ...[false, true].flatMap((binary) =>
    cases(`denseBincount ${binary}`, (x: T, w: T) => tf.denseBincount(x as never, w as never, 4, binary), [
      [ints([9], 0, 6), floats([9])],
      [ints([3, 5], 0, 6), floats([3, 5])],
      [ints([3, 5], 0, 6), floats([0])],
    ]),
  ),
  ...cases('broadcastArgs', (a: T, b: T) => tf.broadcastArgs(a, b), [
    [given([3, 1, 4], [3], 'int32'), given([5, 1], [2], 'int32')],
  ]),
];
