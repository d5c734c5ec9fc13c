import * as tf from '@tensorflow/tfjs-core';
import { sumTo } from './ops/rows';

/**
 * Replaces gradients of tfjs-core 4.22: most throw, or have the wrong shape or values, in cases that the forward pass
 * takes, and some are slow. See gradient-fixes.test.ts for one case of each.
 */
export function fixGradients(): void {
  // Broadcasting: the gradient has the shape of the output where it must have that of the input.
  const binary = (
    kernelName: string,
    gradients: (dy: tf.Tensor, a: tf.Tensor, b: tf.Tensor) => { a: () => tf.Tensor; b: () => tf.Tensor },
  ) => {
    tf.registerGradient({
      kernelName,
      inputsToSave: ['a', 'b'],
      gradFunc: (dy, saved) => {
        const [a, b] = saved as [tf.Tensor, tf.Tensor];
        const gradient = gradients(dy as tf.Tensor, a, b);
        return { a: () => sumTo(gradient.a(), a.shape), b: () => sumTo(gradient.b(), b.shape) };
      },
    });
  };
  binary(tf.Maximum, (dy, a, b) => ({
    a: () => tf.mul(dy, tf.cast(tf.greaterEqual(a, b), 'float32')),
    b: () => tf.mul(dy, tf.cast(tf.less(a, b), 'float32')),
  }));
  binary(tf.Minimum, (dy, a, b) => ({
    a: () => tf.mul(dy, tf.cast(tf.lessEqual(a, b), 'float32')),
    b: () => tf.mul(dy, tf.cast(tf.greater(a, b), 'float32')),
  }));
  binary(tf.SquaredDifference, (dy, a, b) => ({
    a: () => tf.mul(dy, tf.mul(2, tf.sub(a, b))),
    b: () => tf.mul(dy, tf.mul(2, tf.sub(b, a))),
  }));

  // The same for the batch dimensions of a product.
  tf.registerGradient({
    kernelName: tf.BatchMatMul,
    inputsToSave: ['a', 'b'],
    gradFunc: (dyOrNone, saved, attrs) => {
      const dy = dyOrNone as tf.Tensor;
      const [a, b] = saved as [tf.Tensor, tf.Tensor];
      const { transposeA, transposeB } = attrs as unknown as tf.BatchMatMulAttrs;
      return {
        a: () =>
          sumTo(
            transposeA ? tf.matMul(b, dy, transposeB, true) : tf.matMul(dy, b, false, !transposeB),
            a.shape,
          ),
        b: () =>
          sumTo(
            transposeB ? tf.matMul(dy, a, true, transposeA) : tf.matMul(a, dy, !transposeA, false),
            b.shape,
          ),
      };
    },
  });

  // Transposed where the axis is not the last.
  tf.registerGradient({
    kernelName: tf.Cumsum,
    gradFunc: (dy, _saved, attrs) => {
      const { axis, exclusive, reverse } = attrs as unknown as tf.CumsumAttrs;
      return { x: () => tf.cumsum(dy as tf.Tensor, axis, exclusive, !reverse) };
    },
  });

  // The cpu backend's kernel swaps height and width in the shape, though not in the values.
  tf.registerGradient({
    kernelName: tf.ResizeBilinear,
    inputsToSave: ['images'],
    gradFunc: (dy, saved, attrs) => {
      const [images] = saved as [tf.Tensor];
      const gradient = () =>
        tf.engine().runKernel(tf.ResizeBilinearGrad, { dy: dy as tf.Tensor, images }, attrs) as tf.Tensor;
      return { images: () => tf.tidy(() => tf.reshape(gradient(), images.shape)) };
    },
  });

  // The cpu backend's kernel reads the wrong pictures after the first: as channels of one picture they are right.
  tf.registerGradient({
    kernelName: tf.ResizeNearestNeighbor,
    inputsToSave: ['images'],
    gradFunc: (dyOrNone, saved, attrs) => {
      const dy = dyOrNone as tf.Tensor4D;
      const [images] = saved as [tf.Tensor4D];
      const gradient = (dy: tf.Tensor4D, images: tf.Tensor4D) =>
        tf.engine().runKernel(tf.ResizeNearestNeighborGrad, { dy, images }, attrs) as tf.Tensor4D;
      const asOne = (x: tf.Tensor4D) => {
        const [batch, height, width, channels] = x.shape;
        return tf.reshape(tf.transpose(x, [1, 2, 0, 3]), [1, height, width, batch * channels]) as tf.Tensor4D;
      };
      return {
        images: () =>
          tf.tidy(() => {
            const [batch, height, width, channels] = images.shape;
            if (batch === 1) return gradient(dy, images);
            const dx = gradient(asOne(dy), tf.zeros([1, height, width, batch * channels]));
            return tf.transpose(tf.reshape(dx, [height, width, batch, channels]), [2, 0, 1, 3]);
          }),
      };
    },
  });

  // Of all elements: one tensor filled with the share of each, not one of ones that is multiplied and divided.
  for (const [kernelName, share] of [
    [tf.Sum, () => 1],
    [tf.Mean, (size: number) => 1 / size],
  ] as const) {
    const { gradFunc: inherited, ...config } = tf.getGradient(kernelName);
    tf.registerGradient({
      ...config,
      gradFunc: (dyOrNone, saved, attrs) => {
        const dy = dyOrNone as tf.Tensor;
        const [x] = saved as [tf.Tensor];
        if (dy.size !== 1 || x.size < 2) return inherited(dy, saved, attrs);
        return {
          x: () =>
            tf.tidy(() => {
              const each = tf.reshape(tf.mul(dy, share(x.size)), [1]);
              return tf.reshape(tf.tile(each, [x.size]), x.shape);
            }),
        };
      },
    });
  }

  // A sum over each axis that was repeated, not a slice and an addition for every repetition.
  tf.registerGradient({
    kernelName: tf.Tile,
    gradFunc: (dy, _saved, attrs) => {
      const { reps } = attrs as unknown as tf.TileAttrs;
      return { x: () => tf.tidy(() => reps.reduce(sumOfRepetitions, tf.clone(dy as tf.Tensor))) };
    },
  });

  // It forgets how the number of windows was rounded.
  tf.registerGradient({
    kernelName: tf.MaxPool,
    inputsToSave: ['x'],
    outputsToSave: [true],
    gradFunc: (dy, saved, attrs) => {
      const [input, output] = saved as [tf.Tensor, tf.Tensor];
      const inputs = { dy: dy as tf.Tensor, input, output };
      return { x: () => tf.engine().runKernel(tf.MaxPoolGrad, inputs, attrs) as tf.Tensor };
    },
  });

  // At an edge the forward pass divides by the pixels under the window, the gradient's kernels by the whole window
  // (all but libtensorflow's). Without padding they are right, so the padding is made, and each window weighted.
  tf.registerGradient({
    kernelName: tf.AvgPool,
    inputsToSave: ['x'],
    gradFunc: (dy, saved, attrs) => {
      const [x] = saved as [tf.Tensor4D];
      const { filterSize, strides, pad, dimRoundingMode } = attrs as unknown as tf.AvgPoolAttrs;
      const pool = tf.backend_util.computePool2DInfo(x.shape, filterSize, strides, 1, pad, dimRoundingMode);
      const { top, left } = pool.padInfo;
      const rows = paddedAxis(pool.inHeight, pool.outHeight, pool.filterHeight, pool.strideHeight, top);
      const columns = paddedAxis(pool.inWidth, pool.outWidth, pool.filterWidth, pool.strideWidth, left);
      const gradient = () => {
        const weights = tf.mul(
          tf.reshape(rows.weights, [1, -1, 1, 1]),
          tf.reshape(columns.weights, [1, 1, -1, 1]),
        );
        const padded = tf.zeros<tf.Rank.R4>([pool.batchSize, rows.size, columns.size, pool.inChannels]);
        const dx = tf
          .engine()
          .runKernel(
            tf.AvgPoolGrad,
            { dy: tf.mul(dy as tf.Tensor4D, weights), input: padded },
            { filterSize, strides, pad: 'valid' },
          ) as tf.Tensor4D;
        return tf.slice(dx, [0, top, left, 0], x.shape);
      };
      return { x: () => tf.tidy(gradient) };
    },
  });
}

/** The sum of the `count` repetitions that lie one after the other along an axis. */
function sumOfRepetitions(x: tf.Tensor, count: number, axis: number): tf.Tensor {
  if (count === 1) return x;
  const before = x.shape.slice(0, axis);
  const [size, ...after] = x.shape.slice(axis) as [number, ...number[]];
  const [outer, inner] = [before, after].map((shape) => tf.util.sizeFromShape(shape)) as [number, number];
  const apart = tf.reshape(x, [outer, count, (size / count) * inner]);
  return tf.reshape(tf.sum(apart, 1), [...before, size / count, ...after]);
}

/** The size of an axis with its padding, and by how much each window's mean is above that with zeros as padding. */
function paddedAxis(size: number, windows: number, window: number, stride: number, before: number) {
  const weights = Array.from({ length: windows }, (_, i) => {
    const start = i * stride - before;
    return window / (Math.min(start + window, size) - Math.max(start, 0));
  });
  return { size: Math.max((windows - 1) * stride + window, before + size), weights };
}
