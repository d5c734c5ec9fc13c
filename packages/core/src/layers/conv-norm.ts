import * as tf from '@tensorflow/tfjs-core';
import { assertShape } from '../assert-shape';
import type { ForwardContext } from '../forward-context';
import { convFilterGradient, convInputGradient, sidesOf } from '../ops/conv2d';
import { customOp } from '../ops/custom-op';
import { depthwiseFilterGradient, depthwiseInputGradient } from '../ops/depthwise-conv2d';
import { hasFusedKernel, runFusedKernel } from '../ops/fused-kernels';
import { reluGradient } from '../ops/relu';
import { residualAdd } from '../ops/residual-add';
import { siluGradient } from '../ops/silu';
import { activate } from './activation';
import type { BatchNorm2d } from './batch-norm2d';
import type { Conv2d } from './conv2d';
import { DepthwiseConv2d } from './depthwise-conv2d';

export interface ConvNormOptions {
  /** What comes last. Default: nothing. */
  activation?: 'relu' | 'silu' | undefined;
  /** Added after the norm and before the activation; of the result's shape. */
  residual?: tf.Tensor4D | undefined;
}

/**
 * A convolution, its batch norm, and what follows them in a residual network:
 * `activation(norm(conv(x)) + residual)`. In inference it is one pass over the image on engines that can.
 *
 * @param x float32 [batch, height, width, in]
 * @returns float32 [batch, height', width', out]; the caller disposes it.
 * @throws ShapeError when the shapes do not fit.
 * @example
 * const y = convNorm(x, block.conv1, block.bn1, context, { activation: 'relu' });
 */
export function convNorm(
  x: tf.Tensor4D,
  conv: Conv2d | DepthwiseConv2d,
  norm: BatchNorm2d,
  context?: ForwardContext,
  { activation, residual }: ConvNormOptions = {},
): tf.Tensor4D {
  const [kernelHeight, kernelWidth, inSize] = conv.weight.shape as [number, number, number, number];
  const outSize = conv instanceof DepthwiseConv2d ? inSize : conv.weight.shape[3]!;
  assertShape(x.shape, [null, null, null, inSize], 'convNorm: x');
  assertShape(norm.weight.shape, [outSize], 'convNorm: norm');
  if (residual) {
    const { stride = 1, padding = 0 } = conv.options;
    const [before, after] = sidesOf(padding);
    const side = (size: number, kernel: number) => Math.floor((size + before + after - kernel) / stride) + 1;
    const [rows, columns] = [side(x.shape[1], kernelHeight), side(x.shape[2], kernelWidth)];
    assertShape(residual.shape, [x.shape[0], rows, columns, outSize], 'convNorm: residual');
  }
  if (!context?.training && hasFusedKernel('FusedConvNorm'))
    return fused(x, conv, norm, activation, residual);
  return tf.tidy(() => {
    const relu = activation === 'relu' && !residual;
    const y = norm.forward(conv.forward(x), context, { relu });
    const sum = residual ? residualAdd(y, residual) : y;
    return activation && !relu ? (activate(sum, activation) as tf.Tensor4D) : sum;
  });
}

function fused(
  x: tf.Tensor4D,
  conv: Conv2d | DepthwiseConv2d,
  norm: BatchNorm2d,
  activation: ConvNormOptions['activation'],
  residual: tf.Tensor4D | undefined,
): tf.Tensor4D {
  const { stride = 1, padding = 0 } = conv.options;
  const { epsilon } = norm;
  const depthwise = conv instanceof DepthwiseConv2d;
  const filter = conv.weight.value as tf.Tensor as tf.Tensor4D;
  const bias = conv.bias?.value;
  const [gamma, beta] = [norm.weight.value, norm.bias.value];
  const [mean, variance] = [norm.runningMean.value, norm.runningVar.value];
  const inputs = { x, filter, bias, gamma, beta, mean, variance, residual };
  const run = (inputs: Record<string, tf.Tensor | undefined>, activation = 'linear') => {
    const attrs = { stride, padding: sidesOf(padding), depthwise, epsilon, activation };
    return runFusedKernel('FusedConvNorm', inputs, attrs)[0] as tf.Tensor4D;
  };
  const filterGradient = depthwise ? depthwiseFilterGradient : convFilterGradient;
  const inputGradient = depthwise ? depthwiseInputGradient : convInputGradient;
  let names: string[];
  return customOp<tf.Tensor4D>(
    { x, filter, bias, gamma, beta, residual },
    (save) => {
      const y = run(inputs, activation);
      // The gradient of a ReLU is found from its result; SiLU's from what goes into it, which is computed again.
      const ofConv = { x, filter, bias, gamma, mean, variance };
      const kept: Record<string, tf.Tensor | undefined> =
        activation === 'silu' ? inputs : activation === 'relu' ? { ...ofConv, y } : ofConv;
      names = Object.keys(kept).filter((name) => kept[name] !== undefined);
      save(names.map((name) => kept[name]!));
      return y;
    },
    (dyAll, saved) => {
      const kept = Object.fromEntries(saved.map((tensor, i) => [names[i]!, tensor]));
      const { gamma, mean, variance, bias } = kept as Record<string, tf.Tensor>;
      const { x, filter } = kept as { x: tf.Tensor4D; filter: tf.Tensor4D };
      const dy =
        activation === 'silu'
          ? (siluGradient(dyAll, run(kept)) as tf.Tensor4D)
          : activation === 'relu'
            ? reluGradient(dyAll, kept['y']!)
            : dyAll;
      const inverseStd = () => tf.rsqrt(tf.add(variance!, epsilon));
      const scale = () => tf.mul(gamma!, inverseStd());
      const scaled = (ofFilter: tf.Tensor) =>
        tf.mul(ofFilter, depthwise ? tf.reshape(scale(), [-1, 1]) : scale()) as tf.Tensor4D;
      const total = () => tf.sum(tf.reshape(dy, [-1, dy.shape[3]]), 0);
      const ofFilter = () => filterGradient(x, dy, filter.shape, stride, padding);
      return {
        x: () => inputGradient(dy, scaled(filter), x.shape, stride, padding),
        filter: () => scaled(ofFilter()),
        bias: () => tf.mul(total(), scale()),
        gamma() {
          // The sum of dy conv(x) over the pixels, without conv(x).
          const along = tf.sum(tf.mul(ofFilter(), filter), [0, 1, depthwise ? 3 : 2]);
          const centre = bias ? tf.sub(mean!, bias) : mean!;
          return tf.mul(tf.sub(along, tf.mul(centre, total())), inverseStd());
        },
        beta: total,
        residual: () => tf.clone(dy),
      };
    },
  );
}
