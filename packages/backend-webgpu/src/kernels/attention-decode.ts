import type { TensorInfo } from '@tensorflow/tfjs-core';
import { type KernelCall, sizeOf } from '../kernel';
import type { Program } from '../program';
import { joinProgram } from './attention-join';
import { type AttentionShapes, attentionUniforms } from './attention-shapes';
import {
  type HeadKind,
  headKind,
  lines,
  nameOf,
  readFunction,
  scoreFunctions,
  startFunctions,
  writeFunction,
} from './attention-tiles';

/** More queries fill tiles well enough. */
const MAX_QUERIES = 8;
/** Keys of a round: of each of 32 groups of 8 threads, 2. */
const ROUND = 64;
/** Fewer keys are not worth a workgroup of their own, and a second dispatch. */
const KEYS_PER_SPLIT = 256;
/** Workgroups that keep a large GPU busy. */
const WORKGROUPS = 192;

const each = (count: number, line: (i: number) => string) =>
  Array.from({ length: count }, (_, i) => line(i)).join('\n');

/**
 * Few queries against many keys, as in generating: a workgroup takes four queries through a span of the keys. Eight
 * threads share a key, each with every eighth part of its row, and each such group has a running maximum and sum of
 * its own keys; they are joined at the end. Vectors hold one number for each of the four queries. It waits for memory,
 * not for products: there is no half precision of it.
 */
function program(kind: HeadKind): Program {
  const { element, hasBias, chunks: slots } = kind;
  const room = 8 * slots; // for the parts of a query
  return {
    name: `attention of few queries ${nameOf(kind)}`,
    inputs: { query: element, key: element, value: element, ...(hasBias && { bias: 'f32' }) },
    outputs: { output: element, logSumExp: 'f32' },
    uniforms: {
      ...attentionUniforms,
      ...{ splits: 'u32', span: 'u32' },
      ...{ outputBatch: 'u32', outputHead: 'u32', outputSplit: 'u32', outputRow: 'u32' },
    },
    code() {
      return `
${['query', 'key', 'value'].map((name) => readFunction(name, kind)).join('')}
${writeFunction('output', kind, 'uniforms.outputRow')}
${startFunctions}
${scoreFunctions(hasBias)}
var<workgroup> queryParts: array<vec4<f32>, ${4 * room}>;
var<workgroup> exchange: array<vec4<f32>, 576>;

@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) count: vec3<u32>,
        @builtin(local_invocation_index) thread: u32) {
  let index = groupIndex(group, count);
  let split = index % uniforms.splits;
  let fours = (uniforms.queries + 3u) / 4u;
  let firstQuery = 4u * (index / uniforms.splits % fours);
  let matrix = index / uniforms.splits / fours;
  if (matrix >= uniforms.matrices) { return; }
  let parts = (uniforms.headDim + 3u) / 4u;
  let lane = thread % 8u;
  let team = thread / 8u;
  for (var n = thread; n < ${4 * room}u; n += 256u) {
    queryParts[n] = read_query(queryStart(matrix), firstQuery + n / ${room}u, uniforms.queries, n % ${room}u);
  }
  workgroupBarrier();

  let queries = firstQuery + vec4<u32>(0u, 1u, 2u, 3u);
  var maximum = vec4<f32>(LEAST);
  var sum = vec4<f32>();
${each(slots, (s) => lines((q) => `  var mixed_${s}_${q} = vec4<f32>();`))}
  let start = keyStart(matrix);
  let end = min(uniforms.keys, (split + 1u) * uniforms.span);
  for (var first = split * uniforms.span; first < end; first += ${ROUND}u) {
    let keyA = first + team;
    let keyB = keyA + 32u;
    var dotsA = vec4<f32>();
    var dotsB = vec4<f32>();
    for (var part = lane; part < parts; part += 8u) {
      let a = read_key(start, keyA, end, part);
      let b = read_key(start, keyB, end, part);
${lines((q) => `      let q${q} = queryParts[${q * room}u + part];`)}
      dotsA += vec4<f32>(dot(q0, a), dot(q1, a), dot(q2, a), dot(q3, a));
      dotsB += vec4<f32>(dot(q0, b), dot(q1, b), dot(q2, b), dot(q3, b));
    }
    exchange[team * 9u + lane] = dotsA;
    exchange[(team + 32u) * 9u + lane] = dotsB;
${each(
  slots,
  (s) => `    let a${s} = read_value(start, keyA, end, lane + ${8 * s}u);
    let b${s} = read_value(start, keyB, end, lane + ${8 * s}u);`,
)}
    workgroupBarrier();
    dotsA = vec4<f32>();
    dotsB = vec4<f32>();
    for (var t = 0u; t < 8u; t++) {
      dotsA += exchange[team * 9u + t];
      dotsB += exchange[(team + 32u) * 9u + t];
    }
    workgroupBarrier();
    let scoreA = scoresOf(dotsA, queries, vec4<u32>(keyA), matrix);
    let scoreB = scoresOf(dotsB, queries, vec4<u32>(keyB), matrix);
    let before = maximum;
    maximum = max(maximum, max(scoreA, scoreB));
    let decay = exponential(before - maximum);
    let weightA = exponential(scoreA - maximum);
    let weightB = exponential(scoreB - maximum);
    sum = sum * decay + weightA + weightB;
${each(slots, (s) =>
  lines(
    (q) =>
      `    mixed_${s}_${q} = mixed_${s}_${q} * decay[${q}] + weightA[${q}] * a${s} + weightB[${q}] * b${s};`,
  ),
)}
  }

  if (lane == 0u) {
    exchange[team] = maximum;
    exchange[32u + team] = sum;
  }
  workgroupBarrier();
  var greatest = vec4<f32>(LEAST);
  for (var t = 0u; t < 32u; t++) { greatest = max(greatest, exchange[t]); }
  var total = vec4<f32>();
  for (var t = 0u; t < 32u; t++) { total += exchange[32u + t] * exponential(exchange[t] - greatest); }
  total = select(total, vec4<f32>(1.0), total == vec4<f32>()); // a query that sees no key stays zero
  let factors = exponential(maximum - greatest) / total;
  let row = (matrix * uniforms.splits + split) * uniforms.queries + firstQuery;
  let to = matrix / uniforms.heads * uniforms.outputBatch + matrix % uniforms.heads * uniforms.outputHead
    + split * uniforms.outputSplit;
${each(
  slots,
  (s) => `
${lines((q) => `  mixed_${s}_${q} *= factors[${q}];`)}
  for (var half = 16u; half > 0u; half /= 2u) {
    workgroupBarrier();
    if (team >= half && team < 2u * half) {
${lines((q) => `      exchange[${128 * q}u + thread - 8u * half] = mixed_${s}_${q};`)}
    }
    workgroupBarrier();
    if (team < half) {
${lines((q) => `      mixed_${s}_${q} += exchange[${128 * q}u + thread];`)}
    }
  }
  if (team == 0u && lane + ${8 * s}u < parts) {
${lines((q) => `    if (firstQuery + ${q}u < uniforms.queries) { write_output(to, firstQuery + ${q}u, lane + ${8 * s}u, mixed_${s}_${q}); }`)}
  }`,
)}
  if (thread < min(4u, uniforms.queries - firstQuery)) {
    logSumExp[row + thread] = greatest[thread] + log(total[thread]);
  }
}`;
    },
  };
}

/** Whether the call is one of few queries. The queries' rows must fit workgroup memory. */
export const isDecoding = ({ queries, keys, headDim }: AttentionShapes): boolean =>
  queries <= MAX_QUERIES && keys > queries && headDim <= 256;

/** As `runForward`, for few queries. */
export function runDecode(
  { inputs, backend }: Pick<KernelCall, 'inputs' | 'backend'>,
  { batch, heads, queries, keys, headDim, bias, uniforms }: AttentionShapes,
  output: TensorInfo,
  logSumExp: TensorInfo,
): void {
  const { query, key, value } = inputs;
  const kind = headKind(headDim, bias !== undefined, false);
  const workgroups = batch * heads * Math.ceil(queries / 4);
  const wanted = keys > 2 * KEYS_PER_SPLIT ? Math.ceil(WORKGROUPS / workgroups) : 1;
  const span = ROUND * Math.ceil(keys / ROUND / Math.min(wanted, Math.ceil(keys / KEYS_PER_SPLIT)));
  const splits = Math.ceil(keys / span);
  const { queryBatch, queryHead, queryRow } = uniforms;
  const width = kind.element === 'f32' ? headDim : headDim / 4;
  const spanSize = queries * width;
  const strides =
    splits > 1
      ? { outputBatch: heads * splits * spanSize, outputHead: splits * spanSize, outputRow: width }
      : { outputBatch: queryBatch, outputHead: queryHead, outputRow: queryRow };
  const spans = {
    output: splits > 1 ? backend.makeTensorInfo([splits * sizeOf(output.shape)], 'float32') : output,
    logSumExp: splits > 1 ? backend.makeTensorInfo([splits * sizeOf(logSumExp.shape)], 'float32') : logSumExp,
  };
  backend.runProgram(program(kind), {
    buffers: { query: query!, key: key!, value: value!, ...(bias && { bias }), ...spans },
    uniforms: { ...uniforms, splits, span, ...strides, outputSplit: spanSize },
    workgroups: workgroups * splits,
  });
  if (splits === 1) return;
  const rows = batch * heads * queries;
  backend.runProgram(joinProgram(kind), {
    buffers: { mixed: spans.output, logSums: spans.logSumExp, output, logSumExp },
    uniforms: { rows, heads, queries, splits, width, queryBatch, queryHead, queryRow },
    workgroups: rows,
  });
  backend.disposeData(spans.output.dataId);
  backend.disposeData(spans.logSumExp.dataId);
}
