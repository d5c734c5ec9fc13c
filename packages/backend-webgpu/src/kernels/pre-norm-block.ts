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
  const attended = attentionHalf(call, x, cache);
  const y = mlpHalf(call, attended);
  call.backend.disposeData(attended.dataId);
  return y;
}

/** x + attention(norm(x)) */
function attentionHalf(call: KernelCall, x: TensorInfo, cache: Cache | undefined): TensorInfo {
  const { backend, attrs } = call;
  const [batch, length, hiddenSize] = x.shape as [number, number, number];
  const numHeads = attrs['numHeads'] as number;
  const headDim = hiddenSize / numHeads;
  const normed = normalised(call, x, 1);
  const query = linear(call, 'q', normed);
  const into = (tensor: TensorInfo | undefined) =>
    cache && {
      into: tensor,
      heads: { length, headDim, capacity: cache.keys.shape[2]!, past: cache.past },
    };
  const key = linear(call, 'k', { ...normed, ...into(cache?.keys) });
  const value = linear(call, 'v', { ...normed, ...into(cache?.values) });
  const mixed = backend.makeTensorInfo(x.shape, 'float32');
  const logSumExp = backend.makeTensorInfo([batch, numHeads, length], 'float32');
  const attention = {
    backend,
    inputs: { query, key, value },
    attrs: { numHeads, scale: headDim ** -0.5, causal: attrs['causal'] as boolean },
  };
  attend(attention, mixed, logSumExp, attentionShapes(attention, (cache?.past ?? 0) + length));
  const attended = linear(call, 'out', { a: mixed, residual: x });
  dispose(call, [
    query,
    mixed,
    logSumExp,
    ...(cache ? [] : [key, value]),
    ...(normed.norm ? [] : [normed.a]),
  ]);
  return attended;
}

/** x + mlp(norm(x)) */
function mlpHalf(call: KernelCall, x: TensorInfo): TensorInfo {
  const normed = normalised(call, x, 2);
  const hidden = linear(call, 'fc1', { ...normed, activation: call.attrs['activation'] as GeluVariant });
  const y = linear(call, 'fc2', { a: hidden, residual: x });
  dispose(call, [hidden, ...(normed.norm ? [] : [normed.a])]);
  return y;
}

/** What a product takes of the normalised x: x itself and the norm, of few rows; else a new tensor. */
function normalised(
  { inputs, attrs, backend }: KernelCall,
  x: TensorInfo,
  which: 1 | 2,
): Pick<MatrixProduct, 'a' | 'norm'> {
  const [gamma, beta] = [inputs[`gamma${which}`]!, inputs[`beta${which}`]!];
  const epsilon = attrs['epsilon'] as number;
  if (sizeOf(x.shape.slice(0, -1)) <= FEW_ROWS) return { a: x, norm: { gamma, beta, epsilon } };
  const [y, ...moments] = norm({ inputs: { x, gamma, beta }, attrs: { epsilon }, backend }, true);
  for (const { dataId } of moments) backend.disposeData(dataId);
  return { a: y!, norm: undefined };
}

const linear = (
  { inputs, backend }: KernelCall,
  name: string,
  product: Omit<MatrixProduct, 'b'>,
): TensorInfo =>
  matrixProduct(backend, { ...product, b: inputs[`${name}Weight`]!, bias: inputs[`${name}Bias`] });

function dispose({ backend }: KernelCall, tensors: TensorInfo[]): void {
  for (const { dataId } of tensors) backend.disposeData(dataId);
}
