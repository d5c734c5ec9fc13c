import type { TensorInfo } from '@tensorflow/tfjs-core';
import { type KernelCall, sizeOf, type WebgpuKernel } from '../kernel';
import {
  BLOCK_THREADS,
  combine,
  factorWorkgroups,
  gradientFactors,
  gradientSums,
  moments,
  normalise,
  PER_THREAD,
  statistics,
  THREADS,
} from './channel-norm-programs';
import { columnSums } from './column-sums';

interface Settings {
  groups: number;
  epsilon: number;
  relu: boolean;
}

/** Elements side by side in a workgroup, at most. */
const MOST_LANES = 16;
/** Positions that a thread adds up, at most, and workgroups that suffice to keep a GPU busy. */
const MOST_POSITIONS = 64;
const ENOUGH_WORKGROUPS = 512;

/** How x is divided among workgroups, and what their shaders are told. */
function divide(x: TensorInfo) {
  const [samples, positions, channels] = x.shape as [number, number, number];
  const width = channels % 4 === 0 ? 4 : 1;
  const elements = channels / width;
  const lanes = Math.min(MOST_LANES, 2 ** Math.ceil(Math.log2(elements)));
  const columns = Math.ceil(elements / lanes);
  const rows = BLOCK_THREADS / lanes;
  const wanted = Math.ceil((positions * samples * columns) / (rows * ENOUGH_WORKGROUPS));
  const blockSize = rows * Math.min(MOST_POSITIONS, wanted);
  const blocks = Math.ceil(positions / blockSize);
  return {
    samples,
    positions,
    channels,
    element: width === 4 ? ('vec4<f32>' as const) : ('f32' as const),
    blocks,
    blockSize,
    block: {
      uniforms: { positions, elements, columns, blocks, blockSize, lanes },
      workgroups: samples * blocks * columns,
    },
    elementwise: {
      uniforms: { size: samples * positions * elements, elements, sampleSize: positions * elements },
      workgroups: Math.ceil((samples * positions * elements) / (THREADS * PER_THREAD)),
    },
  };
}

function channelNorm({ inputs, attrs, backend }: KernelCall): TensorInfo[] {
  const { x, gamma, beta } = inputs as Record<'x' | 'gamma' | 'beta', TensorInfo>;
  const { groups, epsilon, relu } = attrs as unknown as Settings;
  const make = (...shape: number[]) => backend.makeTensorInfo(shape, 'float32');
  const [y, mean, variance] = [make(...x.shape), make(x.shape[0]!, groups), make(x.shape[0]!, groups)];
  if (sizeOf(x.shape) === 0) return [y, mean, variance];
  const { samples, positions, channels, element, blocks, blockSize, block, elementwise } = divide(x);
  const [parts, table] = [make(samples, blocks, 2, channels), make(samples, 2, channels)];
  backend.runProgram(moments(element), { ...block, buffers: { xs: x, parts } });
  backend.runProgram(statistics, {
    buffers: { parts, gammas: gamma, means: mean, variances: variance, table },
    uniforms: { channels, groups, epsilon, positions, blocks, blockSize },
    workgroups: samples * groups,
  });
  backend.runProgram(normalise(element, relu), {
    buffers: { xs: x, betas: beta, table, ys: y },
    uniforms: { ...elementwise.uniforms, rows: 2 },
    workgroups: elementwise.workgroups,
  });
  for (const { dataId } of [parts, table]) backend.disposeData(dataId);
  return [y, mean, variance];
}

function channelNormGradient({ inputs, attrs, backend }: KernelCall): TensorInfo[] {
  const { dy, x, gamma, mean, variance, y } = inputs as Record<string, TensorInfo>;
  const { groups, epsilon, relu } = attrs as unknown as Settings;
  const make = (...shape: number[]) => backend.makeTensorInfo(shape, 'float32');
  const dx = make(...x!.shape);
  const numChannels = x!.shape[2]!;
  const zeros = sizeOf(x!.shape) === 0 ? new Float32Array(numChannels) : undefined;
  const [dgamma, dbeta] = [0, 1].map(() => backend.makeTensorInfo([numChannels], 'float32', zeros)) as [
    TensorInfo,
    TensorInfo,
  ];
  if (zeros) return [dx, dgamma, dbeta];
  const { samples, positions, channels, element, blocks, block, elementwise } = divide(x!);
  const [parts, table] = [make(samples, blocks, 2, channels), make(samples, 4, channels)];
  const given = { dys: dy!, xs: x!, ...(relu && { ys: y! }) };
  backend.runProgram(gradientSums(element, relu), {
    buffers: { ...given, means: mean!, parts },
    uniforms: { ...block.uniforms, groups },
    workgroups: block.workgroups,
  });
  const sums = blocks === 1 ? parts : make(samples, 2, channels);
  if (blocks > 1) columnSums(backend, parts, [samples, blocks, 2 * channels], [sums]);
  backend.runProgram(gradientFactors, {
    buffers: {
      sums,
      gammas: gamma!,
      means: mean!,
      variances: variance!,
      table,
      dgammas: dgamma,
      dbetas: dbeta,
    },
    uniforms: { channels, groups, epsilon, positions, samples },
    workgroups: factorWorkgroups(samples, groups, channels),
  });
  backend.runProgram(combine(element, relu), {
    buffers: { ...given, table, dxs: dx },
    uniforms: { ...elementwise.uniforms, rows: 4 },
    workgroups: elementwise.workgroups,
  });
  for (const { dataId } of new Set([parts, sums, table])) backend.disposeData(dataId);
  return [dx, dgamma, dbeta];
}

export const channelNorms: WebgpuKernel[] = [
  { kernelName: 'FusedChannelNorm', compute: channelNorm },
  { kernelName: 'FusedChannelNormGrad', compute: channelNormGradient },
];
