import type { Program } from '../../program';
import { lanesOf, type Teams, teamSum } from '../team-sum';
import { finishOf } from './finish';
import { elementOf, loader, type Product, productUniforms } from './product';

/** Rows of A that one thread multiplies, at most. */
export const FEW_ROWS = 4;

const THREADS = 256;
/** Threads side by side along the columns, each for four; the others share the depth. */
const LANES = 8;
const SHARES = THREADS / LANES;
/** Threads that share a column which lies along the depth. */
const TEAM = 32;

/** Columns of a workgroup. */
export const columnsPerGroup = (transposeB: boolean) => (transposeB ? THREADS / TEAM : 4 * LANES);

const header = `
@compute @workgroup_size(${THREADS})
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) count: vec3<u32>,
        @builtin(local_invocation_index) thread: u32`;

const place = (perGroup: number) => `
  let groups = (uniforms.columns + ${perGroup - 1}) / ${perGroup};
  let index = groupIndex(group, count);
  let matrix = index / groups;
  if (matrix >= uniforms.batch) { return; }
  let outer = matrix / uniforms.inner;
  let inner = matrix % uniforms.inner;
  let baseA = (outer * uniforms.aOuter + inner * uniforms.aInner) * uniforms.rows * uniforms.depth;
  let baseB = (outer * uniforms.bOuter + inner * uniforms.bInner) * uniforms.depth * uniforms.columns;
  let to = matrix * uniforms.rows * uniforms.columns;`;

/** The sum of all threads, four numbers each, in an order that does not depend on timing. */
const groupSum = `
fn groupSum(value: vec4<f32>, thread: u32) -> vec4<f32> {
  shares[thread] = value;
  workgroupBarrier();
  var sum = vec4<f32>(0.0);
  if (thread < 16) {
    for (var i = thread; i < ${THREADS}; i += 16) { sum += shares[i]; }
    shares[thread] = sum;
  }
  workgroupBarrier();
  sum = vec4<f32>(0.0);
  for (var i = 0u; i < 16; i++) { sum += shares[i]; }
  workgroupBarrier();
  return sum;
}`;

/** Means of the rows and inverses of their standard deviations: a workgroup reads them whole, they are few. */
const moments = (rows: string[]) => {
  const four = `vec4<f32>(${[0, 1, 2, 3].map((row) => rows[row] ?? '0.0').join(', ')})`;
  return `
  var moment = vec4<f32>(0.0);
  for (var k = thread; k < uniforms.depth; k += ${THREADS}) { moment += ${four}; }
  let mean = groupSum(moment, thread) / f32(uniforms.depth);
  moment = vec4<f32>(0.0);
  for (var k = thread; k < uniforms.depth; k += ${THREADS}) {
    let difference = ${four} - mean;
    moment += difference * difference;
  }
  let inverse = inverseSqrt(groupSum(moment, thread) / f32(uniforms.depth) + uniforms.epsilon);`;
};

/**
 * Products with so few rows (decoding has one) that reading B is all the work: each element of it is read once, by
 * threads side by side. Where B's columns lie along the depth, a team of threads takes a column.
 *
 * @param rows 1, 2 or 4, at least those of the product.
 */
export function fewRowsProgram(product: Product, rows: number, subgroups: boolean): Program {
  const { transposeA, transposeB, depth, columns, norm } = product;
  const b = elementOf(transposeB ? depth : columns);
  const a = elementOf(transposeA ? product.rows : depth);
  const finish = finishOf(product, transposeB ? 'f32' : undefined);
  const each = Array.from({ length: rows }, (_, row) => row);
  const teams: Teams = { team: TEAM, threads: THREADS, subgroups };
  const lanes = transposeB ? lanesOf(teams) : { parameter: '', extensions: [], argument: '' };
  const one = (row: number, k: string, normalise = true) => {
    const [outer, along] = transposeA ? [k, `${row}u`] : [`${row}u`, k];
    const size = transposeA ? 'uniforms.rows' : 'uniforms.depth';
    const at = `(baseA + ${outer} * ${size} + ${along})`;
    const value = a === 'f32' ? `a[${at}]` : `a[${at} / 4][${at} % 4]`;
    const normed =
      norm && normalise ? `(${value} - mean[${row}]) * inverse[${row}] * gamma[${k}] + beta[${k}]` : value;
    return `select(0.0, ${normed}, ${row}u < uniforms.rows)`;
  };
  const inTeams = () => `
${teamSum(teams)}
${header}${lanes.parameter}) {${place(THREADS / TEAM)}
  let column = index % groups * ${THREADS / TEAM} + thread / ${TEAM};
  ${each.map((row) => `var sum${row} = 0.0;`).join(' ')}
  for (var k = thread % ${TEAM} * 4; k < uniforms.depth; k += ${TEAM * 4}) {
    let b4 = loadB(baseB, column, k, uniforms.columns, uniforms.depth);
    ${each
      .map((row) => {
        const four = transposeA
          ? `vec4<f32>(${[0, 1, 2, 3].map((j) => `atA(baseA, k + ${j}u, ${row}u)`).join(', ')})`
          : `loadA(baseA, ${row}u, k, uniforms.rows, uniforms.depth)`;
        return `sum${row} += dot(${four}, b4);`;
      })
      .join('\n    ')}
  }
  ${each
    .filter((row) => row % 2 === 0)
    .map((row) => {
      const pair = `vec2<f32>(sum${row}, ${row + 1 < rows ? `sum${row + 1}` : '0.0'})`;
      return `let total${row} = teamSum(${pair}, thread, ${lanes.argument});`;
    })
    .join('\n  ')}
  if (thread % ${TEAM} == 0 && column < uniforms.columns) {
    ${each.map((row) => `finishOne(to, ${row}u, column, total${row - (row % 2)}[${row % 2}]);`).join('\n    ')}
  }
}
${
  transposeA
    ? `fn atA(base: u32, k: u32, row: u32) -> f32 {
  if (k >= uniforms.depth || row >= uniforms.rows) { return 0.0; }
  let at = base + k * uniforms.rows + row;
  return ${a === 'f32' ? 'a[at]' : 'a[at / 4][at % 4]'};
}`
    : loader('loadA', 'a', a)
}`;
  const sideBySide = () => `
var<workgroup> shares: array<vec4<f32>, ${rows * THREADS}>;
${norm ? groupSum : ''}
${header}) {${place(4 * LANES)}${norm ? moments(each.map((row) => one(row, 'k', false))) : ''}
  let column = index % groups * ${4 * LANES} + thread % ${LANES} * 4;
  ${each.map((row) => `var sum${row} = vec4<f32>(0.0);`).join(' ')}
  for (var k = thread / ${LANES}; k < uniforms.depth; k += ${SHARES}) {
    let b4 = loadB(baseB, k, column, uniforms.depth, uniforms.columns);
    ${each.map((row) => `sum${row} = fma(vec4<f32>(${one(row, 'k')}), b4, sum${row});`).join('\n    ')}
  }
  ${each.map((row) => `shares[${row * THREADS} + thread] = sum${row};`).join('\n  ')}
  workgroupBarrier();
  let row = thread / ${LANES};
  if (row >= ${rows}) { return; }
  var sum = vec4<f32>(0.0);
  for (var i = 0u; i < ${THREADS}; i += ${LANES}) { sum += shares[row * ${THREADS} + i + thread % ${LANES}]; }
  finish(to, row, column, sum);
}`;
  const name = [
    `product of ${rows} rows`,
    `${a}${transposeA ? ' transposed' : ''} x ${b}${transposeB ? ' transposed' : ''}`,
    ...(lanes.extensions.length > 0 ? ['in subgroups'] : []),
    ...(norm ? ['normalised'] : []),
    ...finish.words,
  ].join(', ');
  return {
    name,
    inputs: { a, b, ...(norm && { gamma: 'f32' as const, beta: 'f32' as const }), ...finish.inputs },
    outputs: { c: finish.element, ...finish.outputs },
    uniforms: { ...productUniforms, ...(norm && { epsilon: 'f32' as const }), ...finish.uniforms },
    extensions: lanes.extensions,
    code: () => `${loader('loadB', 'b', b)}${finish.code}\n${transposeB ? inTeams() : sideBySide()}`,
  };
}
