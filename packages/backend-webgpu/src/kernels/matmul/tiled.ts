import type { Element, Program } from '../../program';
import { narrow } from '../half';
import { finishOf, sumsOf } from './finish';
import { elementOf, loader, type Product, productUniforms } from './product';

/** A workgroup computes `rows` x `columns` of the result, each thread `perRows` x `perColumns` of it. */
export interface Tile {
  rows: number;
  columns: number;
  perRows: 4 | 8;
  perColumns: 4 | 8;
}

/** How deep the slices of A and B are that are in workgroup memory at a time. */
export const SLICE = 16;

/** Tiles next to each other in a band of so many rows run one after the other: they share slices in the cache. */
const BAND = 8;

const threadsOf = ({ rows, columns, perRows, perColumns }: Tile) => (rows * columns) / (perRows * perColumns);

/** Matrices that are none in memory, but ways to read and write what is there: as pixels under a filter. */
export interface Views {
  name: string;
  /** Elements of the buffers that are read so. */
  elements: { a?: Element; b?: Element };
  uniforms: Program['uniforms'];
  /** WGSL in place of `loadA`, `loadB` and `finish`, as `loader` and `finishOf` say what they do. */
  loadA?: string;
  loadB?: string;
  finish?: string;
}

/**
 * Products in tiles. Slices of A and B go through workgroup memory, where both lie with their depth first whatever
 * their layout was: a thread brings in a block of 4 x 4, in four loads along the rows as they are in memory, and
 * turns it round in registers where it must. While a slice is multiplied, the next one is on its way.
 *
 * In half precision the slices are float16: what is multiplied is rounded to it, products and sums are float32.
 *
 * @param parts Whether it adds up only a part of the depth, to `c` [batch, splits, rows, columns] (and `columnSums`
 *   to [splits, columns]).
 */
export function tiledProgram(
  product: Product,
  tile: Tile,
  half: boolean,
  parts: boolean,
  views?: Views,
): Program {
  const { transposeA, transposeB, rows, columns, depth } = product;
  const elements = {
    a: elementOf(transposeA ? rows : depth),
    b: elementOf(transposeB ? depth : columns),
    ...views?.elements,
  };
  const finish = finishOf(parts ? sumsOf(product) : product);
  const threads = threadsOf(tile);
  const [quadsA, quadsB] = [tile.rows / 4, tile.columns / 4];
  const [perRow, perColumn] = [tile.rows / tile.perRows, tile.columns / tile.perColumns];
  const stored = half ? 'f16' : 'f32';
  const blocks = (SLICE / 4) * quadsA;
  // Quads of the result that a thread has: neighbouring threads have neighbouring quads.
  const rowQuads = Array.from({ length: tile.perRows / 4 }, (_, i) => `y + ${i * perRow}u`);
  const columnQuads = Array.from({ length: tile.perColumns / 4 }, (_, i) => `x + ${i * perColumn}u`);
  const sums = rowQuads.flatMap((_, r) =>
    [0, 1, 2, 3].flatMap((i) => columnQuads.map((_, q) => ({ r, i, q, name: `sum${4 * r + i}_${q}` }))),
  );
  const wide = (x: string) => (half ? `vec4<f32>(${x})` : x);
  const step = (k: string) => `
      ${rowQuads.map((quad, r) => `let a${r} = ${wide(`sliceA[slot(${k}, ${quad}, ${quadsA})]`)};`).join(' ')}
      ${columnQuads.map((quad, q) => `let b${q} = ${wide(`sliceB[slot(${k}, ${quad}, ${quadsB})]`)};`).join(' ')}
      ${sums.map(({ r, i, q, name }) => `${name} = fma(vec4<f32>(a${r}[${i}]), b${q}, ${name});`).join('\n      ')}`;
  // Blocks that lie along the depth in memory are turned round.
  const fetch = (name: 'A' | 'B', alongDepth: boolean, quads: number, outer: string) => `
fn fetch${name}(base: u32, block: u32, first: u32, depth: u32) -> mat4x4<f32> {
  ${
    alongDepth
      ? `let row = first + block / ${SLICE / 4} * 4;
  let column = depth + block % ${SLICE / 4} * 4;
  return transpose(mat4x4<f32>(${[0, 1, 2, 3].map((j) => `load${name}(base, row + ${j}u, column, ${outer}, uniforms.depth)`).join(', ')}));`
      : `let row = depth + block / ${quads} * 4;
  let column = first + block % ${quads} * 4;
  return mat4x4<f32>(${[0, 1, 2, 3].map((j) => `load${name}(base, row + ${j}u, column, uniforms.depth, ${outer})`).join(', ')});`
  }
}`;
  const store = (name: 'A' | 'B', alongDepth: boolean, quads: number) => `
fn store${name}(block: u32, four: mat4x4<f32>) {
  let quad = block ${alongDepth ? `/ ${SLICE / 4}` : `% ${quads}`};
  let k = block ${alongDepth ? `% ${SLICE / 4}` : `/ ${quads}`} * 4;
  ${[0, 1, 2, 3].map((j) => `slice${name}[slot(k + ${j}u, quad, ${quads})] = ${half ? `narrow(four[${j}])` : `four[${j}]`};`).join('\n  ')}
}`;
  const alongDepth = { A: !transposeA, B: transposeB };
  // The workgroups of the first rows add up B's columns as they bring them in.
  const sumsColumns = product.columnSums !== undefined;
  const shares = half ? 'columnShares' : 'sliceB'; // what is shared in float32
  const writeSums = `
  if (firstRow == 0 && !isA) { ${shares}[thread - ${blocks}] = columnSum; }
  workgroupBarrier();
  let summed = firstColumn + thread * 4;
  if (firstRow == 0 && thread < ${quadsB} && summed < uniforms.columns) {
    let sum = ${Array.from({ length: SLICE / 4 }, (_, i) => `${shares}[thread + ${i * quadsB}u]`).join(' + ')};
    let at = part * uniforms.columns + summed;
    ${
      finish.element === 'f32'
        ? 'for (var i = 0u; i < min(4u, uniforms.columns - summed); i++) { columnSums[at + i] = sum[i]; }'
        : 'columnSums[at / 4] = sum;'
    }
  }`;
  const name = [
    `product in tiles of ${tile.rows} x ${tile.columns}`,
    `${elements.a}${transposeA ? ' transposed' : ''} x ${elements.b}${transposeB ? ' transposed' : ''}`,
    ...(half ? ['float16'] : []),
    ...(parts ? ['in parts'] : []),
    ...(sumsColumns ? ['column sums'] : []),
    ...finish.words,
    ...(views ? [views.name] : []),
  ].join(', ');
  return {
    name,
    inputs: { a: elements.a, b: elements.b, ...finish.inputs },
    outputs: { c: finish.element, ...finish.outputs, ...(sumsColumns && { columnSums: finish.element }) },
    uniforms: {
      ...productUniforms,
      splits: 'u32',
      splitDepth: 'u32',
      ...(half && { infinities: 'u32' }),
      ...finish.uniforms,
      ...views?.uniforms,
    },
    extensions: half ? ['f16'] : [],
    code: () => `
var<workgroup> sliceA: array<vec4<${stored}>, ${SLICE * quadsA}>;
var<workgroup> sliceB: array<vec4<${stored}>, ${SLICE * quadsB}>;
${sumsColumns && half ? `var<workgroup> columnShares: array<vec4<f32>, ${(SLICE / 4) * quadsB}>;` : ''}
// Four neighbours at a depth. Exchanged so that threads which turn blocks round write to different banks.
fn slot(k: u32, quad: u32, quads: u32) -> u32 { return k * quads + (quad ^ (k / 4 * 2)); }
${half ? narrow : ''}
${views?.loadA ?? loader('loadA', 'a', elements.a)}
${views?.loadB ?? loader('loadB', 'b', elements.b)}
${fetch('A', alongDepth.A, quadsA, 'uniforms.rows')}
${fetch('B', alongDepth.B, quadsB, 'uniforms.columns')}
${store('A', alongDepth.A, quadsA)}
${store('B', alongDepth.B, quadsB)}
${views?.finish ?? finish.code}
@compute @workgroup_size(${threads})
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) count: vec3<u32>,
        @builtin(local_invocation_index) thread: u32) {
  let tileRows = (uniforms.rows + ${tile.rows - 1}) / ${tile.rows};
  let tileColumns = (uniforms.columns + ${tile.columns - 1}) / ${tile.columns};
  let index = groupIndex(group, count);
  let part = index / (tileRows * tileColumns);
  if (part >= uniforms.batch * uniforms.splits) { return; }
  let tile = index % (tileRows * tileColumns);
  let band = tile / (${BAND} * tileColumns) * ${BAND};
  let height = min(tileRows - band, ${BAND}u);
  let within = tile % (${BAND} * tileColumns);
  let firstRow = (band + within % height) * ${tile.rows};
  let firstColumn = within / height * ${tile.columns};
  let matrix = part / uniforms.splits;
  let outer = matrix / uniforms.inner;
  let inner = matrix % uniforms.inner;
  let baseA = (outer * uniforms.aOuter + inner * uniforms.aInner) * uniforms.rows * uniforms.depth;
  let baseB = (outer * uniforms.bOuter + inner * uniforms.bInner) * uniforms.depth * uniforms.columns;
  let begin = part % uniforms.splits * uniforms.splitDepth;
  let end = min(begin + uniforms.splitDepth, uniforms.depth);
  let x = thread % ${perColumn};
  let y = thread / ${perColumn};
  ${sums.map(({ name }) => `var ${name} = vec4<f32>(0.0);`).join('\n  ')}
  let isA = thread < ${blocks};${sumsColumns ? '\n  var columnSum = vec4<f32>(0.0);' : ''}
  var next: mat4x4<f32>;
  if (isA) { next = fetchA(baseA, thread, firstRow, begin); }
  else { next = fetchB(baseB, thread - ${blocks}, firstColumn, begin); }
  for (var depth = begin; depth < end; depth += ${SLICE}) {
    if (isA) { storeA(thread, next); } else { storeB(thread - ${blocks}, next); }${
      sumsColumns ? '\n    columnSum += next[0] + next[1] + next[2] + next[3];' : ''
    }
    workgroupBarrier();
    if (depth + ${SLICE} < end) {
      if (isA) { next = fetchA(baseA, thread, firstRow, depth + ${SLICE}); }
      else { next = fetchB(baseB, thread - ${blocks}, firstColumn, depth + ${SLICE}); }
    }
    for (var k = 0u; k < ${SLICE}; k++) {${step('k')}
    }
    workgroupBarrier();
  }
  let to = part * uniforms.rows * uniforms.columns;${sumsColumns ? writeSums : ''}
  ${sums
    .map(
      ({ r, i, q, name }) =>
        `finish(to, firstRow + (${rowQuads[r]}) * 4 + ${i}, firstColumn + (${columnQuads[q]}) * 4, ${name});`,
    )
    .join('\n  ')}
}`,
  };
}
