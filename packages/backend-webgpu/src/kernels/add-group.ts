import type { TensorInfo } from '@tensorflow/tfjs-core';
import { type KernelCall, sizeOf, type WebgpuKernel } from '../kernel';
import type { Element, Program } from '../program';
import type { WebgpuBackend } from '../webgpu-backend';
import { byMember, dispatchOf, fieldsOf, split, toChange, writtenOnce } from './groups';

const WORKGROUP = 256;

/** Pairs that one program takes: each has two of the few storage buffers that it may have. */
const mostPairs = (backend: WebgpuBackend) =>
  Math.min(8, Math.floor(backend.device.limits.maxStorageBuffersPerShaderStage / 2));

/** Changes `count` tensors x in place: workgroups by the pair, a thread a value, or four. `lerp` is towards y. */
const program = writtenOnce((count: number, element: Element, lerp: boolean): Program => {
  const add = (i: number, begin: string) => `
    let at = (index - ${begin}) * ${WORKGROUP} + thread;
    if (at < uniforms.size${i}) { x${i}[at] += uniforms.weight * ${lerp ? `(y${i}[at] - x${i}[at])` : `y${i}[at]`}; }`;
  return {
    name: `${lerp ? 'steps towards' : 'sums of'} ${count} ${element}`,
    inputs: fieldsOf(count, 'y', element),
    outputs: fieldsOf(count, 'x', element),
    uniforms: { weight: 'f32', ...fieldsOf(count, 'size', 'u32'), ...fieldsOf(count, 'end', 'u32') },
    code: () => `
@compute @workgroup_size(${WORKGROUP})
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) count: vec3<u32>,
        @builtin(local_invocation_index) thread: u32) {
  let index = groupIndex(group, count);${byMember(count, add)}
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
    const alike = pairs
      .filter(({ size }) => size > 0 && (width === 4) === (size % 4 === 0))
      .map(({ x, y, size }) => ({
        workgroups: Math.ceil(size / width / WORKGROUP),
        buffers: { x, y },
        uniforms: { size: size / width },
      }));
    for (const part of split(alike, mostPairs(backend))) {
      const uniforms = { weight: attrs['weight'] as number };
      backend.runProgram(program(part.length, element, lerp), dispatchOf(part, { uniforms }));
    }
  }
  return pairs.map(({ x }) => x);
}

export const addGroups: WebgpuKernel[] = [
  { kernelName: 'AddGroup', compute: (call) => addGroup(call, false) },
  { kernelName: 'LerpGroup', compute: (call) => addGroup(call, true) },
];
