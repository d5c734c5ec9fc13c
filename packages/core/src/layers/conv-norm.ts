import * as tf from '@tensorflow/tfjs-core';
import { assertShape } from '../assert-shape';
import type { ForwardContext } from '../forward-context';
import { convFilterGradient, convInputGradient } from '../ops/conv2d';
import { customOp } from '../ops/custom-op';
import { hasFusedKernel, runFusedKernel } from '../ops/fused-kernels';
import { relu as rectify, reluGradient } from '../ops/relu';
import { residualAdd } from '../ops/residual-add';
import type { BatchNorm2d } from './batch-norm2d';
import type { Conv2d } from './conv2d';

export interface ConvNormOptions {
  /** Whether a ReLU comes last. Default false. */
  relu?: boolean | undefined;
  /** Added after the norm and before the ReLU; of the result's shape. */
  residual?: tf.Tensor4D | undefined;
}

/**
 * A convolution, its batch norm, and what follows them in a residual network:
 * `relu(norm(conv(x)) + residual)`. In inference it is one pass over the image on engines that can.
 *
 * @param x float32 [batch, height, width, in]
 * @returns float32 [batch, height', width', out]; the caller disposes it.
 * @throws ShapeError when the shapes do not fit.
 * @example
 * const y = convNorm(x, block.conv1, block.bn1, context, { relu: true });
 */
export function convNorm(
  x: tf.Tensor4D,
  conv: Conv2d,
  norm: BatchNorm2d,
  context?: ForwardContext,
  { relu = false, residual }: ConvNormOptions = {},
): tf.Tensor4D {
  const [kernelHeight, , inSize, outSize] = conv.weight.shape as [number, number, number, number];
  const { stride = 1, padding = 0 } = conv.options;
  assertShape(x.shape, [null, null, null, inSize], 'convNorm: x');
  assertShape(norm.weight.shape, [outSize], 'convNorm: norm');
  if (residual) {
    const side = (size: number) => Math.floor((size + 2 * padding - kernelHeight) / stride) + 1;
    const shape: number[] = [x.shape[0], side(x.shape[1]), side(x.shape[2]), outSize];
    assertShape(residual.shape, shape, 'convNorm: residual');
  }
  if (!context?.training && hasFusedKernel('FusedConvNorm')) return fused(x, conv, norm, relu, residual);
  return tf.tidy(() => {
    const y = norm.forward(conv.forward(x), context, { relu: relu && !residual });
    if (!residual) return y;
    const sum = residualAdd(y, residual);
    return relu ? rectify(sum) : sum;
  });
}

function fused(
  x: tf.Tensor4D,
  conv: Conv2d,
  norm: BatchNorm2d,
  relu: boolean,
  residual: tf.Tensor4D | undefined,
): tf.Tensor4D {
  const { stride = 1, padding = 0 } = conv.options;
  const { epsilon } = norm;
  const filter = conv.weight.value;
  const bias = conv.bias?.value;
  const [gamma, beta] = [norm.weight.value, norm.bias.value];
  const [mean, variance] = [norm.runningMean.value, norm.runningVar.value];
  return customOp<tf.Tensor4D>(
    { x, filter, bias, gamma, beta, residual },
    (save) => {
      const inputs = { x, filter, bias, gamma, beta, mean, variance, residual };
      const y = runFusedKernel('FusedConvNorm', inputs, { stride, padding, epsilon, relu })[0] as tf.Tensor4D;
      save([x, filter, gamma, mean, variance, ...(bias ? [bias] : []), ...(relu ? [y] : [])]);
      return y;
    },
    (dyAll, saved) => {
      const [x, filter, gamma, mean, variance, ...rest] = saved as [tf.Tensor4D, tf.Tensor4D, ...tf.Tensor[]];
      const dy = relu ? reluGradient(dyAll, rest.at(-1)!) : dyAll;
      const inverseStd = () => tf.rsqrt(tf.add(variance!, epsilon));
      const scale = () => tf.mul(gamma!, inverseStd());
      const total = () => tf.sum(tf.reshape(dy, [-1, filter.shape[3]]), 0);
      const ofFilter = () => convFilterGradient(x, dy, filter.shape, stride, padding);
      return {
        x: () => convInputGradient(dy, tf.mul(filter, scale()) as tf.Tensor4D, x.shape, stride, padding),
        filter: () => tf.mul(ofFilter(), scale()),
        bias: () => tf.mul(total(), scale()),
        gamma() {
          // The sum of dy conv(x) over the pixels, without conv(x).
          const along = tf.sum(tf.mul(ofFilter(), filter), [0, 1, 2]);
          const centre = bias ? tf.sub(mean!, rest[0]!) : mean!;
          return tf.mul(tf.sub(along, tf.mul(centre, total())), inverseStd());
        },
        beta: total,
        residual: () => tf.clone(dy),
      };
    },
  );
}
