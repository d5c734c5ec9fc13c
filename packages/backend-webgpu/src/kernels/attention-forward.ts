import type { TensorInfo } from '@tensorflow/tfjs-core';
import type { KernelCall } from '../kernel';
import type { Program } from '../program';
import { type AttentionShapes, attentionUniforms } from './attention-shapes';
import {
  declareSums,
  extensionsOf,
  type HeadKind,
  headKind,
  keyRows,
  lines,
  mainOfTiles,
  mixRows,
  nameOf,
  products,
  queryRows,
  readFunction,
  scoreFunctions,
  storeWeights,
  TILE,
  tileMemory,
  writeFunction,
  writeSums,
} from './attention-tiles';

/** Chunks of the result that a workgroup computes: the sums of a thread must fit its registers. */
const CHUNKS = 8;

/**
 * A workgroup takes 32 queries of a head through the keys, 32 at a time, with the running maximum and sum of each
 * row (Milakov and Gimelshein 2018, algorithm 3; Dao et al. 2022, algorithm 1).
 */
function program(kind: HeadKind): Program {
  const { element, hasBias } = kind;
  const chunks = Math.min(CHUNKS, kind.chunks);
  return {
    name: `attention ${nameOf(kind)}`,
    inputs: { query: element, key: element, value: element, ...(hasBias && { bias: 'f32' }) },
    outputs: { output: element, logSumExp: 'f32' },
    uniforms: attentionUniforms,
    extensions: extensionsOf(kind),
    code() {
      return `
${['query', 'key', 'value'].map((name) => readFunction(name, kind)).join('')}
${writeFunction('output', kind)}
${scoreFunctions(hasBias)}
${tileMemory(kind)}
var<workgroup> exchange: array<vec4<f32>, 64>; // of each thread, something for its four rows

${mainOfTiles(kind, chunks, 'firstQuery', 'uniforms.queries')}
  var maximum = vec4<f32>(LEAST);
  var sum = vec4<f32>(); // of this thread's keys
${declareSums('mixed', chunks)}
  let seenKeys = u32(clamp(i32(firstQuery) + 32 + uniforms.reach, 0, i32(uniforms.keys)));
  for (var firstKey = 0u; firstKey < seenKeys; firstKey += 32u) {
    ${products('score', ['query', queryRows], ['key', keyRows], kind.chunks)}
    let keys = firstKey + tx + vec4<u32>(0u, 8u, 16u, 24u);
${lines((i) => `    score${i} = scoresOf(score${i}, vec4<u32>(firstQuery + ty + ${8 * i}u), keys, matrix);`)}
    exchange[thread] = vec4<f32>(largest(score0), largest(score1), largest(score2), largest(score3));
    workgroupBarrier();
    let before = maximum;
    for (var t = 0u; t < 8u; t++) { maximum = max(maximum, exchange[8u * ty + t]); }
    let decay = exponential(before - maximum);
${lines((i) => `    score${i} = exponential(score${i} - maximum[${i}]);`)}
    sum = sum * decay + vec4<f32>(${[0, 1, 2, 3].map((i) => `dot(score${i}, vec4<f32>(1.0))`).join(', ')});
${Array.from({ length: chunks }, (_, c) => lines((i) => `    mixed_${c}_${i} *= decay[${i}];`)).join('\n')}
${storeWeights('score')}
    ${mixRows('mixed', 'value', keyRows, chunks)}
  }

  workgroupBarrier();
  exchange[thread] = sum;
  workgroupBarrier();
  sum = vec4<f32>();
  for (var t = 0u; t < 8u; t++) { sum += exchange[8u * ty + t]; }
  sum = select(sum, vec4<f32>(1.0), sum == vec4<f32>()); // a row that sees no key stays zero
  let factors = 1.0 / sum;
${writeSums('mixed', 'output', queryRows, chunks, 'factors')}
  if (tx == 0u && firstChunk == 0u) {
${lines((i) => `    if (firstQuery + ty + ${8 * i}u < uniforms.queries) { logSumExp[matrix * uniforms.queries + firstQuery + ty + ${8 * i}u] = maximum[${i}] + log(sum[${i}]); }`)}
  }
}

fn largest(x: vec4<f32>) -> f32 { return max(max(x.x, x.y), max(x.z, x.w)); }`;
    },
  };
}

/** Writes the result and the logarithm of the sum of each row's exponentials, which the gradient needs. */
export function runForward(
  { inputs, backend }: Pick<KernelCall, 'inputs' | 'backend'>,
  { batch, heads, queries, headDim, bias, uniforms }: AttentionShapes,
  output: TensorInfo,
  logSumExp: TensorInfo,
): void {
  const { query, key, value } = inputs;
  const kind = headKind(headDim, bias !== undefined, backend.precision === 'f16');
  backend.runProgram(program(kind), {
    buffers: { query: query!, key: key!, value: value!, output, logSumExp, ...(bias && { bias }) },
    uniforms,
    workgroups: batch * heads * Math.ceil(queries / TILE) * Math.ceil(kind.chunks / CHUNKS),
  });
}
