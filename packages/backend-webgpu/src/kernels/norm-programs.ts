import type { Program } from '../program';
import type { WebgpuBackend } from '../webgpu-backend';
import { lanesOf, type Teams, teamSum } from './team-sum';

/** What the shaders differ by. */
interface Variant extends Teams {
  /** Layer norm; or root-mean-square norm, without mean and beta. */
  centred: boolean;
  /** What is read at once: 4 values where they divide the row. */
  element: 'f32' | 'vec4<f32>';
  /** Elements of a row that a thread keeps in registers, at most. */
  held: number;
}

/** Threads of a workgroup, unless a row takes more. */
const THREADS = 64;
/** Most threads to a row. */
const MOST_THREADS = 256;

export function variantOf(backend: WebgpuBackend, dim: number, centred: boolean): Variant {
  const element = dim % 4 === 0 ? 'vec4<f32>' : 'f32';
  const elements = dim % 4 === 0 ? dim / 4 : dim;
  const team = Math.min(MOST_THREADS, 2 ** Math.ceil(Math.log2(Math.ceil(elements / 4))));
  return {
    centred,
    element,
    team,
    threads: Math.max(THREADS, team),
    held: Math.ceil(elements / team),
    subgroups: backend.device.features.has('subgroups'),
  };
}

const nameOf = ({ centred, element, team, held, subgroups }: Variant, gradient: boolean): string =>
  `${centred ? 'layer' : 'RMS'} norm${gradient ? ' gradient' : ''} ${element} ${held} x ${team}${subgroups ? ' in subgroups' : ''}`;

const total = (element: string): string =>
  `fn total(x: ${element}) -> f32 { return ${element === 'f32' ? 'x' : 'dot(x, vec4<f32>(1.0))'}; }`;

/** A loop over the elements of a row that a thread holds: `k` is which of them, `i` its place in the row. */
const forHeld = ({ held, team }: Variant, body: string, condition = ''): string => `
    for (var k = 0u; k < ${held}; k++) {
      let i = lane + k * ${team};
      if (i < uniforms.elements${condition}) { ${body} }
    }`;

const head = (variant: Variant): string => `
@compute @workgroup_size(${variant.threads})
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) count: vec3<u32>,
        @builtin(local_invocation_index) thread: u32${lanesOf(variant).parameter}) {
  let lane = thread % ${variant.team};
  let dim = f32(uniforms.elements * ${variant.element === 'f32' ? 1 : 4});`;

/** Reads a row once. The variance is that of differences from the mean, and corrects the rounding of the mean. */
export function forward(variant: Variant): Program {
  const { centred, element, held, team, threads } = variant;
  const lanes = lanesOf(variant);
  const sum = (value: string) => `teamSum(${value}, thread, ${lanes.argument}) / dim`;
  return {
    name: nameOf(variant, false),
    inputs: { xs: element, gammas: element, ...(centred && { betas: element }) },
    outputs: { ys: element, ...(centred && { means: 'f32' as const }), inverses: 'f32' },
    uniforms: { rows: 'u32', elements: 'u32', epsilon: 'f32' },
    extensions: lanes.extensions,
    code: () => `${total(element)}${teamSum(variant)}${head(variant)}
  let row = groupIndex(group, count) * ${threads / team} + thread / ${team};
  let alive = row < uniforms.rows;
  let first = row * uniforms.elements;
  var values: array<${element}, ${held}>;
  var sums = vec2<f32>(0.0);${forHeld(
    variant,
    `
        let x = xs[first + i];
        values[k] = x;
        sums += vec2<f32>(total(${centred ? 'x' : 'x * x'}), 0.0);`,
    ' && alive',
  )}${
    centred
      ? `
  let mean = (${sum('sums')}).x;
  var powers = vec2<f32>(0.0);${forHeld(
    variant,
    `
        let d = values[k] - mean;
        values[k] = d;
        powers += vec2<f32>(total(d), total(d * d));`,
  )}
  let moments = ${sum('powers')};
  let inverse = inverseSqrt(max(moments.y - moments.x * moments.x, 0.0) + uniforms.epsilon);`
      : `
  let inverse = inverseSqrt((${sum('sums')}).x + uniforms.epsilon);`
  }
  if (!alive) { return; }${forHeld(
    variant,
    `ys[first + i] = (values[k]${centred ? ' - moments.x' : ''}) * inverse * gammas[i]${centred ? ' + betas[i]' : ''};`,
  )}
  if (lane == 0) { ${centred ? 'means[row] = mean + moments.x; ' : ''}inverses[row] = inverse; }
}`,
  };
}

/** Each team takes every so many rows, writes their dx, and keeps its part of the sums for gamma and beta. */
export function backward(variant: Variant): Program {
  const { centred, element, held, team, threads } = variant;
  const lanes = lanesOf(variant);
  const perGroup = threads / team;
  return {
    name: nameOf(variant, true),
    inputs: {
      dys: element,
      xs: element,
      gammas: element,
      ...(centred && { means: 'f32' as const }),
      inverses: 'f32',
    },
    outputs: { dxs: element, parts: element },
    uniforms: { rows: 'u32', elements: 'u32', teams: 'u32' },
    extensions: lanes.extensions,
    code: () => `${total(element)}${teamSum(variant)}${head(variant)}
  let start = groupIndex(group, count) * ${perGroup};
  if (start >= uniforms.teams) { return; }
  var scales: array<${element}, ${held}>;
  var slopes: array<${element}, ${held}>; // dy gamma
  var normalised: array<${element}, ${held}>;
  var dgammas: array<${element}, ${held}>;${centred ? `\n  var dbetas: array<${element}, ${held}>;` : ''}${forHeld(variant, 'scales[k] = gammas[i];')}
  for (var first = start; first < uniforms.rows; first += uniforms.teams) {
    let row = first + thread / ${team};
    let alive = row < uniforms.rows;
    let offset = row * uniforms.elements;
    let inverse = inverses[min(row, uniforms.rows - 1)];${
      centred ? '\n    let mean = means[min(row, uniforms.rows - 1)];' : ''
    }
    var sums = vec2<f32>(0.0);${forHeld(
      variant,
      `
        let dy = dys[offset + i];
        let n = ${centred ? '(xs[offset + i] - mean)' : 'xs[offset + i]'} * inverse;
        let slope = dy * scales[k];
        normalised[k] = n;
        slopes[k] = slope;
        dgammas[k] += dy * n;${centred ? '\n        dbetas[k] += dy;' : ''}
        sums += vec2<f32>(${centred ? 'total(slope)' : '0.0'}, total(slope * n));`,
      ' && alive',
    )}
    let along = teamSum(sums, thread, ${lanes.argument}) / dim;${forHeld(
      variant,
      `dxs[offset + i] = (slopes[k]${centred ? ' - along.x' : ''} - normalised[k] * along.y) * inverse;`,
      ' && alive',
    )}
  }
  let part = (start + thread / ${team}) * uniforms.elements * ${centred ? 2 : 1};${forHeld(
    variant,
    `parts[part + i] = dgammas[k];${centred ? ' parts[part + uniforms.elements + i] = dbetas[k];' : ''}`,
  )}
}`,
  };
}

/** Elements of a row. */
export const elementsOf = ({ element }: Variant, dim: number): number => (element === 'f32' ? dim : dim / 4);
