import '@tensorflow/tfjs-backend-cpu';
import '@crossmodal/backend-onnx';
import {
  attention,
  conv2d,
  convTranspose2d,
  depthwiseConv2d,
  embedding,
  gelu,
  groupNorm,
  layerNorm,
  linear,
  maxPool2d,
  rmsNorm,
  softmaxCrossEntropy,
  useBackend,
} from '@crossmodal/core';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { flatten } from '../arguments';
import { TraceError } from '../errors';
import { optimize } from '../passes/optimize';
import { expectEqual, lowerInDialects, onCpu, runLowered } from '../testing/compare';
import { type CaseFunction, floats, type Given, ints, tensorOf } from '../testing/kernel-case';
import { type OpenSize, traceDynamic } from '../trace/trace-dynamic';

type Inputs = (batch: number, length: number) => Given[];
type T = tf.Tensor;
type T4 = tf.Tensor4D;

const OPEN: OpenSize[] = [
  { name: 'batch', sizes: [2, 3, 5] },
  { name: 'length', sizes: [6, 7, 4] },
];
const rows: Inputs = (b, l) => [floats([b, l, 4])];
const image: Inputs = (b) => [floats([b, 6, 8, 3])];

const trace = (fn: CaseFunction, inputs: Inputs) => {
  const args = flatten(inputs(2, 6).map(tensorOf), 'the inputs');
  const at = ({ batch, length }: Readonly<Record<string, number>>) => ({
    args,
    shapes: inputs(batch!, length!).map(({ shape }) => shape),
  });
  return traceDynamic(fn as never, at, OPEN);
};
/** With the gradients of the sum of squares for all inputs. */
const withGradients =
  (fn: (...xs: never[]) => T): CaseFunction =>
  (...xs: T[]) => [
    fn(...(xs as never[])),
    ...tf.grads((...ys: T[]) => tf.sum(tf.square(fn(...(ys as never[])))))(xs),
  ];
const learned = (fn: (...xs: never[]) => T, inputs: Inputs) => [withGradients(fn), inputs] as const;

const cases: Record<string, readonly [CaseFunction, Inputs]> = {
  'elementwise and broadcasting': learned(
    (x: T, y: T) => tf.mul(tf.exp(x), tf.add(y, 1)),
    (b, l) => [floats([b, l, 4]), floats([l, 1])],
  ),
  reductions: [
    (x: T) => [
      tf.sum(x),
      tf.mean(x, 1),
      tf.max(x, [0, 2]),
      tf.argMax(x, -1),
      tf.prod(x, -1),
      tf.min(x, 0, true),
    ],
    rows,
  ],
  'gradients of reductions': learned((x: T) => tf.mul(tf.mean(x, 1, true), tf.sum(x)), rows),
  cumsum: learned((x: T) => tf.cumsum(x, 1, true, true), rows),
  softmax: learned((x: T) => tf.softmax(tf.transpose(x, [0, 2, 1])), rows),
  'reshape and transpose': learned(
    (x: T) => tf.transpose(tf.reshape(x, [x.shape[0], -1, 2, 2]), [0, 2, 1, 3]),
    rows,
  ),
  'slice to the end': learned((x: T) => tf.slice(x, [0, 1, 0], [-1, -1, 2]), rows),
  'slice of all but the last': learned((x: T) => tf.slice(x, [0, 0, 0], [-1, x.shape[1]! - 1, -1]), rows),
  'the last': learned((x: T) => tf.squeeze(tf.slice(x, [0, x.shape[1]! - 1, 0], [-1, 1, -1]), [1]), rows),
  stridedSlice: [(x: T) => tf.stridedSlice(x, [0, 1], [x.shape[0]!, x.shape[1]!], [1, 1]), rows],
  reverse: learned((x: T) => tf.reverse(x, [0, 1]), rows),
  'concat and split': learned(
    (x: T, y: T) => {
      const [a, b] = tf.split(tf.concat([x, y], 1), [x.shape[1]!, y.shape[1]!], 1) as [T, T];
      return tf.mul(tf.sum(a, 1), tf.sum(b, 1));
    },
    (b, l) => [floats([b, l, 4]), floats([b, 3, 4])],
  ),
  'stack and unstack': learned((x: T) => tf.stack(tf.unstack(x, 2).reverse(), 1), rows),
  'pad and tile': learned(
    (x: T) =>
      tf.tile(
        tf.pad(x, [
          [0, 1],
          [2, 0],
          [0, 0],
        ]),
        [2, 1, 1],
      ),
    rows,
  ),
  mirrorPad: [
    (x: T) =>
      tf.mirrorPad(
        x,
        [
          [0, 0],
          [2, 1],
          [1, 0],
        ],
        'reflect',
      ),
    rows,
  ],
  broadcastTo: learned(
    (x: T, y: T) => tf.mul(tf.broadcastTo(y, x.shape), x),
    (b, l) => [floats([b, l, 4]), floats([4])],
  ),
  'range, fill and oneHot': [
    (x: T) => [
      tf.range(0, x.shape[1]!, 1, 'int32'),
      tf.fill([x.shape[0]!, 2], 3),
      tf.zerosLike(x),
      tf.oneHot(tf.range(0, x.shape[0]!, 1, 'int32'), x.shape[1]!),
    ],
    rows,
  ],
  'gather by batch': [
    (x: T, ids: T) => tf.gather(x, ids, 1, 1),
    (b, l) => [floats([b, l, 4]), ints([b, 3], 0, 4)],
  ],
  'gatherND and scatterND': [
    (x: T, ids: T) => [tf.gatherND(x, ids), tf.scatterND(ids as tf.Tensor2D, tf.gatherND(x, ids), x.shape)],
    (b, l) => [floats([b, l, 4]), ints([b, 2], 0, 2)],
  ],
  unsortedSegmentSum: [
    (x: T, ids: T) => tf.unsortedSegmentSum(x, ids as tf.Tensor1D, 3),
    (b, l) => [floats([b, l]), ints([b], 0, 3)],
  ],
  topk: [(x: T) => Object.values(tf.topk(x, 2)) as T[], rows],
  where: [(x: T, y: T) => tf.where(tf.greater(x, y), x, y), (b, l) => [floats([b, l, 4]), floats([l, 4])]],
  matMul: learned(
    (x: T, y: T) => tf.matMul(x, y, false, true),
    (b, l) => [floats([b, l, 4]), floats([b, 3, 4])],
  ),
  einsum: [(x: T, y: T) => tf.einsum('bld,bmd->blm', x, y), (b, l) => [floats([b, l, 4]), floats([b, 3, 4])]],
  linear: learned(
    (x: T, w: tf.Tensor2D, b: tf.Tensor1D) => linear(x, w, b),
    (b, l) => [floats([b, l, 4]), floats([4, 3]), floats([3])],
  ),
  layerNorm: learned(
    (x: T, g: T, b: T) => layerNorm(x, g, b, 1e-5),
    (b, l) => [floats([b, l, 4]), floats([4]), floats([4])],
  ),
  rmsNorm: learned(
    (x: T, g: T) => rmsNorm(x, g, 1e-5),
    (b, l) => [floats([b, l, 4]), floats([4])],
  ),
  gelu: learned((x: T) => gelu(x), rows),
  attention: learned(
    (q: T4, k: T4, v: T4) => attention(q, k, v, { causal: true }),
    (b, l) => [0, 1, 2].map(() => floats([b, 2, l, 4])),
  ),
  embedding: [
    (w: tf.Tensor2D, ids: T) => [
      embedding(w, ids),
      tf.grad((weight) => tf.sum(tf.square(embedding(weight as tf.Tensor2D, ids))))(w),
    ],
    (b, l) => [floats([5, 3]), ints([b, l], 0, 5)],
  ],
  softmaxCrossEntropy: [
    (x: tf.Tensor2D, labels: T) => [
      softmaxCrossEntropy(x, labels, { labelSmoothing: 0.1 }),
      tf.grad((logits) => softmaxCrossEntropy(logits, labels))(x),
    ],
    (b) => [floats([b, 5]), ints([b], 0, 5)],
  ],
  convolutions: learned(
    (x: T4, f: T4, d: T4, bias: T) =>
      convTranspose2d(
        depthwiseConv2d(conv2d(x, f, bias, { padding: 1 }), d, undefined, { stride: 2 }),
        f,
        undefined,
        { stride: 2 },
      ),
    (b) => [...image(b, 0), floats([3, 3, 3, 3]), floats([3, 3, 3, 1]), floats([3])],
  ),
  pooling: learned(
    (x: T4) => tf.avgPool(maxPool2d(x, { kernelSize: 3, stride: 1, padding: 1 }), 2, 2, 'same'),
    image,
  ),
  resizing: learned(
    (x: T4) => tf.image.resizeBilinear(tf.image.resizeNearestNeighbor(x, [12, 9]), [4, 5]),
    image,
  ),
  groupNorm: learned(
    (x: T4, g: T, b: T) => groupNorm(x, 3, g, b),
    (b) => [...image(b, 0), floats([3]), floats([3])],
  ),
  'blocks of space': learned(
    (x: T4) =>
      tf.batchToSpaceND(
        tf.spaceToBatchND(
          x,
          [2, 2],
          [
            [0, 0],
            [0, 0],
          ],
        ),
        [2, 2],
        [
          [1, 0],
          [0, 1],
        ],
      ),
    image,
  ),
  depthToSpace: [(x: T4) => tf.depthToSpace(x, 2, 'NHWC'), (b, l) => [floats([b, l, 2, 4])]],
};

describe('a graph of open batch and length', () => {
  beforeAll(() => useBackend('onnx'));

  it.each(Object.entries(cases))('%s: gives at other sizes what the function gives', (_, [fn, inputs]) => {
    const traced = trace(fn, inputs);
    optimize(traced.graph);
    for (const [batch, length] of [
      [2, 6],
      [4, 9],
      [1, 5],
    ] as const) {
      const given = inputs(batch, length);
      const tensors = given.map(tensorOf);
      const expected = onCpu((...xs) => [fn(...(xs as never[]))].flat(), given);
      for (const lowered of lowerInDialects(traced)) {
        const received = runLowered(traced, lowered, tensors, { batch, length });
        for (const [i, result] of expected.entries()) {
          const most = Math.max(...Array.from(result.values, Math.abs));
          expectEqual(
            received[i]!,
            result,
            5e-5 * (1 + most),
            `batch ${batch}, length ${length}, result ${i}`,
          );
        }
      }
      tf.dispose(tensors);
    }
  });

  it('is none where a kernel needs a size that is open', () => {
    const lowerOf = (fn: (x: T) => T) => () => lowerInDialects(trace(fn as never, rows));
    expect(lowerOf((x) => tf.cumprod(x, 1))).toThrow(TraceError);
    expect(lowerOf((x) => tf.cumprod(x, 1))).toThrow(
      'compile: cumprod: expected an axis of known size, received one whose size is open.',
    );
    expect(lowerOf((x) => tf.image.resizeBilinear(tf.expandDims(x, 3) as T4, [3, 3]))).toThrow(
      'compile: ResizeBilinear: expected images of known height and width, received open sizes.',
    );
    expect(lowerOf((x) => tf.linspace(0, 1, x.shape[0]!))).toThrow(
      'compile: linspace: expected numbers, received some that follow from open sizes.',
    );
  });
});
