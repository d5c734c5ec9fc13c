import type { TensorInfo } from '@tensorflow/tfjs-core';
import { type KernelCall, sizeOf, type WebgpuKernel } from '../kernel';
import { runGradient } from './attention-gradient';
import { attentionShapes } from './attention-shapes';
import type { GeluVariant } from './gelu';
import { type MatrixProduct, matrixProduct } from './matmul/matmul';
import { normGradient } from './norm';
import { attentionAttrs, attentionHalf, disposeAll, mlpHalf, normOf } from './pre-norm-block';

/**
 * What is kept for the gradient, in the order of the kernels' outputs and inputs: of hiddenSize numbers a position
 * five, and the MLP's inner vector once. What follows from these by one pass over them is computed again: x and
 * `attended` after their norms, and the inner vector after its activation.
 */
const SAVED = [
  ...(['mean1', 'inverse1', 'query', 'key', 'value', 'mixed', 'logSumExp'] as const),
  ...(['attended', 'mean2', 'inverse2', 'inner'] as const),
];
type Saved = Record<(typeof SAVED)[number], TensorInfo>;

function forward(call: KernelCall): TensorInfo[] {
  const { x } = call.inputs as Record<'x', TensorInfo>;
  if (sizeOf(x.shape) === 0) return [zeros(call, x.shape)];
  const first = attentionHalf(call, x, { training: true });
  const second = mlpHalf(call, first.attended, { training: true });
  const saved = {
    ...first,
    ...{ mean1: first.mean, inverse1: first.inverse },
    ...{ mean2: second.mean, inverse2: second.inverse, inner: second.inner },
  } as Saved;
  return [second.y, ...SAVED.map((name) => saved[name])];
}

/** Gradients of x and of the weights, these in the order in which they are given. */
function gradient(call: KernelCall): TensorInfo[] {
  const { inputs, attrs, backend } = call;
  const { dy, x } = inputs as Record<'dy' | 'x', TensorInfo>;
  const names = Object.keys(inputs).filter((name) => /^(gamma|beta)|(Weight|Bias)$/.test(name));
  if (sizeOf(x.shape) === 0) return ['x', ...names].map((name) => zeros(call, inputs[name]!.shape));
  const saved = Object.fromEntries(SAVED.map((name, i) => [name, inputs[`saved${i}`]!])) as Saved;
  const gradients: Record<string, TensorInfo> = {};

  const ofWeights = (layer: string, input: TensorInfo, dy: TensorInfo) => {
    const bias = inputs[`${layer}Bias`];
    const columnSums = bias && backend.makeTensorInfo(bias.shape, 'float32');
    gradients[`${layer}Weight`] = matrixProduct(backend, { a: input, b: dy, transposeA: true, columnSums });
    if (columnSums) gradients[`${layer}Bias`] = columnSums;
  };
  const ofInput = (layer: string, dy: TensorInfo, end: Partial<MatrixProduct> = {}) =>
    matrixProduct(backend, { a: dy, b: inputs[`${layer}Weight`]!, transposeB: true, ...end });
  const throughNorm = (which: 1 | 2, dy: TensorInfo, x: TensorInfo, residual: TensorInfo) => {
    const statistics = { mean: saved[`mean${which}`], inverseStd: saved[`inverse${which}`] };
    const given = { dy, x, gamma: inputs[`gamma${which}`]!, ...statistics, residual };
    const [dx, dgamma, dbeta] = normGradient({ inputs: given, attrs: {}, backend }, true);
    Object.assign(gradients, { [`gamma${which}`]: dgamma, [`beta${which}`]: dbeta });
    return dx!;
  };
  const normed = (which: 1 | 2, x: TensorInfo) => {
    const [y, ...statistics] = normOf(call, x, which);
    disposeAll(call, statistics);
    return y;
  };

  const { inner, attended, mixed, query, key, value, logSumExp } = saved;
  const active = backend.makeTensorInfo(inner.shape, 'float32');
  const activation = attrs['activation'] as GeluVariant;
  const dInner = ofInput('fc2', dy, { activation, slope: { at: inner, values: active } });
  ofWeights('fc2', active, dy);
  disposeAll(call, [active]);
  const normed2 = normed(2, attended);
  ofWeights('fc1', normed2, dInner);
  disposeAll(call, [normed2]);
  const dNormed2 = ofInput('fc1', dInner);
  disposeAll(call, [dInner]);
  const dAttended = throughNorm(2, dNormed2, attended, dy);
  disposeAll(call, [dNormed2]);

  ofWeights('out', mixed, dAttended);
  const dMixed = ofInput('out', dAttended);
  const attention = {
    backend,
    inputs: { dy: dMixed, query, key, value, output: mixed, saved: logSumExp },
    attrs: attentionAttrs(call),
  };
  const split = [0, 1, 2].map(() => backend.makeTensorInfo(x.shape, 'float32'));
  runGradient(attention, attentionShapes(attention), split as [TensorInfo, TensorInfo, TensorInfo]);
  disposeAll(call, [dMixed]);
  const normed1 = normed(1, x);
  let dNormed1: TensorInfo | undefined;
  for (const [i, layer] of ['q', 'k', 'v'].entries()) {
    const dLayer = split[i]!;
    ofWeights(layer, normed1, dLayer);
    const sum = ofInput(layer, dLayer, { residual: dNormed1 });
    disposeAll(call, [dLayer, dNormed1]);
    dNormed1 = sum;
  }
  disposeAll(call, [normed1]);
  const dx = throughNorm(1, dNormed1!, x, dAttended);
  disposeAll(call, [dNormed1, dAttended]);
  return [dx, ...names.map((name) => gradients[name]!)];
}

const zeros = ({ backend }: KernelCall, shape: number[]) =>
  backend.makeTensorInfo(shape, 'float32', new Float32Array(sizeOf(shape)));

export const trainedEncoderBlocks: WebgpuKernel[] = [
  { kernelName: 'FusedEncoderBlockForward', compute: forward },
  { kernelName: 'FusedEncoderBlockGrad', compute: gradient },
];
