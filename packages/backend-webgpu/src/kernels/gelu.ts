import type { KernelCall, WebgpuKernel } from '../kernel';
import { sizeOf } from '../kernel';
import type { Program } from '../program';

export type GeluVariant = 'erf' | 'tanh' | 'quick';

/** The share of x that passes, and its derivative times x. Arguments of `exp` stay where it is finite. */
const variants: Record<GeluVariant, string> = {
  // erf by Abramowitz and Stegun 7.1.26, whose error is 1.5e-7
  erf: `
  let bell = exp(max(-0.5 * x * x, Value(-80.0)));
  let t = 1.0 / (1.0 + 0.3275911 * 0.70710678 * abs(x));
  let tail = 0.5 * bell * t *
    (0.254829592 + t * (-0.284496736 + t * (1.421413741 + t * (-1.453152027 + t * 1.061405429))));
  let share = select(tail, 1.0 - tail, x > Value(0.0));
  let slope = 0.39894228 * x * bell;`,
  tanh: `
  let c = 1.59576912; // 2 sqrt(2 / pi)
  let share = sigmoid(c * x * (1.0 + 0.044715 * x * x));
  let slope = share * (1.0 - share) * c * x * (1.0 + 3.0 * 0.044715 * x * x);`,
  quick: `
  let share = sigmoid(1.702 * x);
  let slope = share * (1.0 - share) * 1.702 * x;`,
};

/** WGSL of `gelu(x)` and of its derivative `geluSlope(x)`, of numbers or of vectors of them. */
export const geluFunctions = (variant: GeluVariant, element: 'f32' | 'vec4<f32>'): string => `
alias Value = ${element};
fn sigmoid(z: Value) -> Value { return 1.0 / (1.0 + exp(clamp(-z, Value(-80.0), Value(80.0)))); }
fn gelu(x: Value) -> Value {${variants[variant]}
  return x * share;
}
fn geluSlope(x: Value) -> Value {${variants[variant]}
  return share + slope;
}`;

const WORKGROUP = 256;
const PER_THREAD = 4;

function program(variant: GeluVariant, gradient: boolean): Program {
  return {
    name: `gelu ${variant}${gradient ? ' gradient' : ''}`,
    inputs: gradient ? { dy: 'f32', xs: 'f32' } : { xs: 'f32' },
    outputs: { result: 'f32' },
    uniforms: { size: 'u32' },
    code: () => `${geluFunctions(variant, 'f32')}
@compute @workgroup_size(${WORKGROUP})
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) count: vec3<u32>,
        @builtin(local_invocation_index) thread: u32) {
  let first = groupIndex(group, count) * ${WORKGROUP * PER_THREAD} + thread;
  for (var i = first; i < min(first + ${WORKGROUP * PER_THREAD}, uniforms.size); i += ${WORKGROUP}) {
    result[i] = ${gradient ? 'dy[i] * geluSlope(xs[i])' : 'gelu(xs[i])'};
  }
}`,
  };
}

function run({ inputs, attrs, backend }: KernelCall, gradient: boolean) {
  const x = inputs['x']!;
  const size = sizeOf(x.shape);
  const result = backend.makeTensorInfo(x.shape, 'float32');
  if (size === 0) return result;
  backend.runProgram(program(attrs['variant'] as GeluVariant, gradient), {
    buffers: { xs: x, result, ...(gradient && { dy: inputs['dy']! }) },
    uniforms: { size },
    workgroups: Math.ceil(size / (WORKGROUP * PER_THREAD)),
  });
  return result;
}

export const gelus: WebgpuKernel[] = [
  { kernelName: 'FusedGelu', compute: (call) => run(call, false) },
  { kernelName: 'FusedGeluGrad', compute: (call) => run(call, true) },
];
