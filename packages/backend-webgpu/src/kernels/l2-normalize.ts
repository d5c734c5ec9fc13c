import type { TensorInfo } from '@tensorflow/tfjs-core';
import { type KernelCall, sizeOf, type WebgpuKernel } from '../kernel';
import type { Program } from '../program';
import {
  describeTeams,
  elementsOf,
  forHeld,
  head,
  ownRow,
  type RowTeams,
  rowTeams,
  total,
} from './row-teams';
import { lanesOf, teamSum } from './team-sum';

const uniforms = { rows: 'u32', elements: 'u32', epsilon: 'f32' } as const;

/** Reads a row once, and keeps its norm for the gradient. */
function forward(teams: RowTeams): Program {
  const { element, held } = teams;
  const lanes = lanesOf(teams);
  return {
    name: `L2 norm ${describeTeams(teams)}`,
    inputs: { xs: element },
    outputs: { ys: element, norms: 'f32' },
    uniforms,
    extensions: lanes.extensions,
    code: () => `${total(teams)}${teamSum(teams)}${head(teams)}${ownRow(teams)}
  var values: array<${element}, ${held}>;
  var squares = vec2<f32>(0.0);${forHeld(
    teams,
    `
        let x = xs[first + i];
        values[k] = x;
        squares.x += total(x * x);`,
    ' && alive',
  )}
  let norm = max(sqrt(teamSum(squares, thread, ${lanes.argument}).x), uniforms.epsilon);
  if (!alive) { return; }${forHeld(teams, 'ys[first + i] = values[k] / norm;')}
  if (lane == 0) { norms[row] = norm; }
}`,
  };
}

/** What is along y has no part in it, but where the norm was the constant epsilon. */
function backward(teams: RowTeams): Program {
  const { element, held } = teams;
  const lanes = lanesOf(teams);
  return {
    name: `L2 norm gradient ${describeTeams(teams)}`,
    inputs: { dys: element, ys: element, norms: 'f32' },
    outputs: { dxs: element },
    uniforms,
    extensions: lanes.extensions,
    code: () => `${total(teams)}${teamSum(teams)}${head(teams)}${ownRow(teams)}
  var slopes: array<${element}, ${held}>;
  var units: array<${element}, ${held}>;
  var sums = vec2<f32>(0.0);${forHeld(
    teams,
    `
        slopes[k] = dys[first + i];
        units[k] = ys[first + i];
        sums.x += total(slopes[k] * units[k]);`,
    ' && alive',
  )}
  let sum = teamSum(sums, thread, ${lanes.argument}).x;
  if (!alive) { return; }
  let norm = norms[row];
  let along = select(0.0, sum, norm > uniforms.epsilon);${forHeld(
    teams,
    'dxs[first + i] = (slopes[k] - units[k] * along) / norm;',
  )}
}`,
  };
}

function run(
  { attrs, backend }: KernelCall,
  program: (teams: RowTeams) => Program,
  shape: number[],
  buffers: Record<string, TensorInfo>,
): void {
  if (sizeOf(shape) === 0) return;
  const dim = shape.at(-1)!;
  const rows = sizeOf(shape.slice(0, -1));
  const teams = rowTeams(backend, dim);
  backend.runProgram(program(teams), {
    buffers,
    uniforms: { rows, elements: elementsOf(teams, dim), epsilon: attrs['epsilon'] as number },
    workgroups: Math.ceil((rows * teams.team) / teams.threads),
  });
}

function normalize(call: KernelCall): TensorInfo[] {
  const x = call.inputs['x']!;
  const y = call.backend.makeTensorInfo(x.shape, 'float32');
  const norm = call.backend.makeTensorInfo([sizeOf(x.shape.slice(0, -1))], 'float32');
  run(call, forward, x.shape, { xs: x, ys: y, norms: norm });
  return [y, norm];
}

function gradient(call: KernelCall): TensorInfo {
  const { dy, y, norm } = call.inputs as Record<'dy' | 'y' | 'norm', TensorInfo>;
  const dx = call.backend.makeTensorInfo(y.shape, 'float32');
  run(call, backward, y.shape, { dys: dy, ys: y, norms: norm, dxs: dx });
  return dx;
}

export const l2Normalizations: WebgpuKernel[] = [
  { kernelName: 'FusedL2Normalize', compute: normalize },
  { kernelName: 'FusedL2NormalizeGrad', compute: gradient },
];
