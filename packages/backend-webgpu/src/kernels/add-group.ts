import type { TensorInfo } from '@tensorflow/tfjs-core';
import { type KernelCall, sizeOf, type WebgpuKernel } from '../kernel';
import type { Element, Program } from '../program';
import type { WebgpuBackend } from '../webgpu-backend';
import { split, toChange, writtenOnce } from './groups';

const WORKGROUP = 256;

/** Pairs that one program takes: each has two of the few storage buffers that it may have. */
const mostPairs = (backend: WebgpuBackend) =>
  Math.min(8, Math.floor(backend.device.limits.maxStorageBuffersPerShaderStage / 2));

/** Changes `count` tensors x in place: workgroups by the pair, a thread a value, or four. `lerp` is towards y. */
const program = writtenOnce((count: number, element: Element, lerp: boolean): Program => {
  const indices = Array.from({ length: count }, (_, i) => i);
  const fields = <T>(prefix: string, value: T) => indices.map((i) => [`${prefix}${i}`, value] as const);
  const add = (i: number) => {
    const begin = i === 0 ? '0' : `uniforms.end${i - 1}`;
    return `
  if (index >= ${begin} && index < uniforms.end${i}) {
    let at = (index - ${begin}) * ${WORKGROUP} + thread;
    if (at < uniforms.size${i}) { x${i}[at] += uniforms.weight * ${lerp ? `(y${i}[at] - x${i}[at])` : `y${i}[at]`}; }
  }`;
  };
  return {
    name: `${lerp ? 'steps towards' : 'sums of'} ${count} ${element}`,
    inputs: Object.fromEntries(fields('y', element)),
    outputs: Object.fromEntries(fields('x', element)),
    uniforms: { weight: 'f32', ...Object.fromEntries([...fields('size', 'u32'), ...fields('end', 'u32')]) },
    code: () => `
@compute @workgroup_size(${WORKGROUP})
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) count: vec3<u32>,
        @builtin(local_invocation_index) thread: u32) {
  let index = groupIndex(group, count);${indices.map(add).join('')}
}`,
  };
});

function addGroup({ inputs, attrs, backend }: KernelCall, lerp: boolean): TensorInfo[] {
  const count = Object.keys(inputs).length / 2;
  const uses = new Map<object, number>();
  for (const { dataId } of Object.values(inputs)) uses.set(dataId, (uses.get(dataId) ?? 0) + 1);
  const pairs = Array.from({ length: count }, (_, i) => {
    const x = inputs[`x${i}`]!;
    const target = uses.get(x.dataId)! > 1 ? backend.copyOf(x) : toChange(x, backend);
    return { x: target, y: inputs[`y${i}`]!, size: sizeOf(x.shape) };
  });
  for (const width of [4, 1]) {
    const element = width === 4 ? 'vec4<f32>' : 'f32';
    const alike = pairs.filter(({ size }) => size > 0 && (width === 4) === (size % 4 === 0));
    for (const part of split(alike, mostPairs(backend))) {
      const buffers: Record<string, TensorInfo> = {};
      const uniforms: Record<string, number> = { weight: attrs['weight'] as number };
      let end = 0;
      for (const [i, { x, y, size }] of part.entries()) {
        end += Math.ceil(size / width / WORKGROUP);
        Object.assign(buffers, { [`x${i}`]: x, [`y${i}`]: y });
        Object.assign(uniforms, { [`size${i}`]: size / width, [`end${i}`]: end });
      }
      backend.runProgram(program(part.length, element, lerp), { buffers, uniforms, workgroups: end });
    }
  }
  return pairs.map(({ x }) => x);
}

export const addGroups: WebgpuKernel[] = [
  { kernelName: 'AddGroup', compute: (call) => addGroup(call, false) },
  { kernelName: 'LerpGroup', compute: (call) => addGroup(call, true) },
];
