import type { Program } from '../program';
import { teamSum } from './team-sum';

// x is [samples, positions, channels]. Sums over positions are taken block by block: a workgroup has some channels
// side by side, and so many rows of threads that take the positions of its block in turn.

export type ChannelElement = 'f32' | 'vec4<f32>';

/** Threads of a workgroup that sums over positions. */
export const BLOCK_THREADS = 64;
/** Threads of an elementwise shader's. */
export const THREADS = 256;
/** Elements that a thread of an elementwise shader takes. */
export const PER_THREAD = 4;
/** Threads of a workgroup to a group of channels. */
const TEAM = 64;

const blockUniforms = {
  positions: 'u32',
  elements: 'u32',
  columns: 'u32',
  blocks: 'u32',
  blockSize: 'u32',
  lanes: 'u32',
} as const;
const groupUniforms = { channels: 'u32', groups: 'u32', epsilon: 'f32', positions: 'u32' } as const;

const builtins = `@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) count: vec3<u32>,
        @builtin(local_invocation_index) thread: u32`;

/** The part of x that a workgroup has: `lanes` elements of a row, and the positions from `start` to `end`. */
const blockHead = `
@compute @workgroup_size(${BLOCK_THREADS})
fn main(${builtins}) {
  let lanes = uniforms.lanes;
  let rows = ${BLOCK_THREADS} / lanes;
  let index = groupIndex(group, count);
  let table = index / uniforms.columns; // which block of which sample
  let sample = table / uniforms.blocks;
  let start = table % uniforms.blocks * uniforms.blockSize;
  let end = min(start + uniforms.blockSize, uniforms.positions);
  let element = index % uniforms.columns * lanes + thread % lanes;
  let alive = element < uniforms.elements;
  let first = sample * uniforms.positions * uniforms.elements + element;`;

/** Means and squared differences from them, of each block and channel: [samples, blocks, 2, channels]. */
export const moments = (element: ChannelElement): Program => ({
  name: `channel moments ${element}`,
  inputs: { xs: element },
  outputs: { parts: element },
  uniforms: blockUniforms,
  code: () => `
var<workgroup> means: array<${element}, ${BLOCK_THREADS}>;
var<workgroup> powers: array<${element}, ${BLOCK_THREADS}>;
var<workgroup> counts: array<f32, ${BLOCK_THREADS}>;
${blockHead}
  // Sums of differences from the first value that the thread sees: of n values one of which that is, at most n times
  // the rounding is lost, wherever their mean.
  let row = start + thread / lanes;
  var sum = ${element}(0.0);
  var power = ${element}(0.0);
  var origin = ${element}(0.0);
  var number = 0.0;
  if (alive && row < end) {
    origin = xs[first + row * uniforms.elements];
    number = f32((end - row + rows - 1) / rows);
    for (var position = row; position < end; position += rows) {
      let d = xs[first + position * uniforms.elements] - origin;
      sum += d;
      power += d * d;
    }
  }
  let shift = sum / max(number, 1.0);
  means[thread] = origin + shift;
  powers[thread] = max(power - sum * shift, ${element}(0.0));
  counts[thread] = number;
  for (var half = ${BLOCK_THREADS / 2}u; half >= lanes; half /= 2) { // Chan et al. 1979, equation 2.1
    workgroupBarrier();
    if (thread < half && counts[thread + half] > 0.0) {
      let both = counts[thread] + counts[thread + half];
      let share = counts[thread + half] / both;
      let gap = means[thread + half] - means[thread];
      means[thread] += gap * share;
      powers[thread] += powers[thread + half] + gap * gap * (counts[thread] * share);
      counts[thread] = both;
    }
  }
  if (thread < lanes && alive) {
    let to = table * 2 * uniforms.elements + element;
    parts[to] = means[thread];
    parts[to + uniforms.elements] = powers[thread];
  }
}`,
});

/** Statistics of each group, and for each channel its mean and what it is multiplied by: [samples, 2, channels]. */
export const statistics: Program = {
  name: 'channel statistics',
  inputs: { parts: 'f32', gammas: 'f32' },
  outputs: { means: 'f32', variances: 'f32', table: 'f32' },
  uniforms: { ...groupUniforms, blocks: 'u32', blockSize: 'u32' },
  code: () => `${teamSum({ team: TEAM, threads: TEAM, subgroups: false })}
@compute @workgroup_size(${TEAM})
fn main(${builtins}) {
  let index = groupIndex(group, count);
  let sample = index / uniforms.groups;
  let size = uniforms.channels / uniforms.groups;
  let firstChannel = index % uniforms.groups * size;
  let firstPart = sample * uniforms.blocks * 2 * uniforms.channels + firstChannel;
  let items = uniforms.blocks * size;
  let origin = parts[firstPart];
  var sums = vec2<f32>(0.0);
  for (var item = thread; item < items; item += ${TEAM}) {
    let block = item / size;
    let number = f32(min(uniforms.blockSize, uniforms.positions - block * uniforms.blockSize));
    sums += vec2<f32>(number * (parts[firstPart + block * 2 * uniforms.channels + item % size] - origin), number);
  }
  sums = teamSum(sums, thread, 1);
  let mean = origin + sums.x / sums.y;
  var powers = vec2<f32>(0.0);
  for (var item = thread; item < items; item += ${TEAM}) {
    let block = item / size;
    let number = f32(min(uniforms.blockSize, uniforms.positions - block * uniforms.blockSize));
    let at = firstPart + block * 2 * uniforms.channels + item % size;
    let gap = parts[at] - mean;
    powers.x += parts[at + uniforms.channels] + number * gap * gap;
  }
  let variance = teamSum(powers, thread, 1).x / sums.y;
  if (thread == 0) {
    means[index] = mean;
    variances[index] = variance;
  }
  let inverse = inverseSqrt(variance + uniforms.epsilon);
  let to = sample * 2 * uniforms.channels;
  for (var c = firstChannel + thread; c < firstChannel + size; c += ${TEAM}) {
    table[to + c] = mean;
    table[to + uniforms.channels + c] = inverse * gammas[c];
  }
}`,
};

const elementwise = (body: string): string => `
@compute @workgroup_size(${THREADS})
fn main(${builtins}) {
  let first = groupIndex(group, count) * ${THREADS * PER_THREAD} + thread;
  for (var i = first; i < min(first + ${THREADS * PER_THREAD}, uniforms.size); i += ${THREADS}) {
    let element = i % uniforms.elements;
    let row = i / uniforms.sampleSize * uniforms.rows * uniforms.elements + element;${body}
  }
}`;
const elementwiseUniforms = { size: 'u32', elements: 'u32', sampleSize: 'u32', rows: 'u32' } as const;

/** Where the ReLU's result is 0, with what is not a number left as it is. */
const relued = (element: ChannelElement, value: string, result: string): string =>
  `select(${value}, ${element}(0.0), ${result} <= ${element}(0.0))`;

export const normalise = (element: ChannelElement, relu: boolean): Program => ({
  name: `channel norm ${element}${relu ? ' relu' : ''}`,
  inputs: { xs: element, betas: element, table: element },
  outputs: { ys: element },
  uniforms: elementwiseUniforms,
  code: () =>
    elementwise(`
    let y = (xs[i] - table[row]) * table[row + uniforms.elements] + betas[element];
    ys[i] = ${relu ? relued(element, 'y', 'y') : 'y'};`),
});

/** Sums of dy, and of dy times the centred x, of each block and channel: [samples, blocks, 2, channels]. */
export const gradientSums = (element: ChannelElement, relu: boolean): Program => ({
  name: `channel gradient sums ${element}${relu ? ' relu' : ''}`,
  inputs: { dys: element, xs: element, means: 'f32', ...(relu && { ys: element }) },
  outputs: { parts: element },
  uniforms: { ...blockUniforms, groups: 'u32' },
  code: () => `
var<workgroup> totals: array<${element}, ${BLOCK_THREADS}>;
var<workgroup> alongs: array<${element}, ${BLOCK_THREADS}>;
fn meanOf(sample: u32, channel: u32) -> f32 {
  let channels = uniforms.elements * ${element === 'f32' ? 1 : 4};
  return means[sample * uniforms.groups + channel / (channels / uniforms.groups)];
}
${blockHead}
  var total = ${element}(0.0);
  var along = ${element}(0.0);
  if (alive) {
    let mean = ${
      element === 'f32'
        ? 'meanOf(sample, element)'
        : `vec4<f32>(${[0, 1, 2, 3].map((i) => `meanOf(sample, element * 4 + ${i})`).join(', ')})`
    };
    for (var position = start + thread / lanes; position < end; position += rows) {
      let i = first + position * uniforms.elements;
      let dy = ${relu ? relued(element, 'dys[i]', 'ys[i]') : 'dys[i]'};
      total += dy;
      along += dy * (xs[i] - mean);
    }
  }
  totals[thread] = total;
  alongs[thread] = along;
  for (var half = ${BLOCK_THREADS / 2}u; half >= lanes; half /= 2) {
    workgroupBarrier();
    if (thread < half) {
      totals[thread] += totals[thread + half];
      alongs[thread] += alongs[thread + half];
    }
  }
  if (thread < lanes && alive) {
    let to = table * 2 * uniforms.elements + element;
    parts[to] = totals[thread];
    parts[to + uniforms.elements] = alongs[thread];
  }
}`,
});

/**
 * From those sums of whole samples: what dx takes of each channel, [samples, 4, channels] (factor of dy, mean, factor
 * of the centred x, constant), by workgroups one a group; then, by the last workgroups, the gradients of gamma and beta.
 */
export const gradientFactors: Program = {
  name: 'channel gradient factors',
  inputs: { sums: 'f32', gammas: 'f32', means: 'f32', variances: 'f32' },
  outputs: { table: 'f32', dgammas: 'f32', dbetas: 'f32' },
  uniforms: { ...groupUniforms, samples: 'u32' },
  code: () => `${teamSum({ team: TEAM, threads: TEAM, subgroups: false })}
@compute @workgroup_size(${TEAM})
fn main(${builtins}) {
  let index = groupIndex(group, count);
  let size = uniforms.channels / uniforms.groups;
  if (index < uniforms.samples * uniforms.groups) {
    let sample = index / uniforms.groups;
    let firstChannel = index % uniforms.groups * size;
    let at = sample * 2 * uniforms.channels;
    var weighted = vec2<f32>(0.0);
    for (var c = firstChannel + thread; c < firstChannel + size; c += ${TEAM}) {
      weighted += gammas[c] * vec2<f32>(sums[at + c], sums[at + uniforms.channels + c]);
    }
    weighted = teamSum(weighted, thread, 1) / f32(size * uniforms.positions);
    let inverse = inverseSqrt(variances[index] + uniforms.epsilon);
    for (var c = firstChannel + thread; c < firstChannel + size; c += ${TEAM}) {
      let to = sample * 4 * uniforms.channels + c;
      table[to] = inverse * gammas[c];
      table[to + uniforms.channels] = means[index];
      table[to + 2 * uniforms.channels] = inverse * inverse * inverse * weighted.y;
      table[to + 3 * uniforms.channels] = inverse * weighted.x;
    }
  } else {
    let c = (index - uniforms.samples * uniforms.groups) * ${TEAM} + thread;
    if (c < uniforms.channels) {
      var dgamma = 0.0;
      var dbeta = 0.0;
      for (var sample = 0u; sample < uniforms.samples; sample++) {
        let at = sample * 2 * uniforms.channels + c;
        dbeta += sums[at];
        dgamma += sums[at + uniforms.channels]
          * inverseSqrt(variances[sample * uniforms.groups + c / size] + uniforms.epsilon);
      }
      dgammas[c] = dgamma;
      dbetas[c] = dbeta;
    }
  }
}`,
};

/** Workgroups of {@link gradientFactors}. */
export const factorWorkgroups = (samples: number, groups: number, channels: number): number =>
  samples * groups + Math.ceil(channels / TEAM);

export const combine = (element: ChannelElement, relu: boolean): Program => ({
  name: `channel norm gradient ${element}${relu ? ' relu' : ''}`,
  inputs: { dys: element, xs: element, table: element, ...(relu && { ys: element }) },
  outputs: { dxs: element },
  uniforms: elementwiseUniforms,
  code: () =>
    elementwise(`
    let dy = ${relu ? relued(element, 'dys[i]', 'ys[i]') : 'dys[i]'};
    let centred = xs[i] - table[row + uniforms.elements];
    dxs[i] = dy * table[row] - centred * table[row + 2 * uniforms.elements] - table[row + 3 * uniforms.elements];`),
});
