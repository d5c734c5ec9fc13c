import * as tf from '@tensorflow/tfjs-core';

/**
 * Operations that a backend may register as one kernel of its own. Each has a composed form in this folder that
 * runs on every backend; where the active backend has the kernel, it is used. Tensors are float32 unless said.
 *
 * | kernel | inputs | attrs | outputs |
 * | --- | --- | --- | --- |
 * | `FusedLayerNorm` | x [..., dim], gamma [dim], beta [dim] | epsilon | y [..., dim], mean [rows], inverseStd [rows] |
 * | `FusedLayerNormGrad` | dy, x, gamma, mean, inverseStd | | dx, dgamma, dbeta |
 * | `FusedRMSNorm` | x [..., dim], gamma [dim] | epsilon | y, inverseRms [rows] |
 * | `FusedRMSNormGrad` | dy, x, gamma, inverseRms | | dx, dgamma |
 * | `FusedL2Normalize` | x [..., dim] | epsilon | y, norm [rows]: the greater of the norm and epsilon |
 * | `FusedL2NormalizeGrad` | dy, y, norm | epsilon | dx |
 * | `FusedChannelNorm` | x [samples, positions, channels], gamma [channels], beta [channels] | groups, epsilon, relu | y, mean [samples, groups], variance [samples, groups] |
 * | `FusedChannelNormGrad` | dy, x, gamma, mean, variance, and with relu y | groups, epsilon, relu | dx, dgamma, dbeta |
 * | `FusedConvNorm` | x [batch, height, width, in], filter [h, w, in, out] or, depthwise, [h, w, in, 1], gamma, beta, mean and variance [out], bias [out] or absent, residual (of the result's shape) or absent | stride, padding [before, after], depthwise, epsilon, activation: 'linear', 'relu' or 'silu' | the activation of gamma (conv(x) + bias - mean) / sqrt(variance + epsilon) + beta + residual |
 * | `FusedSqueezeExcite` | x [batch, height, width, channels], reduce [channels, squeezed], reduceBias, expand [squeezed, channels], expandBias | | as `squeezeExcite` |
 * | `FusedConvTranspose2D` | x [batch, height, width, in], filter [h, w, out, in], bias [out] | as tfjs's `Conv2DBackpropInput` | the transposed convolution + bias |
 * | `FusedGelu` | x | variant: 'erf', 'tanh' or 'quick' | y |
 * | `FusedGeluGrad` | dy, x | variant | dx |
 * | `FusedSoftmaxCrossEntropy` | logits [rows, classes], labels int32 [rows], classWeights [classes] or absent | ignoreIndex, labelSmoothing | loss [rows] (0 where ignored), logSumExp [rows] |
 * | `FusedSoftmaxCrossEntropyGrad` | dy [rows], logits, labels, logSumExp, classWeights or absent | ignoreIndex, labelSmoothing | dlogits |
 * | `FusedAttention` | query [batch, heads, queries, headDim], key and value [batch, heads, keys, headDim], bias: additive, broadcastable to [batch, heads, queries, keys], or absent | scale, causal | output [batch, heads, queries, headDim], saved (any shape, for the gradient) |
 * | `FusedAttentionGrad` | dy, query, key, value, output, saved, bias or absent | scale, causal | dquery, dkey, dvalue |
 * | `FusedCachedAttention` | query [batch, heads, queries, headDim], key and value [batch, heads, 1, headDim], keys and values [batch, heads, capacity, headDim] with the past in them, after which key and value are written in place; bias as of `FusedAttention`, for past + 1 keys | scale, past (positions held) | output [batch, heads, queries, headDim]: every query sees all positions that are not masked |
 * | `ReluGrad` | dy, y (the ReLU's result) | | dy where y is above 0, else 0 |
 * | `FusedDecoderBlock` | x [batch, length, hiddenSize], keys and values [batch, heads, capacity, headDim], headDim a multiple of 8, with the past in them, of which the new positions are written in place; gamma1, beta1, gamma2, beta2, qWeight, kWeight, vWeight, outWeight, fc1Weight, fc2Weight, and with biases qBias, kBias, vBias, outBias, fc1Bias, fc2Bias | numHeads, epsilon, activation (as FusedGelu's variant), past (positions held; 0 where length > 1) | y [batch, length, hiddenSize] |
 * | `FusedEncoderBlock` | x [batch, length, hiddenSize] and the weights of `FusedDecoderBlock` | numHeads, epsilon, activation, causal | y [batch, length, hiddenSize] |
 * | `FusedEncoderBlockForward` | those of `FusedEncoderBlock` | numHeads, epsilon, activation, causal | y, and tensors by which the gradient is found, of any shape |
 * | `FusedEncoderBlockGrad` | dy, x, the weights, and those tensors as saved0, saved1, ... | those of `FusedEncoderBlockForward` | dx, and of each weight that is there, in the order of `FusedDecoderBlock` |
 * | `EmbeddingGrad` | dy [n, dim], ids int32 [n] | numEmbeddings, paddingIndex (-1: none) | dweight [numEmbeddings, dim] |
 * | `FusedAdamW` | parameter, gradient, m, v | learningRate, beta1, beta2, epsilon, weightDecay (decoupled), step (1-based), gradientScale | parameter', m', v' |
 * | `FusedAdamWGroup` | of each parameter i: parameter<i>, gradient<i>, m<i>, v<i>; gradientScale [] or absent | beta1, beta2, epsilon; by parameter: learningRate[], weightDecay[] (decoupled), penalty[] (that of L2), step[]; gradientScale where it is no input | of each parameter i: parameter<i>', m<i>', v<i>' |
 * | `AddGroup` | x0, y0, x1, y1, ... (of each pair the same shape) | weight | of each pair x + weight y |
 * | `LerpGroup` | those of `AddGroup` | weight | of each pair x + weight (y - x) |
 * | `SquaredNorm` | x | | sum of x squared, [] |
 * | `SquaredNorms` | x0, x1, ... | | numbers [any] whose sum is that of all their values squared |
 * | `GradientScale` | squares [any], guards [any] or absent | scale, maxNorm (-1: none) | norm [] = scale sqrt(sum of squares), gradientScale [] = scale min(1, maxNorm / (norm + 1e-6)), or NaN where the norm or a guard is not finite |
 *
 * Details: layer norm's variance is biased, and channel norm's (group and batch norm) too, over the positions and
 * the neighbouring channels of a group; `relu` says that y is the greater of the normalised value and 0; `rows` is the product of the leading sizes. A `bias` value at or
 * below {@link MASKED} means "not to be attended to": a query all of whose keys are masked (causally too) gives a
 * row of zeros, and no gradient. `causal` lets query i see keys up to i + keys - queries. Label smoothing and
 * class weights are PyTorch's `cross_entropy` with reduction 'none'. `gradientScale` multiplies the gradient first. `FusedAdamWGroup` gives parameters, m and v back as they were where
 * its input `gradientScale` is not finite; it changes them in place where no other tensor shares their data, and they
 * are then what it returns. So do `AddGroup` and `LerpGroup` with each x. The penalty times the parameter is added to the scaled gradient.
 */
export type FusedKernelName =
  | 'FusedLayerNorm'
  | 'FusedLayerNormGrad'
  | 'FusedRMSNorm'
  | 'FusedRMSNormGrad'
  | 'FusedL2Normalize'
  | 'FusedL2NormalizeGrad'
  | 'FusedChannelNorm'
  | 'FusedChannelNormGrad'
  | 'FusedConvNorm'
  | 'FusedSqueezeExcite'
  | 'FusedConvTranspose2D'
  | 'FusedGelu'
  | 'FusedGeluGrad'
  | 'FusedSoftmaxCrossEntropy'
  | 'FusedSoftmaxCrossEntropyGrad'
  | 'FusedAttention'
  | 'FusedAttentionGrad'
  | 'FusedCachedAttention'
  | 'ReluGrad'
  | 'FusedDecoderBlock'
  | 'FusedEncoderBlock'
  | 'FusedEncoderBlockForward'
  | 'FusedEncoderBlockGrad'
  | 'EmbeddingGrad'
  | 'FusedAdamW'
  | 'FusedAdamWGroup'
  | 'AddGroup'
  | 'LerpGroup'
  | 'SquaredNorm'
  | 'SquaredNorms'
  | 'GradientScale';

/** Attention bias at or below this masks the key; masks are written as this value. */
export const MASKED = -1e9;

let fusionEnabled = true;

/** Whether the active backend has the kernel (and {@link withoutFusedKernels} does not hide it). */
export function hasFusedKernel(name: FusedKernelName): boolean {
  return fusionEnabled && tf.getKernel(name, tf.getBackend()) !== undefined;
}

/** Runs a fused kernel; inputs that are undefined are left out. The caller owns the outputs. */
export function runFusedKernel(
  name: FusedKernelName,
  inputs: Record<string, tf.Tensor | undefined>,
  attrs: tf.NamedAttrMap = {},
): tf.Tensor[] {
  const given = Object.fromEntries(Object.entries(inputs).filter(([, x]) => x !== undefined));
  const outputs = tf.engine().runKernel(name, given as tf.NamedTensorMap, attrs) as unknown as
    | tf.Tensor
    | tf.Tensor[];
  return Array.isArray(outputs) ? outputs : [outputs];
}

/** Runs `f` in composed form even where fused kernels exist: to check one against the other. */
export function withoutFusedKernels<T>(f: () => T): T {
  const before = fusionEnabled;
  fusionEnabled = false;
  try {
    return f();
  } finally {
    fusionEnabled = before;
  }
}
