/** How the threads of a workgroup are divided: teams of so many neighbours, each for a row of its own. */
export interface Teams {
  /** Threads of a team: a power of 2. */
  team: number;
  /** Threads of the workgroup: a multiple of `team`. */
  threads: number;
  /** Whether the device adds up within subgroups. */
  subgroups: boolean;
}

/** At most so many lanes are exchanged between: a subgroup has 4 to 128. */
const MOST_LANES = 64;

/**
 * WGSL of `teamSum(value, thread, lanes)`, a sum over the team that each of its threads gets, in an order that does
 * not depend on timing. Every thread of the workgroup must call it; `lanes` is the subgroup's size, if there is one.
 */
export function teamSum({ team, threads, subgroups }: Teams): string {
  if (team === 1)
    return 'fn teamSum(value: vec2<f32>, thread: u32, lanes: u32) -> vec2<f32> { return value; }';
  if (!subgroups) {
    return `
var<workgroup> teamSums: array<vec2<f32>, ${threads}>;
fn teamSum(value: vec2<f32>, thread: u32, lanes: u32) -> vec2<f32> {
  teamSums[thread] = value;
  for (var half = ${team / 2}u; half > 0; half /= 2) {
    workgroupBarrier();
    if (thread % ${team} < half) { teamSums[thread] += teamSums[thread + half]; }
  }
  workgroupBarrier();
  let sum = teamSums[thread - thread % ${team}];
  workgroupBarrier();
  return sum;
}`;
  }
  const most = Math.min(team, MOST_LANES);
  return `
var<workgroup> teamSums: array<vec2<f32>, ${threads}>;
fn teamSum(value: vec2<f32>, thread: u32, lanes: u32) -> vec2<f32> {
  var part = value;
  for (var distance = 1u; distance < ${most}; distance *= 2) {
    let other = subgroupShuffleXor(part, distance);
    if (distance < lanes) { part += other; }
  }
  teamSums[thread] = part;
  workgroupBarrier();
  let step = min(lanes, ${most});
  var sum = vec2<f32>(0.0);
  for (var i = 0u; i < ${team}; i += step) { sum += teamSums[thread - thread % ${team} + i]; }
  workgroupBarrier();
  return sum;
}`;
}

/** Arguments of `main` for it, and the one to pass on. */
export const lanesOf = ({ subgroups, team }: Teams) =>
  subgroups && team > 1
    ? {
        parameter: ', @builtin(subgroup_size) lanes: u32',
        extensions: ['subgroups' as const],
        argument: 'lanes',
      }
    : { parameter: '', extensions: [], argument: '1' };
