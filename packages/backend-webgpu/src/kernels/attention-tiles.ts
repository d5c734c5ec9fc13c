import { narrow } from './half';

/**
 * Pieces of WGSL that the attention programs are made of. Matrices [rows, headDim] are read in parts of four numbers,
 * and 32 rows of 8 parts (a chunk) at a time are held in workgroup memory, in `tileA` and `tileB`. A workgroup's 64
 * threads, 8 by 8 as `ty` and `tx`, share the 32 x 32 products of two tiles: a thread has the rows ty + 8 i of the
 * one and the rows tx + 8 j of the other, those of one i as a vector. Rows are 9 parts apart, so that 8 threads that
 * read 8 rows do not wait for the same bank of memory.
 *
 * In half precision the tiles and weights are float16: what is multiplied is rounded to it. Sums, and what becomes of
 * scores, are float32.
 */
export const TILE = 32;
export const TILE_THREADS = 64;

const four = [0, 1, 2, 3] as const;
export const lines = (line: (i: number) => string) => four.map(line).join('\n');

/**
 * What of the size of a head is in the code, that few programs serve all: how its tensors are bound, and the chunks
 * of a row.
 */
export interface HeadKind {
  element: 'vec4<f32>' | 'f32';
  chunks: number;
  hasBias: boolean;
  /** Whether what is multiplied is rounded to float16. */
  half: boolean;
}

export const headKind = (headDim: number, hasBias: boolean, half: boolean): HeadKind => ({
  element: headDim % 4 === 0 ? 'vec4<f32>' : 'f32',
  chunks: Math.ceil(headDim / TILE),
  hasBias,
  half,
});

/** For the name of a program. */
export const nameOf = ({ element, chunks, hasBias, half }: HeadKind) =>
  `of ${chunks} x 32 ${element}${hasBias ? ', bias' : ''}${half ? ', float16' : ''}`;

export const extensionsOf = ({ half }: HeadKind) => (half ? (['f16'] as const) : []);

/** Where the matrices of a batch and head begin. */
export const startFunctions = `
fn queryStart(matrix: u32) -> u32 {
  return matrix / uniforms.heads * uniforms.queryBatch + matrix % uniforms.heads * uniforms.queryHead;
}
fn keyStart(matrix: u32) -> u32 {
  return matrix / uniforms.heads * uniforms.keyBatch + matrix % uniforms.heads * uniforms.keyHead;
}`;

/** Which uniform has the distance of rows of `name`. */
const rowStride = (name: string) => (/key|value/.test(name) ? 'uniforms.keyRow' : 'uniforms.queryRow');

/** `read_NAME(start, row, rows, part)`: of the matrix that begins at `start`; zeros beyond its rows and columns. */
export const readFunction = (name: string, { element }: HeadKind) => `
fn read_${name}(start: u32, row: u32, rows: u32, part: u32) -> vec4<f32> {
  if (row >= rows || 4u * part >= uniforms.headDim) { return vec4<f32>(); }
  ${
    element === 'f32'
      ? `var numbers = vec4<f32>();
  let begin = start + row * ${rowStride(name)} + 4u * part;
  for (var i = 0u; i < min(4u, uniforms.headDim - 4u * part); i++) { numbers[i] = ${name}[begin + i]; }
  return numbers;`
      : `return ${name}[start + row * ${rowStride(name)} + part];`
  }
}`;

/** `write_NAME(start, row, part, numbers)`. */
export const writeFunction = (name: string, { element }: HeadKind, stride = rowStride(name)) => `
fn write_${name}(start: u32, row: u32, part: u32, numbers: vec4<f32>) {
  ${
    element === 'f32'
      ? `let begin = start + row * ${stride} + 4u * part;
  for (var i = 0u; i < min(4u, uniforms.headDim - 4u * part); i++) { ${name}[begin + i] = numbers[i]; }`
      : `${name}[start + row * ${stride} + part] = numbers;`
  }
}`;

/**
 * `scoresOf(products, queries, keys, matrix)`: products of four pairs of a query and a key, scaled, with the bias;
 * {@link HIDDEN} where the query does not see the key. WGSL may take it that there are no infinities, so that what
 * masks is found by its bits: -1e9 and below, down to minus infinity, but no NaN.
 */
export const scoreFunctions = (hasBias: boolean) => `
const HIDDEN = -1e30;
const LEAST = -1e29; // the running maximum of none: exp(HIDDEN - LEAST) is 0

fn exponential(x: vec4<f32>) -> vec4<f32> { // of NaN it is NaN, whatever exp makes of it
  let isNan = (bitcast<vec4<u32>>(x) & vec4<u32>(0x7fffffffu)) > vec4<u32>(0x7f800000u);
  return select(select(exp(x), vec4<f32>(), x < vec4<f32>(-100.0)), x, isNan);
}

fn scoresOf(products: vec4<f32>, queries: vec4<u32>, keys: vec4<u32>, matrix: u32) -> vec4<f32> {
  let seen = (queries < vec4<u32>(uniforms.queries)) & (keys < vec4<u32>(uniforms.keys))
    & (vec4<i32>(keys) <= vec4<i32>(queries) + uniforms.reach);
  let scores = products * uniforms.scale;
${
  hasBias
    ? `  let at = (matrix / uniforms.heads) * uniforms.biasBatch + (matrix % uniforms.heads) * uniforms.biasHead
    + select(vec4<u32>(), queries * uniforms.biasQuery + keys * uniforms.biasKey, seen);
  let added = vec4<f32>(bias[at.x], bias[at.y], bias[at.z], bias[at.w]);
  let bits = bitcast<vec4<u32>>(added);
  let masked = (bits >= vec4<u32>(0xce6e6b28u)) & (bits <= vec4<u32>(0xff800000u));
  return select(vec4<f32>(HIDDEN), scores + added, seen & !masked);`
    : '  return select(vec4<f32>(HIDDEN), scores, seen);'
}
}`;

/** `held(numbers)`: as they are multiplied. */
export const heldFunction = ({ half }: HeadKind) => `
alias Held = ${half ? 'vec4<f16>' : 'vec4<f32>'};
${half ? narrow : ''}
fn held(numbers: vec4<f32>) -> Held { return ${half ? 'narrow(numbers)' : 'numbers'}; }`;

/** Tiles of workgroup memory: A and B, and the `weights` by which rows of B are mixed. */
export const tileMemory = (kind: HeadKind) => `
${heldFunction(kind)}
var<workgroup> tileA: array<Held, 288>;
var<workgroup> tileB: array<Held, 288>;
var<workgroup> weights: array<Held, 288>;`;

/** The head of `main`: which matrix, `chunks` chunks of its rows and tile of `count` rows a workgroup has. */
export const mainOfTiles = (kind: HeadKind, chunks: number, first: string, count: string) => `
${startFunctions}
@compute @workgroup_size(${TILE_THREADS})
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) count: vec3<u32>,
        @builtin(local_invocation_index) thread: u32) {
  const slices = ${Math.ceil(kind.chunks / chunks)}u;
  let parts = (uniforms.headDim + 3u) / 4u;
  let index = groupIndex(group, count);
  let firstChunk = (index % slices) * ${chunks}u;
  let tiles = (${count} + 31u) / 32u;
  let ${first} = (index / slices % tiles) * 32u;
  let matrix = index / slices / tiles;
  if (matrix >= uniforms.matrices) { return; }
  let firstOfQueries = queryStart(matrix);
  let firstOfKeys = keyStart(matrix);
  let tx = thread % 8u;
  let ty = thread / 8u;`;

/** WGSL expressions: where a matrix begins, the tile's first row in it, and how many it has. */
export interface Rows {
  start: string;
  first: string;
  count: string;
}

export const queryRows: Rows = {
  start: 'firstOfQueries',
  first: 'firstQuery',
  count: 'uniforms.queries',
};
export const keyRows: Rows = {
  start: 'firstOfKeys',
  first: 'firstKey',
  count: 'uniforms.keys',
};

/** Fills a tile with 32 rows of one chunk of a matrix. Between barriers. */
export const fillTile = (tile: 'tileA' | 'tileB', name: string, rows: Rows, chunk: string) => `
for (var n = thread; n < 256u; n += 64u) {
  let row = n / 8u;
  ${tile}[row * 9u + n % 8u] = held(read_${name}(${rows.start}, ${rows.first} + row, ${rows.count}, 8u * (${chunk}) + n % 8u));
}`;

/** Adds to `sums`0 to 3 the products of the rows of tile A and tile B. */
const addProducts = (sums: string) => `
for (var part = 0u; part < min(8u, parts - 8u * chunk); part++) {
${lines((j) => `  let b${j} = vec4<f32>(tileB[(tx + ${8 * j}u) * 9u + part]);`)}
${lines(
  (i) => `  let a${i} = vec4<f32>(tileA[(ty + ${8 * i}u) * 9u + part]);
  ${sums}${i} += vec4<f32>(dot(a${i}, b0), dot(a${i}, b1), dot(a${i}, b2), dot(a${i}, b3));`,
)}
}`;

/** `NAME`0 to 3: products of 32 rows of matrix `a` and 32 of `b`, over all chunks. */
export const products = (
  name: string,
  [a, rowsA]: [string, Rows],
  [b, rowsB]: [string, Rows],
  chunks: number,
) => `
${lines((i) => `var ${name}${i} = vec4<f32>();`)}
for (var chunk = 0u; chunk < ${chunks}u; chunk++) {
  workgroupBarrier();
  ${fillTile('tileA', a, rowsA, 'chunk')}
  ${fillTile('tileB', b, rowsB, 'chunk')}
  workgroupBarrier();
  ${addProducts(name)}
}`;

/**
 * Adds to `SUM_CHUNK_`0 to 3 rows of a matrix mixed by `weights`, for the chunks of this workgroup. A thread has
 * the part tx of each chunk. Its weight vectors hold those of the rows tx + 8 j, as `products` gives them.
 */
export const mixRows = (sum: string, name: string, rows: Rows, chunks: number) =>
  Array.from(
    { length: chunks },
    (_, c) => `
workgroupBarrier();
${fillTile('tileB', name, rows, `firstChunk + ${c}u`)}
workgroupBarrier();
for (var t = 0u; t < 8u; t++) {
${lines((j) => `  let b${j} = vec4<f32>(tileB[(t + ${8 * j}u) * 9u + tx]);`)}
${lines(
  (i) => `  let w${i} = vec4<f32>(weights[(ty + ${8 * i}u) * 9u + t]);
  ${sum}_${c}_${i} += w${i}.x * b0 + w${i}.y * b1 + w${i}.z * b2 + w${i}.w * b3;`,
)}
}`,
  ).join('\n');

/** Declares the sums of {@link mixRows}. */
export const declareSums = (sum: string, chunks: number) =>
  Array.from({ length: chunks }, (_, c) => lines((i) => `var ${sum}_${c}_${i} = vec4<f32>();`)).join('\n');

/** Writes the sums, each row times `factors`[i], where there are such a row and part. */
export const writeSums = (sum: string, name: string, rows: Rows, chunks: number, factors: string) =>
  Array.from({ length: chunks }, (_, c) =>
    lines(
      (i) => `if (${rows.first} + ty + ${8 * i}u < ${rows.count} && 8u * (firstChunk + ${c}u) + tx < parts) {
  write_${name}(${rows.start}, ${rows.first} + ty + ${8 * i}u, 8u * (firstChunk + ${c}u) + tx, ${sum}_${c}_${i} * ${factors}[${i}]);
}`,
    ),
  ).join('\n');

/** Writes weights of the rows ty + 8 i: vectors `NAME`0 to 3. */
export const storeWeights = (name: string) =>
  lines((i) => `weights[(ty + ${8 * i}u) * 9u + tx] = held(${name}${i});`);
