import type { TensorInfo } from '@tensorflow/tfjs-core';
import type { Program } from '../program';
import type { WebgpuBackend } from '../webgpu-backend';

/** Columns, of 1 or 4 values, that a workgroup takes side by side, and the rows that it takes at a time. */
const COLUMNS = 8;
const ROWS = 32;

const program = (element: 'f32' | 'vec4<f32>', halves: boolean): Program => ({
  name: `column sums ${element}${halves ? ' in halves' : ''}`,
  inputs: { xs: element },
  outputs: halves ? { first: element, second: element } : { first: element },
  uniforms: { rows: 'u32', columns: 'u32', blocks: 'u32', allRows: 'u32' },
  code: () => `
var<workgroup> parts: array<${element}, ${COLUMNS * ROWS}>;
@compute @workgroup_size(${COLUMNS * ROWS})
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) count: vec3<u32>,
        @builtin(local_invocation_index) thread: u32) {
  let index = groupIndex(group, count);
  let table = index / uniforms.blocks;
  let column = index % uniforms.blocks * ${COLUMNS} + thread % ${COLUMNS};
  var sum = ${element}(0.0);
  if (column < uniforms.columns) {
    let start = table * uniforms.rows;
    let end = min(start + uniforms.rows, uniforms.allRows);
    for (var row = start + thread / ${COLUMNS}; row < end; row += ${ROWS}) {
      sum += xs[row * uniforms.columns + column];
    }
  }
  parts[thread] = sum;
  for (var half = ${ROWS / 2}u; half > 0; half /= 2) {
    workgroupBarrier();
    if (thread < half * ${COLUMNS}) { parts[thread] += parts[thread + half * ${COLUMNS}]; }
  }
  if (thread < ${COLUMNS} && column < uniforms.columns) {
    let to = table * uniforms.columns + column;${
      halves
        ? `
    let half = uniforms.columns / 2;
    if (to < half) { first[to] = parts[thread]; } else { second[to - half] = parts[thread]; }`
        : `
    first[to] = parts[thread];`
    }
  }
}`,
});

/**
 * Sums of each column of `tables` tables [rows, columns], the second stage of sums that many workgroups begin. With
 * two outputs there is one table, and each gets half of its columns. The order of addition is fixed.
 *
 * @param allRows Of all tables: the last one may have fewer.
 */
export function columnSums(
  backend: WebgpuBackend,
  xs: TensorInfo,
  [tables, rows, columns]: readonly [number, number, number],
  [first, second]: readonly TensorInfo[],
  allRows = tables * rows,
): void {
  const width = columns % (second ? 8 : 4) === 0 ? 4 : 1;
  const blocks = Math.ceil(columns / width / COLUMNS);
  backend.runProgram(program(width === 4 ? 'vec4<f32>' : 'f32', second !== undefined), {
    buffers: { xs, first: first!, ...(second && { second }) },
    uniforms: { rows, columns: columns / width, blocks, allRows },
    workgroups: tables * blocks,
  });
}
