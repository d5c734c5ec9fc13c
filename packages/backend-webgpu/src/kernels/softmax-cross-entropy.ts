import type { TensorInfo } from '@tensorflow/tfjs-core';
import { type KernelCall, sizeOf, type WebgpuKernel } from '../kernel';
import type { Program } from '../program';
import { notFinite } from './not-finite';
import { lanesOf, type Reduction, type Teams, teamReduction, teamSum } from './team-sum';

/** Classes that one workgroup of the gradient takes. */
const CHUNK = 4096;

/** What the shaders differ by. All threads of a workgroup are one team: a row of few classes has no work for many. */
interface Variant extends Teams {
  weighted: boolean;
  smoothed: boolean;
}

const nameOf = ({ weighted, smoothed, threads, subgroups }: Variant): string =>
  `${weighted ? ' weighted' : ''}${smoothed ? ' smoothed' : ''} ${threads}${subgroups ? ' in subgroups' : ''}`;

const MERGE: Reduction = { name: 'mergeTeam', type: 'vec4<f32>', join: (a, b) => `merge(${a}, ${b})` };

const uniforms = { rows: 'u32', classes: 'u32', ignoreIndex: 'i32', smoothing: 'f32' } as const;

/**
 * A workgroup a row, which it reads once: each thread keeps the greatest logit it has seen and the sum of exponentials
 * relative to that (Milakov and Gimelshein 2018, "Online normalizer calculation for softmax", algorithm 3), then they
 * are merged. With smoothing, so is `gap`: the sum of w_c (greatest - x_c), small where logits are large.
 */
function forward(variant: Variant): Program {
  const { weighted, smoothed, threads } = variant;
  const lanes = lanesOf(variant);
  return {
    name: `softmax cross-entropy${nameOf(variant)}`,
    inputs: { logits: 'f32', labels: 'i32', ...(weighted && { classWeights: 'f32' as const }) },
    outputs: { losses: 'f32', logSums: 'f32' },
    uniforms,
    extensions: lanes.extensions,
    code: () => `${notFinite}
var<workgroup> flaw: atomic<u32>; // bits of what the loss is instead, where logits are not finite

// Parts of a row: the greatest logit, the sum, the gap and the sum of weights.
fn merge(a: vec4<f32>, b: vec4<f32>) -> vec4<f32> {
  let greatest = max(a.x, b.x);
  let da = greatest - a.x;
  let db = greatest - b.x;
  return vec4<f32>(greatest, a.y * exp(max(-da, -100.0)) + b.y * exp(max(-db, -100.0)),
                   a.z + a.w * da + b.z + b.w * db, a.w + b.w);
}
${teamReduction(variant, MERGE)}

@compute @workgroup_size(${threads})
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) count: vec3<u32>,
        @builtin(local_invocation_index) thread: u32${lanes.parameter}) {
  let row = groupIndex(group, count);
  if (row >= uniforms.rows) { return; }
  let label = labels[row];
  if (label == uniforms.ignoreIndex) {
    if (thread == 0) { losses[row] = 0.0; logSums[row] = 0.0; }
    return;
  }
  let first = row * uniforms.classes;
  var part = vec4<f32>(clamp(logits[first + min(thread, uniforms.classes - 1)], -1e38, 1e38), 0.0, 0.0, 0.0);
  var bits = 0u;
  for (var c = thread; c < uniforms.classes; c += ${threads}) {
    let raw = logits[first + c];
    if (magnitude(raw) >= INFINITE) {
      // minus infinity is a class that cannot be, of no weight unless it should be
      let minus = bitcast<u32>(raw) == (INFINITE | 0x80000000u);
      if (!minus) { bits = NAN; } else if (${smoothed ? 'true' : 'i32(c) == label'}) { bits = max(bits, INFINITE); }
    }
    let x = clamp(raw, -1e38, 1e38);
    let d = x - part.x;
    let e = exp(max(-abs(d), -100.0));
    part.y = select(part.y + e, part.y * e + 1.0, d > 0.0);${
      smoothed
        ? `
    let w = ${weighted ? 'classWeights[c]' : '1.0'};
    part.z += select(-d * w, d * part.w, d > 0.0);
    part.w += w;`
        : ''
    }
    part.x = max(part.x, x);
  }
  if (bits != 0u) { atomicMax(&flaw, bits); }
  let total = mergeTeam(part, thread, ${lanes.argument});
  if (thread > 0) { return; }
  let logSum = log(total.y);
  let known = label >= 0 && label < i32(uniforms.classes);
  let place = select(0u, u32(label), known);
  let picked = clamp(logits[first + place], -1e38, 1e38);
  var loss = total.x - picked + logSum;${weighted ? '\n  loss *= classWeights[place];' : ''}${
    smoothed
      ? `
  let spread = (total.z + total.w * logSum) / f32(uniforms.classes);
  loss = loss * (1.0 - uniforms.smoothing) + spread * uniforms.smoothing;`
      : ''
  }
  let wrong = select(NAN, atomicLoad(&flaw), known); // a label that there is not is no number either
  losses[row] = fromBits(select(bitcast<u32>(loss), wrong, wrong != 0u));
  logSums[row] = fromBits(select(bitcast<u32>(total.x + logSum), wrong, wrong != 0u));
}`,
  };
}

/** `dy (a p - b)` as in core's composed form; all NaN in a row whose loss is not finite. */
function backward(variant: Variant): Program {
  const { weighted, smoothed, threads } = variant;
  const lanes = lanesOf(variant);
  return {
    name: `softmax cross-entropy gradient${nameOf(variant)}`,
    inputs: {
      dy: 'f32',
      logits: 'f32',
      labels: 'i32',
      logSums: 'f32',
      ...(weighted && { classWeights: 'f32' as const }),
    },
    outputs: { dlogits: 'f32' },
    uniforms: { ...uniforms, chunks: 'u32' },
    extensions: lanes.extensions,
    code: () => `${notFinite}${weighted && smoothed ? teamSum(variant) : ''}
@compute @workgroup_size(${threads})
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) count: vec3<u32>,
        @builtin(local_invocation_index) thread: u32${lanes.parameter}) {
  let index = groupIndex(group, count);
  let row = index / uniforms.chunks;
  if (row >= uniforms.rows) { return; }
  let start = index % uniforms.chunks * ${CHUNK};
  let end = min(start + ${CHUNK}, uniforms.classes);
  let first = row * uniforms.classes;
  let label = labels[row];
  if (label == uniforms.ignoreIndex) {
    for (var c = start + thread; c < end; c += ${threads}) { dlogits[first + c] = 0.0; }
    return;
  }
  let logSum = logSums[row];
  if (magnitude(logSum) >= INFINITE) {
    let nan = fromBits(NAN | (u32(label) & 1u)); // not a constant, which may not be NaN
    for (var c = start + thread; c < end; c += ${threads}) { dlogits[first + c] = nan; }
    return;
  }
  let weight = dy[row] * (1.0 - uniforms.smoothing)${weighted ? ' * classWeights[label]' : ''};
  let share = dy[row] * uniforms.smoothing / f32(uniforms.classes);${
    weighted && smoothed
      ? `
  var sum = 0.0;
  for (var c = thread; c < uniforms.classes; c += ${threads}) { sum += classWeights[c]; }
  let total = weight + share * teamSum(vec2<f32>(sum, 0.0), thread, ${lanes.argument}).x;`
      : `
  let total = weight + share * f32(uniforms.classes);`
  }
  for (var c = start + thread; c < end; c += ${threads}) {
    let probability = exp(clamp(logits[first + c] - logSum, -100.0, 0.0));
    dlogits[first + c] = total * probability - share${weighted ? ' * classWeights[c]' : ''}
      - select(0.0, weight, i32(c) == label);
  }
}`,
  };
}

const threadsFor = (classes: number): number => (classes <= 128 ? 32 : 256);

function settings({ inputs, attrs, backend }: KernelCall) {
  const [rows, classes] = inputs['logits']!.shape as [number, number];
  const smoothing = attrs['labelSmoothing'] as number;
  const { classWeights } = inputs;
  const variant = {
    weighted: classWeights !== undefined,
    smoothed: smoothing > 0,
    threads: threadsFor(classes),
    team: threadsFor(classes),
    subgroups: backend.device.features.has('subgroups'),
  };
  const buffers = {
    labels: inputs['labels']!,
    logits: inputs['logits']!,
    ...(classWeights && { classWeights }),
  };
  const uniforms = { rows, classes, ignoreIndex: attrs['ignoreIndex'] as number, smoothing };
  return { rows, classes, variant, buffers, uniforms };
}

function losses(call: KernelCall): TensorInfo[] {
  const { rows, variant, buffers, uniforms } = settings(call);
  const losses = call.backend.makeTensorInfo([rows], 'float32');
  const logSums = call.backend.makeTensorInfo([rows], 'float32');
  if (rows > 0) {
    call.backend.runProgram(forward(variant), {
      buffers: { ...buffers, losses, logSums },
      uniforms,
      workgroups: rows,
    });
  }
  return [losses, logSums];
}

function gradient(call: KernelCall): TensorInfo {
  const { rows, classes, variant, buffers, uniforms } = settings(call);
  const { dy, logSumExp: logSums } = call.inputs;
  const dlogits = call.backend.makeTensorInfo([rows, classes], 'float32');
  if (sizeOf(dlogits.shape) > 0) {
    const chunks = Math.ceil(classes / CHUNK);
    call.backend.runProgram(backward(variant), {
      buffers: { ...buffers, dy: dy!, logSums: logSums!, dlogits },
      uniforms: { ...uniforms, chunks },
      workgroups: rows * chunks,
    });
  }
  return dlogits;
}

export const softmaxCrossEntropies: WebgpuKernel[] = [
  { kernelName: 'FusedSoftmaxCrossEntropy', compute: losses },
  { kernelName: 'FusedSoftmaxCrossEntropyGrad', compute: gradient },
];
