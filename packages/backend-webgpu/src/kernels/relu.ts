import type { TensorInfo } from '@tensorflow/tfjs-core';
import { type KernelCall, sizeOf, type WebgpuKernel } from '../kernel';
import type { Program } from '../program';

const WORKGROUP = 256;
const PER_THREAD = 4;

const program: Program = {
  name: 'relu gradient',
  inputs: { dys: 'f32', ys: 'f32' },
  outputs: { dxs: 'f32' },
  uniforms: { size: 'u32' },
  code: () => `
@compute @workgroup_size(${WORKGROUP})
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) count: vec3<u32>,
        @builtin(local_invocation_index) thread: u32) {
  let first = groupIndex(group, count) * ${WORKGROUP * PER_THREAD} + thread;
  for (var i = first; i < min(first + ${WORKGROUP * PER_THREAD}, uniforms.size); i += ${WORKGROUP}) {
    dxs[i] = select(dys[i], 0.0, ys[i] <= 0.0);
  }
}`,
};

function reluGradient({ inputs: { dy, y }, backend }: KernelCall): TensorInfo {
  const size = sizeOf(dy!.shape);
  const dx = backend.makeTensorInfo(dy!.shape, 'float32');
  if (size === 0) return dx;
  backend.runProgram(program, {
    buffers: { dys: dy!, ys: y!, dxs: dx },
    uniforms: { size },
    workgroups: Math.ceil(size / (WORKGROUP * PER_THREAD)),
  });
  return dx;
}

export const relus: WebgpuKernel[] = [{ kernelName: 'ReluGrad', compute: reluGradient }];
