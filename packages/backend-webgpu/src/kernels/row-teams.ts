import type { WebgpuBackend } from '../webgpu-backend';
import { lanesOf, type Teams } from './team-sum';

/** How a shader takes rows: a team each, whose threads read it once and keep their parts of it. */
export interface RowTeams extends Teams {
  /** What is read at once: 4 values where they divide the row. */
  element: 'f32' | 'vec4<f32>';
  /** Elements of a row that a thread keeps in registers, at most. */
  held: number;
}

/** Threads of a workgroup, unless a row takes more. */
const THREADS = 64;
/** Most threads to a row. */
const MOST_THREADS = 256;

export function rowTeams(backend: WebgpuBackend, dim: number): RowTeams {
  const element = dim % 4 === 0 ? 'vec4<f32>' : 'f32';
  const elements = elementsOf({ element }, dim);
  const team = Math.min(MOST_THREADS, 2 ** Math.ceil(Math.log2(Math.ceil(elements / 4))));
  return {
    element,
    team,
    threads: Math.max(THREADS, team),
    held: Math.ceil(elements / team),
    subgroups: backend.device.features.has('subgroups'),
  };
}

/** Elements of a row. */
export const elementsOf = ({ element }: Pick<RowTeams, 'element'>, dim: number): number =>
  element === 'f32' ? dim : dim / 4;

/** What makes a shader another, for its name. */
export const describeTeams = ({ element, team, held, subgroups }: RowTeams): string =>
  `${element} ${held} x ${team}${subgroups ? ' in subgroups' : ''}`;

/** WGSL of `total(x)`, the sum of an element's values. */
export const total = ({ element }: RowTeams): string =>
  `fn total(x: ${element}) -> f32 { return ${element === 'f32' ? 'x' : 'dot(x, vec4<f32>(1.0))'}; }`;

/** A loop over the elements of a row that a thread holds: `k` is which of them, `i` its place in the row. */
export const forHeld = ({ held, team }: RowTeams, body: string, condition = ''): string => `
    for (var k = 0u; k < ${held}; k++) {
      let i = lane + k * ${team};
      if (i < uniforms.elements${condition}) { ${body} }
    }`;

/** The beginning of `main`. */
export const head = (teams: RowTeams): string => `
@compute @workgroup_size(${teams.threads})
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) count: vec3<u32>,
        @builtin(local_invocation_index) thread: u32${lanesOf(teams).parameter}) {
  let lane = thread % ${teams.team};`;

/** The row of a team, where each has one: `alive` says whether there is it, `first` is where it begins. */
export const ownRow = ({ team, threads }: RowTeams): string => `
  let row = groupIndex(group, count) * ${threads / team} + thread / ${team};
  let alive = row < uniforms.rows;
  let first = row * uniforms.elements;`;
