import type { TensorInfo } from '@tensorflow/tfjs-core';
import { type KernelCall, sizeOf } from '../kernel';
import { attend } from './attention';
import { attentionShapes } from './attention-shapes';
import type { GeluVariant } from './gelu';
import { FEW_ROWS } from './matmul/few-rows';
import { type MatrixProduct, matrixProduct } from './matmul/matmul';
import { norm } from './norm';

/** Where the block's keys and values are kept: those of x are written after `past` positions, in place. */
export interface Cache {
  /** [batch, heads, capacity, headDim], and `values` alike. */
  keys: TensorInfo;
  values: TensorInfo;
  past: number;
}

/**
 * A pre-norm block in inference: `x + attention(norm(x))`, then `x + mlp(norm(x))`, of a few products, which end with
 * what comes after them. For few rows, as in generating, they begin with the norm too: seven programs in all.
 *
 * @param call inputs and attrs as of core's `FusedEncoderBlock`
 */
export function preNormBlock(call: KernelCall, cache?: Cache): TensorInfo {
  const { x } = call.inputs as Record<'x', TensorInfo>;
  if (sizeOf(x.shape) === 0) return call.backend.makeTensorInfo(x.shape, 'float32', new Float32Array(0));
  const { attended, key, value, ...others } = attentionHalf(call, x, { cache });
  disposeAll(call, [...Object.values(others), ...(cache ? [] : [key, value])]);
  const { y, ...rest } = mlpHalf(call, attended);
  disposeAll(call, [attended, ...Object.values(rest)]);
  return y;
}

/**
 * x + attention(norm(x)), with what it is found by: the norm's mean and inverse deviation (where that is a program of
 * its own, as it is with `training`), and what attention takes and gives, heads side by side.
 */
export function attentionHalf(
  call: KernelCall,
  x: TensorInfo,
  { cache, training = false }: { cache?: Cache | undefined; training?: boolean },
) {
  const { backend, attrs } = call;
  const [batch, length, hiddenSize] = x.shape as [number, number, number];
  const numHeads = attrs['numHeads'] as number;
  const headDim = hiddenSize / numHeads;
  const { normed, mean, inverse } = normalised(call, x, 1, training);
  const query = linear(call, 'q', normed);
  const into = (tensor: TensorInfo | undefined) =>
    cache && {
      into: tensor,
      heads: { length, headDim, capacity: cache.keys.shape[2]!, past: cache.past },
    };
  const key = linear(call, 'k', { ...normed, ...into(cache?.keys) });
  const value = linear(call, 'v', { ...normed, ...into(cache?.values) });
  if (!normed.norm) disposeAll(call, [normed.a]);
  const mixed = backend.makeTensorInfo(x.shape, 'float32');
  const logSumExp = backend.makeTensorInfo([batch, numHeads, length], 'float32');
  const attention = { backend, inputs: { query, key, value }, attrs: attentionAttrs(call) };
  attend(attention, mixed, logSumExp, attentionShapes(attention, (cache?.past ?? 0) + length));
  const attended = linear(call, 'out', { a: mixed, residual: x });
  return { attended, mean, inverse, query, key, value, mixed, logSumExp };
}

/**
 * x + mlp(norm(x)), with what it is found by: the norm's as of {@link attentionHalf}, and with `training` what the
 * activation is given.
 */
export function mlpHalf(call: KernelCall, x: TensorInfo, { training = false } = {}) {
  const { normed, mean, inverse } = normalised(call, x, 2, training);
  const activation = call.attrs['activation'] as GeluVariant;
  const inner = training
    ? call.backend.makeTensorInfo([...x.shape.slice(0, -1), call.inputs['fc1Weight']!.shape[1]!], 'float32')
    : undefined;
  const active = linear(call, 'fc1', { ...normed, activation, before: inner });
  if (!normed.norm) disposeAll(call, [normed.a]);
  const y = linear(call, 'fc2', { a: active, residual: x });
  disposeAll(call, [active]);
  return { y, mean, inverse, inner };
}

/** Attributes of the block's attention, whose heads are side by side. */
export function attentionAttrs({ inputs, attrs }: KernelCall) {
  const numHeads = attrs['numHeads'] as number;
  const scale = (inputs['x']!.shape[2]! / numHeads) ** -0.5;
  return { numHeads, scale, causal: attrs['causal'] as boolean };
}

/** x after the block's first or second norm, as a new tensor, and the mean and inverse deviation of its rows. */
export function normOf({ inputs, attrs, backend }: KernelCall, x: TensorInfo, which: 1 | 2) {
  const weights = { gamma: inputs[`gamma${which}`]!, beta: inputs[`beta${which}`]! };
  return norm({ inputs: { x, ...weights }, attrs: { epsilon: attrs['epsilon']! }, backend }, true) as [
    normed: TensorInfo,
    mean: TensorInfo,
    inverse: TensorInfo,
  ];
}

/** What a product takes of the normalised x: x itself and the norm, of few rows unless `apart`; else a new tensor. */
function normalised(call: KernelCall, x: TensorInfo, which: 1 | 2, apart: boolean) {
  const { inputs, attrs } = call;
  if (!apart && sizeOf(x.shape.slice(0, -1)) <= FEW_ROWS) {
    const [gamma, beta] = [inputs[`gamma${which}`]!, inputs[`beta${which}`]!];
    return { normed: { a: x, norm: { gamma, beta, epsilon: attrs['epsilon'] as number } } };
  }
  const [a, mean, inverse] = normOf(call, x, which);
  return { normed: { a, norm: undefined }, mean, inverse };
}

const linear = (
  { inputs, backend }: KernelCall,
  name: string,
  product: Omit<MatrixProduct, 'b'>,
): TensorInfo =>
  matrixProduct(backend, { ...product, b: inputs[`${name}Weight`]!, bias: inputs[`${name}Bias`] });

export function disposeAll({ backend }: KernelCall, tensors: (TensorInfo | undefined)[]): void {
  for (const tensor of tensors) if (tensor) backend.disposeData(tensor.dataId);
}
