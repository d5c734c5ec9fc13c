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

/** How two values become one: of either order, and grouped in any way, the same but for rounding. */
export interface Reduction {
  /** Of the function. */
  name: string;
  type: 'vec2<f32>' | 'vec4<f32>';
  /** A WGSL expression. */
  join(a: string, b: string): string;
}

/** Two sums at a time. */
const SUM: Reduction = { name: 'teamSum', type: 'vec2<f32>', join: (a, b) => `${a} + ${b}` };

/**
 * WGSL of `teamSum(value, thread, lanes)`, a sum over the team that each of its threads gets, in an order that does
 * not depend on timing. Every thread of the workgroup must call it; `lanes` is the subgroup's size, if there is one.
 */
export const teamSum = (teams: Teams): string => teamReduction(teams, SUM);

/** As {@link teamSum}, of what the reduction says. */
export function teamReduction({ team, threads, subgroups }: Teams, { name, type, join }: Reduction): string {
  const begin = `fn ${name}(value: ${type}, thread: u32, lanes: u32) -> ${type} {`;
  if (team === 1) return `${begin} return value; }`;
  const memory = `
var<workgroup> ${name}s: array<${type}, ${threads}>;
${begin}`;
  const first = `thread - thread % ${team}`;
  if (!subgroups) {
    return `${memory}
  ${name}s[thread] = value;
  for (var half = ${team / 2}u; half > 0; half /= 2) {
    workgroupBarrier();
    if (thread % ${team} < half) { ${name}s[thread] = ${join(`${name}s[thread]`, `${name}s[thread + half]`)}; }
  }
  workgroupBarrier();
  let all = ${name}s[${first}];
  workgroupBarrier();
  return all;
}`;
  }
  const most = Math.min(team, MOST_LANES);
  return `${memory}
  var part = value;
  for (var distance = 1u; distance < ${most}; distance *= 2) {
    let other = subgroupShuffleXor(part, distance);
    if (distance < lanes) { part = ${join('part', 'other')}; }
  }
  ${name}s[thread] = part;
  workgroupBarrier();
  let step = min(lanes, ${most});
  var all = ${name}s[${first}];
  for (var i = step; i < ${team}; i += step) { all = ${join('all', `${name}s[${first} + i]`)}; }
  workgroupBarrier();
  return all;
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
