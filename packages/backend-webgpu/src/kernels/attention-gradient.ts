import type { TensorInfo } from '@tensorflow/tfjs-core';
import type { KernelCall } from '../kernel';
import type { Program } from '../program';
import { type AttentionShapes, attentionUniforms } from './attention-shapes';
import {
  declareSums,
  extensionsOf,
  type HeadKind,
  headKind,
  heldFunction,
  keyRows,
  lines,
  mainOfTiles,
  mixRows,
  nameOf,
  products,
  queryRows,
  readFunction,
  scoreFunctions,
  startFunctions,
  storeWeights,
  TILE,
  tileMemory,
  writeFunction,
  writeSums,
} from './attention-tiles';

/** Chunks of the results that a workgroup computes, that the sums of a thread fit its registers. */
const QUERY_CHUNKS = 8;
const KEY_CHUNKS = 4;

/**
 * Of each query's row: the logarithm of its sum of exponentials, and dy . y, with dy as it is multiplied by values: what
 * is left of their difference, where one weight is near 1, is the gradient.
 */
const rowsProgram = (kind: HeadKind): Program => ({
  name: `attention gradient rows ${kind.element}${kind.half ? ', float16' : ''}`,
  inputs: {
    dy: kind.element,
    output: kind.element,
    logSumExp: 'f32',
  },
  outputs: { rows: 'f32' },
  uniforms: attentionUniforms,
  extensions: extensionsOf(kind),
  code() {
    return `
${readFunction('dy', kind)}
${readFunction('output', kind)}
${startFunctions}
${heldFunction(kind)}
var<workgroup> sums: array<f32, 256>;

@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) count: vec3<u32>,
        @builtin(local_invocation_index) thread: u32) {
  let row = groupIndex(group, count) * 32u + thread / 8u;
  let matrix = row / uniforms.queries;
  let start = queryStart(matrix);
  let query = row % uniforms.queries;
  let end = select(0u, uniforms.queries, matrix < uniforms.matrices);
  var sum = 0.0;
  for (var part = thread % 8u; 4u * part < uniforms.headDim; part += 8u) {
    sum += dot(vec4<f32>(held(read_dy(start, query, end, part))), read_output(start, query, end, part));
  }
  sums[thread] = sum;
  workgroupBarrier();
  if (thread % 8u != 0u || end == 0u) { return; }
  for (var t = 1u; t < 8u; t++) { sum += sums[thread + t]; }
  rows[2u * row] = logSumExp[row];
  rows[2u * row + 1u] = sum;
}`;
  },
});

const inputsOf = ({ element, hasBias }: HeadKind): Program['inputs'] => {
  return {
    query: element,
    key: element,
    value: element,
    dy: element,
    rows: 'f32',
    ...(hasBias && { bias: 'f32' }),
  };
};

const declarations = (kind: HeadKind, outputs: string[]) => `
${['query', 'key', 'value', 'dy'].map((name) => readFunction(name, kind)).join('')}
${outputs.map((name) => writeFunction(name, kind)).join('')}
${scoreFunctions(kind.hasBias)}
${tileMemory(kind)}

fn rowOf(matrix: u32, query: u32) -> vec2<f32> { // of no query: of no weight
  if (query >= uniforms.queries) { return vec2<f32>(); }
  let row = 2u * (matrix * uniforms.queries + query);
  return vec2<f32>(rows[row], rows[row + 1u]);
}`;

/** Queries' gradients, with P recomputed: dS = P (dy V' - dy . y), dQ = scale dS K (Dao et al. 2022, algorithm 4). */
function queryProgram(kind: HeadKind): Program {
  const chunks = Math.min(QUERY_CHUNKS, kind.chunks);
  return {
    name: `attention gradient queries ${nameOf(kind)}`,
    inputs: inputsOf(kind),
    outputs: { dquery: kind.element },
    uniforms: attentionUniforms,
    extensions: extensionsOf(kind),
    code() {
      return `
${declarations(kind, ['dquery'])}
${mainOfTiles(kind, chunks, 'firstQuery', 'uniforms.queries')}
${lines((i) => `  let row${i} = rowOf(matrix, firstQuery + ty + ${8 * i}u);`)}
${declareSums('mixed', chunks)}
  let seenKeys = u32(clamp(i32(firstQuery) + 32 + uniforms.reach, 0, i32(uniforms.keys)));
  for (var firstKey = 0u; firstKey < seenKeys; firstKey += 32u) {
    ${products('score', ['query', queryRows], ['key', keyRows], kind.chunks)}
    ${products('slope', ['dy', queryRows], ['value', keyRows], kind.chunks)}
    let keys = firstKey + tx + vec4<u32>(0u, 8u, 16u, 24u);
${lines(
  (i) => `    score${i} = scoresOf(score${i}, vec4<u32>(firstQuery + ty + ${8 * i}u), keys, matrix);
    slope${i} = exponential(score${i} - row${i}.x) * (slope${i} - row${i}.y);`,
)}
${storeWeights('slope')}
    ${mixRows('mixed', 'key', keyRows, chunks)}
  }
  let factors = vec4<f32>(uniforms.scale);
${writeSums('mixed', 'dquery', queryRows, chunks, 'factors')}
}`;
    },
  };
}

/** Gradients of keys and values: dV = P' dy, dK = scale dS' Q. Rows of the products are keys here. */
function keyProgram(kind: HeadKind): Program {
  const chunks = Math.min(KEY_CHUNKS, kind.chunks);
  return {
    name: `attention gradient keys ${nameOf(kind)}`,
    inputs: inputsOf(kind),
    outputs: { dkey: kind.element, dvalue: kind.element },
    uniforms: attentionUniforms,
    extensions: extensionsOf(kind),
    code() {
      return `
${declarations(kind, ['dkey', 'dvalue'])}
${mainOfTiles(kind, chunks, 'firstKey', 'uniforms.keys')}
${declareSums('mixedKey', chunks)}
${declareSums('mixedValue', chunks)}
  let seeing = u32(max(i32(firstKey) - uniforms.reach, 0)); // the first query that sees any of the keys
  for (var firstQuery = seeing - seeing % 32u; firstQuery < uniforms.queries; firstQuery += 32u) {
    ${products('score', ['key', keyRows], ['query', queryRows], kind.chunks)}
    ${products('slope', ['value', keyRows], ['dy', queryRows], kind.chunks)}
    let queries = firstQuery + tx + vec4<u32>(0u, 8u, 16u, 24u);
${lines((j) => `    let row${j} = rowOf(matrix, queries[${j}]);`)}
    let logSums = vec4<f32>(row0.x, row1.x, row2.x, row3.x);
    let along = vec4<f32>(row0.y, row1.y, row2.y, row3.y);
${lines(
  (i) => `    score${i} = scoresOf(score${i}, queries, vec4<u32>(firstKey + ty + ${8 * i}u), matrix);
    score${i} = exponential(score${i} - logSums);
    slope${i} = score${i} * (slope${i} - along);`,
)}
${storeWeights('score')}
    ${mixRows('mixedValue', 'dy', queryRows, chunks)}
    workgroupBarrier();
${storeWeights('slope')}
    ${mixRows('mixedKey', 'query', queryRows, chunks)}
  }
  let factors = vec4<f32>(uniforms.scale);
${writeSums('mixedKey', 'dkey', keyRows, chunks, 'factors')}
${writeSums('mixedValue', 'dvalue', keyRows, chunks, 'vec4<f32>(1.0)')}
}`;
    },
  };
}

/** Three dispatches, none of which adds to what another wrote: the same bits each time. */
export function runGradient(
  { inputs, backend }: Pick<KernelCall, 'inputs' | 'backend'>,
  { batch, heads, queries, keys, headDim, bias, uniforms }: AttentionShapes,
  [dquery, dkey, dvalue]: [TensorInfo, TensorInfo, TensorInfo],
): void {
  const { query, key, value, dy, output, saved } = inputs as Record<string, TensorInfo>;
  const kind = headKind(headDim, bias !== undefined, backend.precision === 'f16');
  const count = batch * heads * queries;
  const rows = backend.makeTensorInfo([count, 2], 'float32');
  backend.runProgram(rowsProgram(kind), {
    buffers: { dy: dy!, output: output!, logSumExp: saved!, rows },
    uniforms,
    workgroups: Math.ceil(count / 32),
  });
  const buffers = { query: query!, key: key!, value: value!, dy: dy!, rows, ...(bias && { bias }) };
  const workgroups = (size: number, chunks: number) =>
    batch * heads * Math.ceil(size / TILE) * Math.ceil(kind.chunks / chunks);
  backend.runProgram(queryProgram(kind), {
    buffers: { ...buffers, dquery },
    uniforms,
    workgroups: workgroups(queries, QUERY_CHUNKS),
  });
  backend.runProgram(keyProgram(kind), {
    buffers: { ...buffers, dkey, dvalue },
    uniforms,
    workgroups: workgroups(keys, KEY_CHUNKS),
  });
  backend.disposeData(rows.dataId);
}
