import type { WebgpuBackend } from '@crossmodal/backend-webgpu';
import * as tf from '@tensorflow/tfjs-core';
import { millisecondsOf } from './open';

const THREADS = 256;
const CHAINS = 8;
const ROUNDS = 512;

const main = (body: string) => `
@compute @workgroup_size(${THREADS})
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) count: vec3<u32>,
        @builtin(local_invocation_index) thread: u32) {
  let i = groupIndex(group, count) * ${THREADS} + thread;${body}
}`;

/** What the GPU can do at most: float32 operations a second in chains of fused multiply-adds, and bytes a second copied. */
export async function peakOf(backend: WebgpuBackend, software: boolean) {
  const threads = software ? 1024 : 2 ** 20;
  const chains = Array.from({ length: CHAINS }, (_, i) => i);
  const seed = tf.ones([threads, 4]);
  const adds = () => {
    const y = backend.makeTensorInfo([threads, 4], 'float32');
    backend.runProgram(
      {
        name: 'peak of multiply-adds',
        inputs: { x: 'vec4<f32>' },
        outputs: { y: 'vec4<f32>' },
        uniforms: {},
        code: () =>
          main(`
  let a = x[i];
  ${chains.map((c) => `var s${c} = a + ${c}.0;`).join(' ')}
  for (var round = 0u; round < ${ROUNDS}; round++) { ${chains.map((c) => `s${c} = fma(s${c}, a, a);`).join(' ')} }
  y[i] = ${chains.map((c) => `s${c}`).join(' + ')};`),
      },
      { buffers: { x: seed, y }, uniforms: {}, workgroups: threads / THREADS },
    );
    tf.engine().makeTensorFromTensorInfo(y).dispose();
  };
  const operations = threads * 4 * CHAINS * ROUNDS * 2;
  const bytes = software ? 2 ** 20 : 2 ** 28;
  const from = tf.fill([bytes / 16, 4], 1);
  const copy = () => {
    const y = backend.makeTensorInfo(from.shape, 'float32');
    backend.runProgram(
      {
        name: 'peak of copies',
        inputs: { x: 'vec4<f32>' },
        outputs: { y: 'vec4<f32>' },
        uniforms: {},
        code: () => main(' y[i] = x[i];'),
      },
      { buffers: { x: from, y }, uniforms: {}, workgroups: bytes / 16 / THREADS },
    );
    tf.engine().makeTensorFromTensorInfo(y).dispose();
  };
  const calls = software ? 1 : 10;
  const flops = operations / (await millisecondsOf(adds, calls)) / 1e9; // TFLOP/s
  const bandwidth = (2 * bytes) / (await millisecondsOf(copy, calls)) / 1e6; // GB/s
  tf.dispose([seed, from]);
  return { flops, bandwidth };
}
