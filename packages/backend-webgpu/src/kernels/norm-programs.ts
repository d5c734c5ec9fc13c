import type { Program } from '../program';
import type { WebgpuBackend } from '../webgpu-backend';
import { describeTeams, forHeld, head, ownRow, type RowTeams, rowTeams, total } from './row-teams';
import { lanesOf, teamSum } from './team-sum';

/** What the shaders differ by. */
interface Variant extends RowTeams {
  /** Layer norm; or root-mean-square norm, without mean and beta. */
  centred: boolean;
}

export const variantOf = (backend: WebgpuBackend, dim: number, centred: boolean): Variant => ({
  centred,
  ...rowTeams(backend, dim),
});

const nameOf = (variant: Variant, gradient: boolean): string =>
  `${variant.centred ? 'layer' : 'RMS'} norm${gradient ? ' gradient' : ''} ${describeTeams(variant)}`;

const dimension = ({ element }: Variant): string => `
  let dim = f32(uniforms.elements * ${element === 'f32' ? 1 : 4});`;

/** Reads a row once. The variance is that of differences from the mean, and corrects the rounding of the mean. */
export function forward(variant: Variant): Program {
  const { centred, element, held } = variant;
  const lanes = lanesOf(variant);
  const sum = (value: string) => `teamSum(${value}, thread, ${lanes.argument}) / dim`;
  return {
    name: nameOf(variant, false),
    inputs: { xs: element, gammas: element, ...(centred && { betas: element }) },
    outputs: { ys: element, ...(centred && { means: 'f32' as const }), inverses: 'f32' },
    uniforms: { rows: 'u32', elements: 'u32', epsilon: 'f32' },
    extensions: lanes.extensions,
    code: () => `${total(variant)}${teamSum(variant)}${head(variant)}${dimension(variant)}${ownRow(variant)}
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
export function backward(variant: Variant, residual: boolean): Program {
  const { centred, element, held, team, threads } = variant;
  const lanes = lanesOf(variant);
  const perGroup = threads / team;
  return {
    name: `${nameOf(variant, true)}${residual ? ', residual' : ''}`,
    inputs: {
      dys: element,
      xs: element,
      gammas: element,
      ...(centred && { means: 'f32' as const }),
      inverses: 'f32',
      ...(residual && { residual: element }),
    },
    outputs: { dxs: element, parts: element },
    uniforms: { rows: 'u32', elements: 'u32', teams: 'u32' },
    extensions: lanes.extensions,
    code: () => `${total(variant)}${teamSum(variant)}${head(variant)}${dimension(variant)}
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
      `dxs[offset + i] = (slopes[k]${centred ? ' - along.x' : ''} - normalised[k] * along.y) * inverse${residual ? ' + residual[offset + i]' : ''};`,
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
