import type { Program } from '../../program';
import { finishOf } from './finish';
import type { Product } from './product';

export const ADD_PARTS_THREADS = 256;

/** Adds the parts [batch, splits, rows, columns] of a product (and of `columnSums`), one after the other; then finishes it. */
export function addPartsProgram(product: Product): Program {
  const finish = finishOf(product);
  const { element } = finish;
  const width = element === 'f32' ? 1 : 4;
  return {
    name: ['parts of a product', ...(product.columnSums ? ['column sums'] : []), ...finish.words].join(', '),
    inputs: { parts: element, ...(product.columnSums && { sumParts: element }), ...finish.inputs },
    outputs: { c: element, ...finish.outputs, ...(product.columnSums && { columnSums: element }) },
    uniforms: { rows: 'u32', columns: 'u32', batch: 'u32', splits: 'u32', ...finish.uniforms },
    code: () => `${finish.code}
@compute @workgroup_size(${ADD_PARTS_THREADS})
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) count: vec3<u32>,
        @builtin(local_invocation_index) thread: u32) {
  let perRow = (uniforms.columns + 3) / 4;
  let quad = groupIndex(group, count) * ${ADD_PARTS_THREADS} + thread;
  let matrix = quad / perRow / uniforms.rows;
  if (matrix >= uniforms.batch) { return; }
  let row = quad / perRow % uniforms.rows;
  let column = quad % perRow * 4;
  let size = uniforms.rows * uniforms.columns;
  var sum = vec4<f32>(0.0);
  for (var split = 0u; split < uniforms.splits; split++) {
    let at = (matrix * uniforms.splits + split) * size + row * uniforms.columns + column;
    ${
      width === 4
        ? 'sum += parts[at / 4];'
        : 'for (var i = 0u; i < min(4u, uniforms.columns - column); i++) { sum[i] += parts[at + i]; }'
    }
  }
  finish(matrix * size, row, column, sum);${
    product.columnSums
      ? `
  if (row > 0) { return; }
  for (var i = column / ${width}; i < min(column + 4, uniforms.columns) / ${width}; i++) {
    var columnSum = ${element}(0.0);
    for (var split = 0u; split < uniforms.splits; split++) { columnSum += sumParts[split * uniforms.columns / ${width} + i]; }
    columnSums[i] = columnSum;
  }`
      : ''
  }
}`,
  };
}
