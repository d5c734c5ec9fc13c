import type { Program } from '../program';
import type { HeadKind } from './attention-tiles';

/** Joins what the spans of keys gave, each [matrices, splits, queries, ...]: a workgroup for each row of the result. */
export function joinProgram({ element }: HeadKind): Program {
  return {
    name: `attention joins ${element}`,
    inputs: { mixed: element, logSums: 'f32' },
    outputs: { output: element, logSumExp: 'f32' },
    uniforms: {
      ...{ rows: 'u32', heads: 'u32', queries: 'u32', splits: 'u32', width: 'u32' },
      ...{ queryBatch: 'u32', queryHead: 'u32', queryRow: 'u32' }, // strides of the output
    },
    code() {
      return `
@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) count: vec3<u32>,
        @builtin(local_invocation_index) thread: u32) {
  let row = groupIndex(group, count);
  if (row >= uniforms.rows) { return; }
  let matrix = row / uniforms.queries;
  let first = matrix * uniforms.splits * uniforms.queries + row % uniforms.queries;
  let to = matrix / uniforms.heads * uniforms.queryBatch + matrix % uniforms.heads * uniforms.queryHead
    + row % uniforms.queries * uniforms.queryRow;
  var greatest = -1e29;
  for (var s = 0u; s < uniforms.splits; s++) { greatest = max(greatest, logSums[first + s * uniforms.queries]); }
  var total = 0.0;
  for (var s = 0u; s < uniforms.splits; s++) { total += weight(logSums[first + s * uniforms.queries] - greatest); }
  for (var i = thread; i < uniforms.width; i += 64u) {
    var sum = ${element}();
    for (var s = 0u; s < uniforms.splits; s++) {
      let begin = first + s * uniforms.queries;
      sum += mixed[begin * uniforms.width + i] * (weight(logSums[begin] - greatest) / total);
    }
    output[to + i] = sum;
  }
  if (thread == 0u) { logSumExp[row] = greatest + log(total); }
}

fn weight(x: f32) -> f32 { return select(exp(x), 0.0, x < -100.0); }`;
    },
  };
}
