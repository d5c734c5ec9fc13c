import type { TensorInfo } from '@tensorflow/tfjs-core';
import { type KernelCall, sizeOf, type WebgpuKernel } from '../kernel';
import { columnSums } from './column-sums';
import { backward, forward, variantOf } from './norm-programs';
import { elementsOf } from './row-teams';

/** Rows that a team adds up for the gradients of gamma and beta, at least, and the most teams that do. */
const ROWS_A_TEAM = 8;
const MOST_TEAMS = 1024;

export function norm({ inputs, attrs, backend }: KernelCall, centred: boolean): TensorInfo[] {
  const { x, gamma, beta } = inputs as Record<'x' | 'gamma' | 'beta', TensorInfo>;
  const dim = x.shape.at(-1)!;
  const rows = sizeOf(x.shape.slice(0, -1));
  const y = backend.makeTensorInfo(x.shape, 'float32');
  const mean = centred ? [backend.makeTensorInfo([rows], 'float32')] : [];
  const inverse = backend.makeTensorInfo([rows], 'float32');
  if (rows * dim > 0) {
    const variant = variantOf(backend, dim, centred);
    backend.runProgram(forward(variant), {
      buffers: {
        xs: x,
        gammas: gamma,
        ys: y,
        inverses: inverse,
        ...(centred && { betas: beta, means: mean[0]! }),
      },
      uniforms: { rows, elements: elementsOf(variant, dim), epsilon: attrs['epsilon'] as number },
      workgroups: Math.ceil((rows * variant.team) / variant.threads),
    });
  }
  return [y, ...mean, inverse];
}

/** As the kernel of its name; and with an input `residual`, of x's shape, dx is greater by that. */
export function normGradient({ inputs, backend }: KernelCall, centred: boolean): TensorInfo[] {
  const { dy, x, gamma, mean, inverseStd, inverseRms, residual } = inputs;
  const dim = x!.shape.at(-1)!;
  const rows = sizeOf(x!.shape.slice(0, -1));
  const dx = backend.makeTensorInfo(x!.shape, 'float32');
  const zeros = rows === 0 ? new Float32Array(dim) : undefined;
  const ofWeights = (centred ? ['gamma', 'beta'] : ['gamma']).map(() =>
    backend.makeTensorInfo([dim], 'float32', zeros),
  );
  if (rows * dim > 0) {
    const variant = variantOf(backend, dim, centred);
    const perGroup = variant.threads / variant.team;
    const groups = Math.ceil(Math.min(rows / ROWS_A_TEAM, MOST_TEAMS) / perGroup);
    const teams = groups * perGroup;
    const columns = dim * ofWeights.length;
    const parts = backend.makeTensorInfo([teams, columns], 'float32');
    backend.runProgram(backward(variant, residual !== undefined), {
      buffers: {
        dys: dy!,
        xs: x!,
        gammas: gamma!,
        inverses: (inverseStd ?? inverseRms)!,
        ...(centred && { means: mean! }),
        ...(residual && { residual }),
        dxs: dx,
        parts,
      },
      uniforms: { rows, elements: elementsOf(variant, dim), teams },
      workgroups: groups,
    });
    columnSums(backend, parts, [1, teams, columns], ofWeights);
    backend.disposeData(parts.dataId);
  }
  return [dx, ...ofWeights];
}

export const norms: WebgpuKernel[] = [
  { kernelName: 'FusedLayerNorm', compute: (call) => norm(call, true) },
  { kernelName: 'FusedLayerNormGrad', compute: (call) => normGradient(call, true) },
  { kernelName: 'FusedRMSNorm', compute: (call) => norm(call, false) },
  { kernelName: 'FusedRMSNormGrad', compute: (call) => normGradient(call, false) },
];
