import { expectClose } from '@crossmodal/test-utils';
import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { describeKernels } from '../test/describe-kernels';
import type { WebgpuBackend } from './index';
import type { Program } from './program';

describeKernels('programs', () => {
  const backend = () => tf.backend() as WebgpuBackend;

  it('give several results, change tensors in place, and have uniforms and constants', async () => {
    const program: Program = {
      name: 'test of results',
      inputs: { x: 'f32' },
      outputs: { sum: 'f32', twice: 'f32' },
      uniforms: { factor: 'f32', offset: 'i32', size: 'u32' },
      code: () => `
override power: f32 = 1.0;
@compute @workgroup_size(4)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  if (id.x >= uniforms.size) { return; }
  sum[id.x] += x[id.x];
  twice[id.x] = power * (uniforms.factor * x[id.x] + f32(uniforms.offset));
}`,
    };
    const x = tf.tensor1d([1, 2, 3, 4, 5]);
    const sum = tf.tensor1d([10, 20, 30, 40, 50]);
    const twice = backend().makeTensorInfo([5], 'float32');
    const buffers = { x, sum, twice };
    const uniforms = { factor: 2, offset: -1, size: 5 };
    backend().runProgram(program, { buffers, uniforms, constants: { power: 3 }, workgroups: 2 });
    backend().runProgram(program, { buffers, uniforms, workgroups: [2, 1, 1] });
    expectClose((await backend().read(sum.dataId)) as Float32Array, [12, 24, 36, 48, 60]);
    expectClose((await backend().read(twice.dataId)) as Float32Array, [1, 3, 5, 7, 9]);
    expect(() => backend().runProgram(program, { buffers, uniforms: { factor: 1 }, workgroups: 1 })).toThrow(
      'test of results: no value for uniforms.offset.',
    );
    backend().disposeData(twice.dataId);
  });

  const double: Program = {
    name: 'test of changes',
    inputs: { factor: 'uniform' },
    outputs: { x: 'f32' },
    uniforms: {},
    code: () => `
@compute @workgroup_size(2)
fn main(@builtin(global_invocation_id) id: vec3<u32>) { x[id.x] *= factor.x; }`,
  };

  it('change a tensor that was read before, and one that is just being read', async () => {
    const x = tf.tensor1d([1, 2]);
    const factor = backend().uniformOf(tf.scalar(2));
    const run = () => backend().runProgram(double, { buffers: { x, factor }, uniforms: {}, workgroups: 1 });
    const copy = backend().copyOf(x);
    run();
    expectClose(await x.data(), [2, 4]);
    run();
    expectClose(x.dataSync(), [4, 8]);
    run();
    const reading = x.data();
    run();
    expectClose(await reading, [8, 16]);
    expectClose(await x.data(), [16, 32]);
    expectClose((await backend().read(copy.dataId)) as Float32Array, [1, 2]);
    for (const { dataId } of [copy, factor]) backend().disposeData(dataId);
  });

  it('that the GPU rejects are told by settle', async () => {
    await backend().settle();
    const x = tf.zeros([2]);
    const program = { ...double, name: 'test of what is no WGSL', inputs: {}, code: () => 'this is no WGSL' };
    backend().runProgram(program, { buffers: { x }, uniforms: {}, workgroups: 1 });
    await expect(backend().settle()).rejects.toThrow('webgpu: the GPU rejected an operation');
    await backend().settle();
  });

  it('run more workgroups than a dimension has', async () => {
    const program: Program = {
      name: 'test of indices',
      inputs: {},
      outputs: { y: 'u32' },
      uniforms: { size: 'u32' },
      code: () => `
@compute @workgroup_size(1)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) count: vec3<u32>) {
  let i = groupIndex(group, count);
  if (i < uniforms.size) { y[i] = i + 1u; }
}`,
    };
    const y = backend().makeTensorInfo([70_001], 'int32');
    backend().runProgram(program, { buffers: { y }, uniforms: { size: 70_001 }, workgroups: 70_001 });
    const values = (await backend().read(y.dataId)) as Int32Array;
    expect(values.every((value, i) => value === i + 1)).toBe(true);
    backend().disposeData(y.dataId);
  });
});
