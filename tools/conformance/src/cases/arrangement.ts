import * as tf from '@tensorflow/tfjs-core';
import type { OpCase } from '../op-case';

const transposes: [number[], number[] | undefined][] = [
  [[3, 4], undefined],
  [
    [3, 4],
    [0, 1],
  ],
  [
    [2, 3, 4],
    [0, 2, 1],
  ],
  [
    [2, 3, 4],
    [2, 0, 1],
  ],
  [
    [2, 3, 4, 5],
    [0, 2, 1, 3],
  ],
  [
    [2, 3, 4, 5],
    [0, 2, 3, 1],
  ],
  [
    [2, 3, 4, 5],
    [0, 3, 1, 2],
  ],
  [
    [2, 1, 3, 2, 2],
    [4, 2, 0, 1, 3],
  ],
  [
    [2, 1, 2, 3, 1, 2],
    [5, 0, 3, 1, 4, 2],
  ],
  [
    [2, 0, 3],
    [2, 1, 0],
  ],
];

const concats: [number[][], number][] = [
  [[[3], [2]], 0],
  [
    [
      [2, 3],
      [4, 3],
    ],
    0,
  ],
  [
    [
      [2, 3],
      [2, 1],
      [2, 2],
    ],
    1,
  ],
  [
    [
      [2, 1, 3],
      [2, 2, 3],
    ],
    1,
  ],
  [
    [
      [2, 2, 2, 1],
      [2, 2, 2, 3],
    ],
    3,
  ],
  [
    [
      [0, 3],
      [2, 3],
    ],
    0,
  ],
  [[[2, 3]], 1],
];

export const arrangementCases: OpCase[] = [
  ...transposes.map(([shape, perm]) => ({
    name: `transpose [${shape}] by ${perm}`,
    inputs: [{ shape }],
    run: (x: tf.Tensor) => tf.transpose(x, perm),
  })),
  ...transposes.slice(0, 6).map(([shape, perm]) => ({
    name: `transpose int32 [${shape}] by ${perm}`,
    inputs: [{ shape, dtype: 'int32' as const }],
    run: (x: tf.Tensor) => tf.transpose(x, perm),
  })),
  ...concats.flatMap(([shapes, axis]) =>
    (['float32', 'int32', 'bool'] as const).map((dtype) => ({
      name: `concat ${dtype} ${JSON.stringify(shapes)} axis ${axis}`,
      inputs: shapes.map((shape) => ({ shape, dtype })),
      run: (...xs: tf.Tensor[]) => tf.concat(xs, axis),
    })),
  ),
  ...(
    [
      [[6], 3, 0],
      [[6], [1, 2, 3], 0],
      [[4, 6], 2, 1],
      [[4, 6], [1, 5], 1],
      [[2, 6, 3], [2, 4], 1],
    ] as [number[], number | number[], number][]
  ).map(([shape, sizes, axis]) => ({
    name: `split [${shape}] into ${sizes} axis ${axis}`,
    inputs: [{ shape }],
    run: (x: tf.Tensor) => tf.split(x, sizes, axis),
  })),
  ...[0, 1, 2].flatMap((axis) => [
    {
      name: `stack axis ${axis}`,
      inputs: [{ shape: [2, 3] }, { shape: [2, 3] }],
      run: (...xs: tf.Tensor[]) => tf.stack(xs, axis),
    },
    {
      name: `unstack axis ${axis}`,
      inputs: [{ shape: [2, 3, 2] }],
      run: (x: tf.Tensor) => tf.unstack(x, axis),
    },
  ]),
  ...(
    [
      [[6], [2], [3]],
      [[6], [0], [-1]],
      [
        [4, 5],
        [1, 2],
        [2, 3],
      ],
      [
        [4, 5],
        [0, 1],
        [4, 1],
      ],
      [
        [2, 3, 4],
        [0, 1, 1],
        [2, 2, 2],
      ],
      [
        [2, 3, 4, 2],
        [1, 0, 1, 0],
        [1, 3, 3, 2],
      ],
      [
        [1, 2, 3, 2, 2],
        [0, 1, 0, 1, 0],
        [1, 1, 3, 1, 2],
      ],
      [
        [4, 5],
        [0, 0],
        [0, 5],
      ],
    ] as [number[], number[], number[]][]
  ).map(([shape, begin, size]) => ({
    name: `slice [${shape}] at ${begin} size ${size}`,
    inputs: [{ shape }],
    run: (x: tf.Tensor) => tf.slice(x, begin, size),
  })),
  ...(
    [
      [[8], [1], [7], [2]],
      [[8], [-1], [0], [-2]],
      [
        [4, 6],
        [0, 1],
        [4, 6],
        [2, 3],
      ],
      [
        [4, 6],
        [3, 5],
        [0, 0],
        [-1, -2],
      ],
    ] as [number[], number[], number[], number[]][]
  ).map(([shape, begin, end, strides]) => ({
    name: `stridedSlice [${shape}] ${begin}:${end}:${strides}`,
    inputs: [{ shape }],
    run: (x: tf.Tensor) => tf.stridedSlice(x, begin, end, strides),
    gradient: false,
  })),
  ...(
    [
      [[4], [[1, 2]]],
      [
        [2, 3],
        [
          [0, 1],
          [2, 0],
        ],
      ],
      [
        [2, 3, 2],
        [
          [1, 1],
          [0, 0],
          [0, 3],
        ],
      ],
      [
        [2, 3, 4, 2],
        [
          [0, 0],
          [1, 1],
          [2, 2],
          [0, 0],
        ],
      ],
    ] as [number[], [number, number][]][]
  ).flatMap(([shape, paddings]) => [
    {
      name: `pad [${shape}] ${JSON.stringify(paddings)}`,
      inputs: [{ shape }],
      run: (x: tf.Tensor) => tf.pad(x, paddings, 0.5),
    },
    {
      name: `mirrorPad [${shape}]`,
      inputs: [{ shape }],
      run: (x: tf.Tensor) =>
        tf.mirrorPad(
          x,
          shape.map(() => [1, 1] as [number, number]),
          'reflect',
        ),
      gradient: false,
    },
  ]),
  ...(
    [
      [[3], [2]],
      [
        [2, 3],
        [2, 1],
      ],
      [
        [2, 3],
        [1, 3],
      ],
      [
        [1, 2, 2],
        [2, 1, 2],
      ],
      [[1], [700]],
      [
        [1, 2, 1],
        [3, 1, 2],
      ],
    ] as [number[], number[]][]
  ).map(([shape, reps]) => ({
    name: `tile [${shape}] by ${reps}`,
    inputs: [{ shape }],
    run: (x: tf.Tensor) => tf.tile(x, reps),
  })),
  ...[[5], [2, 3], [2, 3, 4]].map((shape) => ({
    name: `reverse [${shape}]`,
    inputs: [{ shape }],
    run: (x: tf.Tensor) => tf.reverse(x, shape.length - 1),
  })),
  { name: 'reshape', inputs: [{ shape: [2, 6] }], run: (x) => tf.mul(tf.reshape(x!, [3, -1]), 2) },
  {
    name: 'expandDims, squeeze',
    inputs: [{ shape: [2, 3] }],
    run: (x) => tf.squeeze(tf.mul(tf.expandDims(x!, 1), 3)),
  },
  { name: 'broadcastTo', inputs: [{ shape: [3, 1] }], run: (x) => tf.broadcastTo(x!, [2, 3, 4]) },
  {
    name: 'spaceToBatchND',
    inputs: [{ shape: [1, 4, 4, 2] }],
    run: (x) =>
      tf.spaceToBatchND(
        x!,
        [2, 2],
        [
          [0, 0],
          [0, 0],
        ],
      ),
  },
  {
    name: 'batchToSpaceND',
    inputs: [{ shape: [4, 2, 2, 2] }],
    run: (x) =>
      tf.batchToSpaceND(
        x!,
        [2, 2],
        [
          [0, 0],
          [0, 0],
        ],
      ),
  },
  {
    name: 'depthToSpace',
    inputs: [{ shape: [1, 2, 2, 8] }],
    run: (x) => tf.depthToSpace(x as tf.Tensor4D, 2, 'NHWC'),
    gradient: false,
  },
];
