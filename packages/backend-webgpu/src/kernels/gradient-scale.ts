import type { TensorInfo } from '@tensorflow/tfjs-core';
import { type KernelCall, sizeOf, type WebgpuKernel } from '../kernel';
import type { Element, Program } from '../program';
import type { WebgpuBackend } from '../webgpu-backend';
import { byMember, dispatchOf, fieldsOf, type Member, split, writtenOnce } from './groups';
import { notFinite } from './not-finite';
import { lanesOf, type Teams, teamSum } from './team-sum';

const WORKGROUP = 256;

/** Values that a thread squares, at least: each workgroup leaves one number behind. */
const PER_THREAD = 4;

/** Numbers left behind, about, at most: one workgroup adds them up. */
const MOST_SUMS = 8192;

/**
 * A sum by all threads of a workgroup, and the greatest magnitude, as bits, among all values: the sum is NaN or
 * infinite where that says so.
 */
const reduction = (teams: Teams) => `${notFinite}${teamSum(teams)}
var<workgroup> greatest: atomic<u32>;
fn total(thread: u32, lanes: u32, sum: f32, bits: u32) -> f32 {
  if (bits >= INFINITE) { atomicMax(&greatest, select(INFINITE, NAN, bits > INFINITE)); }
  let all = teamSum(vec2<f32>(sum, 0.0), thread, lanes).x;
  let wrong = atomicLoad(&greatest);
  return fromBits(select(bitcast<u32>(all), wrong, wrong != 0u));
}`;

/** The workgroup. */
const teamsOf = (subgroups: boolean): Teams => ({ team: WORKGROUP, threads: WORKGROUP, subgroups });

/** Of `count` tensors: workgroups by the tensor, each of which squares `uniforms.chunk` values, or fours of them. */
const squaresProgram = writtenOnce((count: number, element: Element, subgroups: boolean): Program => {
  const teams = teamsOf(subgroups);
  const lanes = lanesOf(teams);
  const add = (i: number, begin: string) => `
    let start = (index - ${begin}) * uniforms.chunk;
    let end = min(start + uniforms.chunk, uniforms.size${i});
    for (var at = start + thread; at < end; at += ${WORKGROUP}) {
      let x = x${i}[at];
      bits = max(bits, ${element === 'f32' ? 'magnitude(x)' : 'greatestOf(x)'});
      sum += ${element === 'f32' ? 'x * x' : 'dot(x, x)'};
    }`;
  return {
    name: `squares of ${count} ${element}${subgroups ? ' in subgroups' : ''}`,
    inputs: fieldsOf(count, 'x', element),
    outputs: { squares: 'f32' },
    uniforms: {
      ...{ first: 'u32', groups: 'u32', chunk: 'u32' },
      ...fieldsOf(count, 'size', 'u32'),
      ...fieldsOf(count, 'end', 'u32'),
    },
    extensions: lanes.extensions,
    code: () => `${reduction(teams)}
fn greatestOf(x: vec4<f32>) -> u32 {
  let m = bitcast<vec4<u32>>(x) & vec4<u32>(0x7fffffffu);
  return max(max(m.x, m.y), max(m.z, m.w));
}
@compute @workgroup_size(${WORKGROUP})
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) count: vec3<u32>,
        @builtin(local_invocation_index) thread: u32${lanes.parameter}) {
  let index = groupIndex(group, count);
  var sum = 0.0;
  var bits = 0u;${byMember(count, add)}
  let result = total(thread, ${lanes.argument}, sum, bits);
  if (thread == 0 && index < uniforms.groups) { squares[uniforms.first + index] = result; }
}`,
  };
});

function squaredNorms({ inputs, backend }: KernelCall): TensorInfo {
  const tensors = Object.values(inputs)
    .map((tensor) => ({ tensor, size: sizeOf(tensor.shape) }))
    .filter(({ size }) => size > 0);
  const all = tensors.reduce((sum, { size }) => sum + size, 0);
  const perThread = Math.max(PER_THREAD, Math.ceil(all / 4 / WORKGROUP / MOST_SUMS));
  const chunk = WORKGROUP * perThread;
  const parts = [4, 1].flatMap((width) => {
    const alike = tensors
      .filter(({ size }) => (width === 4) === (size % 4 === 0))
      .map(({ tensor, size }) => ({
        workgroups: Math.ceil(size / width / chunk),
        buffers: { x: tensor },
        uniforms: { size: size / width },
      }));
    return split(alike, mostInputs(backend)).map((part) => ({
      part,
      element: width === 4 ? ('vec4<f32>' as const) : ('f32' as const),
    }));
  });
  const groupsOf = (part: Member[]) => part.reduce((sum, { workgroups }) => sum + workgroups, 0);
  const count = parts.reduce((sum, { part }) => sum + groupsOf(part), 0);
  const squares = backend.makeTensorInfo(
    [Math.max(1, count)],
    'float32',
    count === 0 ? new Float32Array(1) : undefined,
  );
  let first = 0;
  for (const { part, element } of parts) {
    const groups = groupsOf(part);
    const nothing = { workgroups: 0, buffers: part.at(-1)!.buffers, uniforms: { size: 0 } }; // fills the places that are left
    const members = Array.from({ length: mostInputs(backend) }, (_, i) => part[i] ?? nothing);
    backend.runProgram(
      squaresProgram(members.length, element, backend.device.features.has('subgroups')),
      dispatchOf(members, { buffers: { squares }, uniforms: { first, groups, chunk } }),
    );
    first += groups;
  }
  return squares;
}

/** Tensors that one program reads: all storage buffers but the one that it writes. */
const mostInputs = (backend: WebgpuBackend) =>
  Math.min(15, backend.device.limits.maxStorageBuffersPerShaderStage - 1);

const scaleProgram = (guarded: boolean, subgroups: boolean): Program => {
  const teams = teamsOf(subgroups);
  const lanes = lanesOf(teams);
  return {
    name: `gradient scale${guarded ? ', guarded' : ''}${subgroups ? ' in subgroups' : ''}`,
    inputs: { squares: 'f32', ...(guarded && { guards: 'f32' as const }) },
    outputs: { norm: 'f32', gradientScale: 'f32' },
    uniforms: { numSquares: 'u32', numGuards: 'u32', scale: 'f32', maxNorm: 'f32' },
    extensions: lanes.extensions,
    code: () => `${reduction(teams)}
@compute @workgroup_size(${WORKGROUP})
fn main(@builtin(local_invocation_index) thread: u32${lanes.parameter}) {
  var sum = 0.0;
  var bits = 0u;
  for (var i = thread; i < uniforms.numSquares; i += ${WORKGROUP}) {
    sum += squares[i];
    bits = max(bits, magnitude(squares[i]));
  }
  let all = total(thread, ${lanes.argument}, sum, bits);
  if (thread != 0) { return; }
  let isFinite = magnitude(all) < INFINITE;
  let length = uniforms.scale * sqrt(select(0.0, all, isFinite));
  norm[0] = fromBits(select(bitcast<u32>(all), bitcast<u32>(length), isFinite));
  var worst = max(magnitude(all), magnitude(length));${
    guarded
      ? `
  for (var i = 0u; i < uniforms.numGuards; i++) { worst = max(worst, magnitude(guards[i])); }`
      : ''
  }
  let clip = select(min(1.0, uniforms.maxNorm / (length + 1e-6)), 1.0, uniforms.maxNorm < 0.0);
  gradientScale[0] = fromBits(select(bitcast<u32>(uniforms.scale * clip), NAN, worst >= INFINITE));
}`,
  };
};

function gradientScale({ inputs, attrs, backend }: KernelCall): TensorInfo[] {
  const [squares, guards] = [inputs['squares']!, inputs['guards']];
  const [norm, gradientScale] = [0, 1].map(() => backend.makeTensorInfo([], 'float32')) as [
    TensorInfo,
    TensorInfo,
  ];
  backend.runProgram(scaleProgram(guards !== undefined, backend.device.features.has('subgroups')), {
    buffers: { squares, ...(guards && { guards }), norm, gradientScale },
    uniforms: {
      numSquares: sizeOf(squares.shape),
      numGuards: guards ? sizeOf(guards.shape) : 0,
      scale: attrs['scale'] as number,
      maxNorm: attrs['maxNorm'] as number,
    },
    workgroups: 1,
  });
  return [norm, gradientScale];
}

export const gradientScales: WebgpuKernel[] = [
  { kernelName: 'SquaredNorms', compute: squaredNorms },
  { kernelName: 'GradientScale', compute: gradientScale },
];
