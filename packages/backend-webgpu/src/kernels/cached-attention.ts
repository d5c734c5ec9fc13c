import { sizeOf, type WebgpuKernel } from '../kernel';
import type { Element, Program } from '../program';
import { attend } from './attention';
import { attentionShapes } from './attention-shapes';

const WORKGROUP = 256;

/** Writes one position of each head, [heads, headDim], into memory with room for `capacity`. */
const program = (element: Element): Program => ({
  name: `a position for a cache ${element}`,
  inputs: { key: element, value: element },
  outputs: { keys: element, values: element },
  uniforms: { size: 'u32', width: 'u32', capacity: 'u32', past: 'u32' },
  code: () => `
@compute @workgroup_size(${WORKGROUP})
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) count: vec3<u32>,
        @builtin(local_invocation_index) thread: u32) {
  let i = groupIndex(group, count) * ${WORKGROUP} + thread;
  if (i >= uniforms.size) { return; }
  let head = i / uniforms.width;
  let to = (head * uniforms.capacity + uniforms.past) * uniforms.width + i % uniforms.width;
  keys[to] = key[i];
  values[to] = value[i];
}`,
});

export const cachedAttention: WebgpuKernel = {
  kernelName: 'FusedCachedAttention',
  compute({ inputs, attrs, backend }) {
    const { query, key, value, keys, values, bias } = inputs;
    const { scale, past } = attrs as Record<'scale' | 'past', number>;
    const output = backend.makeTensorInfo(query!.shape, 'float32');
    if (sizeOf(query!.shape) === 0) return output;
    const [, , capacity, headDim] = keys!.shape as [number, number, number, number];
    const perElement = headDim % 4 === 0 ? 4 : 1;
    const size = sizeOf(key!.shape) / perElement;
    backend.runProgram(program(perElement === 4 ? 'vec4<f32>' : 'f32'), {
      buffers: { key: key!, value: value!, keys: keys!, values: values! },
      uniforms: { size, width: headDim / perElement, capacity, past },
      workgroups: Math.ceil(size / WORKGROUP),
    });
    const logSumExp = backend.makeTensorInfo(query!.shape.slice(0, 3), 'float32');
    const given = { query: query!, key: keys!, value: values!, ...(bias && { bias }) };
    const call = { inputs: given, attrs: { scale }, backend };
    attend(call, output, logSumExp, attentionShapes(call, past + 1));
    backend.disposeData(logSumExp.dataId);
    return output;
  },
};
