import type { TensorInfo } from '@tensorflow/tfjs-core';
import { type KernelCall, sizeOf, type WebgpuKernel } from '../kernel';
import type { Element, Program } from '../program';
import type { WebgpuBackend } from '../webgpu-backend';
import { byMember, dispatchOf, fieldsOf, type Member, split, toChange, writtenOnce } from './groups';
import { notFinite } from './not-finite';

const WORKGROUP = 256;

/** Parameter, gradient, m and v. */
const BUFFERS = 4;

/** Parameters that one program updates, at most: each takes four of the few storage buffers that it may have. */
const most = (backend: WebgpuBackend) =>
  Math.min(4, Math.floor(backend.device.limits.maxStorageBuffersPerShaderStage / BUFFERS));

/** What is a parameter's own; `end` is where its workgroups do. */
const ofParameter = {
  size: 'u32',
  end: 'u32',
  rate: 'f32',
  epsilon: 'f32',
  decay: 'f32',
  penalty: 'f32',
} as const;

/**
 * Updates `count` parameters in place: workgroups by the parameter, a thread a value, or four. `onDevice` says that the
 * scale of the gradients is a tensor, too, without which there is no step where it is not finite.
 */
const program = writtenOnce((count: number, element: Element, onDevice: boolean): Program => {
  const update = (i: number, begin: string) => `
    let at = (index - ${begin}) * ${WORKGROUP} + thread;
    if (at >= uniforms.size${i}) { return; }
    let p = parameter${i}[at];
    let g = scale * gradient${i}[at] + uniforms.penalty${i} * p;
    let m = uniforms.beta1 * m${i}[at] + uniforms.rest1 * g;
    let v = uniforms.beta2 * v${i}[at] + uniforms.rest2 * g * g;
    m${i}[at] = m;
    v${i}[at] = v;
    parameter${i}[at] = uniforms.decay${i} * p - uniforms.rate${i} * m / (sqrt(v) + uniforms.epsilon${i});`;
  return {
    name: `AdamW of ${count} ${element}${onDevice ? ', scaled on the device' : ''}`,
    inputs: {
      ...fieldsOf(count, 'gradient', element),
      ...(onDevice && { gradientScale: 'uniform' as const }),
    },
    outputs: Object.assign({}, ...['parameter', 'm', 'v'].map((name) => fieldsOf(count, name, element))),
    uniforms: {
      ...{ scale: 'f32', beta1: 'f32', rest1: 'f32', beta2: 'f32', rest2: 'f32' },
      ...Object.assign({}, ...Object.entries(ofParameter).map(([name, type]) => fieldsOf(count, name, type))),
    },
    code: () => `${notFinite}
@compute @workgroup_size(${WORKGROUP})
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) count: vec3<u32>,
        @builtin(local_invocation_index) thread: u32) {${
          onDevice
            ? `
  if (magnitude(gradientScale.x) >= INFINITE) { return; }
  let scale = uniforms.scale * gradientScale.x;`
            : `
  let scale = uniforms.scale;`
        }
  let index = groupIndex(group, count);${byMember(count, update)}
}`,
  };
});

interface Attrs {
  beta1: number;
  beta2: number;
  epsilon: number;
  learningRate: number[];
  weightDecay: number[];
  penalty: number[];
  step: number[];
  gradientScale?: number;
}

interface Update extends Member {
  uniforms: Record<Exclude<keyof typeof ofParameter, 'end'>, number>;
}

function updateAll({ inputs, attrs, backend }: KernelCall): TensorInfo[] {
  const {
    beta1,
    beta2,
    epsilon,
    learningRate,
    weightDecay,
    penalty,
    step,
    gradientScale = 1,
  } = attrs as unknown as Attrs;
  const outputs: TensorInfo[] = [];
  const whole: Update[] = []; // of sizes that are a multiple of 4
  const odd: Update[] = [];
  for (const [i, rate] of learningRate.entries()) {
    const [parameter, m, v] = ['parameter', 'm', 'v'].map((name) =>
      toChange(inputs[`${name}${i}`]!, backend),
    ) as [TensorInfo, TensorInfo, TensorInfo];
    outputs.push(parameter, m, v);
    const size = sizeOf(parameter.shape);
    if (size === 0) continue;
    const items = size % 4 === 0 ? size / 4 : size;
    // m^ / (sqrt(v^) + epsilon), with the corrections for their start at zero in the numbers
    const correction = Math.sqrt(1 - beta2 ** step[i]!);
    (size % 4 === 0 ? whole : odd).push({
      buffers: { parameter, gradient: inputs[`gradient${i}`]!, m, v },
      workgroups: Math.ceil(items / WORKGROUP),
      uniforms: {
        size: items,
        rate: (rate * correction) / (1 - beta1 ** step[i]!),
        epsilon: epsilon * correction,
        decay: 1 - rate * weightDecay[i]!,
        penalty: penalty[i]!,
      },
    });
  }
  const scale = inputs['gradientScale'] && backend.uniformOf(inputs['gradientScale']);
  const others = {
    buffers: scale ? { gradientScale: scale } : {},
    uniforms: { scale: gradientScale, beta1, rest1: 1 - beta1, beta2, rest2: 1 - beta2 },
  };
  const run = (updates: Update[], element: Element) => {
    for (const part of split(updates, most(backend)))
      backend.runProgram(program(part.length, element, scale !== undefined), dispatchOf(part, others));
  };
  run(whole, 'vec4<f32>');
  run(odd, 'f32');
  if (scale) backend.disposeData(scale.dataId);
  return outputs;
}

export const adamWGroup: WebgpuKernel = { kernelName: 'FusedAdamWGroup', compute: updateAll };
