import type { Heap } from '../heap';
import { assemble, type Code, FunctionBuilder, f32, f32x4, i32 } from './assembler';

/** Rows and columns that are computed at once: their sums stay in registers. */
const TILE_ROWS = 4;
const TILE_COLUMNS = 8;
/** What is packed at a time: a panel of B stays in the first cache, the block of A in the second. */
const DEPTH = 256;
const BLOCK_ROWS = 96;
const BLOCK_COLUMNS = 512;

/** A matrix in the heap: the address of its first element, and bytes from one row or column to the next. */
export interface HeapMatrix {
  address: number;
  rowStride: number;
  columnStride: number;
}

/**
 * C = A B, or C += A B, on the heap: A [rows, depth], B [depth, columns], C [rows, columns] with its rows packed.
 *
 * A and B are copied in blocks that fit the caches into panels of 4 rows and 8 columns, as the innermost loop reads
 * them, so their own layout (transposed or not) matters little. Goto and van de Geijn 2008.
 */
export function matrixProduct(
  heap: Heap,
  a: HeapMatrix,
  b: HeapMatrix,
  c: number,
  { rows, columns, depth, accumulate }: { rows: number; columns: number; depth: number; accumulate: boolean },
): void {
  const code = heap.module('matrix product', functions) as unknown as Functions;
  const work = heap.workspace('matrix product', WORKSPACE_BYTES);
  const [packedA, packedB, edge] = [work, work + A_BYTES, work + A_BYTES + B_BYTES];
  for (let k = 0; k < depth; k += DEPTH) {
    const steps = Math.min(DEPTH, depth - k);
    const add = accumulate || k > 0 ? 1 : 0;
    for (let j = 0; j < columns; j += BLOCK_COLUMNS) {
      const width = Math.min(BLOCK_COLUMNS, columns - j);
      const bStart = b.address + k * b.rowStride + j * b.columnStride;
      pack(code, 8, packedB, bStart, width, steps, b.columnStride, b.rowStride);
      for (let i = 0; i < rows; i += BLOCK_ROWS) {
        const height = Math.min(BLOCK_ROWS, rows - i);
        const aStart = a.address + i * a.rowStride + k * a.columnStride;
        pack(code, 4, packedA, aStart, height, steps, a.rowStride, a.columnStride);
        const wholeRows = Math.floor(height / TILE_ROWS);
        const wholeColumns = Math.floor(width / TILE_COLUMNS);
        const [restRows, restColumns] = [height % TILE_ROWS, width % TILE_COLUMNS];
        const to = c + (i * columns + j) * 4;
        code.tiles(packedA, packedB, to, wholeRows, wholeColumns, steps, columns * 4, add);
        // What does not fill a tile is computed beside and copied.
        if (restRows > 0) {
          const lastRows = packedA + wholeRows * TILE_ROWS * steps * 4;
          code.tiles(lastRows, packedB, edge, 1, wholeColumns, steps, BLOCK_COLUMNS * 4, 0);
          const at = to + wholeRows * TILE_ROWS * columns * 4;
          code.copy(at, columns * 4, edge, BLOCK_COLUMNS * 4, restRows, wholeColumns * TILE_COLUMNS, add);
        }
        if (restColumns > 0) {
          const lastColumns = packedB + wholeColumns * TILE_COLUMNS * steps * 4;
          const tiles = wholeRows + (restRows > 0 ? 1 : 0);
          code.tiles(packedA, lastColumns, edge, tiles, 1, steps, TILE_COLUMNS * 4, 0);
          const at = to + wholeColumns * TILE_COLUMNS * 4;
          code.copy(at, columns * 4, edge, TILE_COLUMNS * 4, height, restColumns, add);
        }
      }
    }
  }
}

const A_BYTES = BLOCK_ROWS * DEPTH * 4;
const B_BYTES = BLOCK_COLUMNS * DEPTH * 4;
const EDGE_BYTES = Math.max(TILE_ROWS * BLOCK_COLUMNS, (BLOCK_ROWS + TILE_ROWS) * TILE_COLUMNS) * 4;
const WORKSPACE_BYTES = A_BYTES + B_BYTES + EDGE_BYTES;

type Run = (...args: number[]) => void;
type Functions = Record<
  'tiles' | 'copy' | 'packRow4' | 'packRow8' | 'packDepth4' | 'packDepth8' | 'packEdge4' | 'packEdge8',
  Run
>;

/** Packs `count` rows (or columns) in panels of `width`; the last is filled up with zeros. */
function pack(
  code: Functions,
  width: 4 | 8,
  to: number,
  from: number,
  count: number,
  depth: number,
  stride: number,
  depthStride: number,
): void {
  for (let i = 0; i < count; i += width) {
    const at = to + i * depth * 4;
    const start = from + i * stride;
    const valid = Math.min(width, count - i);
    if (valid === width && stride === 4) code[`packRow${width}`](at, start, depth, depthStride);
    else if (valid === width && depthStride === 4) code[`packDepth${width}`](at, start, depth, stride);
    else code[`packEdge${width}`](at, start, valid, depth, stride, depthStride);
  }
}

function functions(): FunctionBuilder[] {
  const fused = tiles(f32x4.fusedMultiplyAdd);
  const plain = tiles((a, b, c) => f32x4.add(c, f32x4.mul(a, b)));
  return [
    WebAssembly.validate(assemble([fused], false)) ? fused : plain,
    copy(),
    ...([4, 8] as const).flatMap((w) => [packRow(w), packDepth(w), packEdge(w)]),
  ];
}

/** C's whole tiles from packed panels: for each column of tiles, for each row of tiles, the sums over the depth. */
function tiles(multiplyAdd: (a: Code, b: Code, c: Code) => Code): FunctionBuilder {
  const f = new FunctionBuilder('tiles', ['i32', 'i32', 'i32', 'i32', 'i32', 'i32', 'i32', 'i32']);
  const [a, b, c, rowTiles, columnTiles, depth, rowStride, accumulate] = f.parameters;
  const [aAt, bAt, cAt] = [f.local('i32'), f.local('i32'), f.local('i32')];
  const [rowsLeft, k] = [f.local('i32'), f.local('i32')];
  const sums = Array.from({ length: TILE_ROWS }, () => [f.local('v128'), f.local('v128')] as const);
  const [left, right, factor] = [f.local('v128'), f.local('v128'), f.local('v128')];
  f.times(columnTiles, () => {
    f.set(aAt, a.value);
    f.set(cAt, c.value);
    f.set(rowsLeft, rowTiles.value);
    f.times(rowsLeft, () => {
      f.set(bAt, b.value);
      for (const sum of sums.flat()) f.set(sum, f32x4.const(0));
      f.set(k, depth.value);
      f.times(k, () => {
        f.set(left, f32x4.load(bAt.value));
        f.set(right, f32x4.load(bAt.value, 16));
        for (const [row, [first, second]] of sums.entries()) {
          f.set(factor, f32x4.loadSplat(aAt.value, row * 4));
          f.set(first, multiplyAdd(factor.value, left.value, first.value));
          f.set(second, multiplyAdd(factor.value, right.value, second.value));
        }
        f.advance(aAt, TILE_ROWS * 4);
        f.advance(bAt, TILE_COLUMNS * 4);
      });
      f.when(
        accumulate.value,
        () => store((at, offset, sum) => f32x4.add(f32x4.load(at, offset), sum)),
        () => store((_at, _offset, sum) => sum),
      );
    });
    f.advance(b, i32.mul(depth.value, i32.const(TILE_COLUMNS * 4)));
    f.advance(c, TILE_COLUMNS * 4);
  });
  return f;

  /** Writes the sums, and goes on to the next row of tiles. */
  function store(result: (at: Code, offset: number, sum: Code) => Code): void {
    for (const row of sums) {
      for (const [half, sum] of row.entries()) {
        f.emit(f32x4.store(cAt.value, result(cAt.value, half * 16, sum.value), half * 16));
      }
      f.advance(cAt, rowStride.value);
    }
  }
}

/** Panels whose rows lie side by side: `width` floats a step. */
function packRow(width: 4 | 8): FunctionBuilder {
  const f = new FunctionBuilder(`packRow${width}`, ['i32', 'i32', 'i32', 'i32']);
  const [to, from, depth, depthStride] = f.parameters;
  f.times(depth, () => {
    for (let i = 0; i < width; i += 4) f.emit(f32x4.store(to.value, f32x4.load(from.value, i * 4), i * 4));
    f.advance(to, width * 4);
    f.advance(from, depthStride.value);
  });
  return f;
}

/** Panels whose depth lies side by side: 4 x 4 floats are transposed at a time. */
function packDepth(width: 4 | 8): FunctionBuilder {
  const f = new FunctionBuilder(`packDepth${width}`, ['i32', 'i32', 'i32', 'i32']);
  const [to, from, depth, stride] = f.parameters;
  const rows = Array.from({ length: width }, () => f.local('i32'));
  for (const [i, row] of rows.entries())
    f.set(row, i === 0 ? from.value : i32.add(rows[i - 1]!.value, stride.value));
  const four = [0, 1, 2, 3].map(() => f.local('v128'));
  const half = [0, 1, 2, 3].map(() => f.local('v128'));
  const steps = f.local('i32', i32.shrU(depth.value, 2));
  f.times(steps, () => {
    for (let group = 0; group < width; group += 4) {
      for (const [i, x] of four.entries()) f.set(x, f32x4.load(rows[group + i]!.value));
      const [a, b, c, d] = four.map((x) => x.value) as [Code, Code, Code, Code];
      f.set(half[0]!, f32x4.shuffle(a, b, [0, 4, 1, 5]));
      f.set(half[1]!, f32x4.shuffle(c, d, [0, 4, 1, 5]));
      f.set(half[2]!, f32x4.shuffle(a, b, [2, 6, 3, 7]));
      f.set(half[3]!, f32x4.shuffle(c, d, [2, 6, 3, 7]));
      const [p, q, r, s] = half.map((x) => x.value) as [Code, Code, Code, Code];
      const put = (step: number, x: Code) => f.emit(f32x4.store(to.value, x, (step * width + group) * 4));
      put(0, f32x4.shuffle(p, q, [0, 1, 4, 5]));
      put(1, f32x4.shuffle(p, q, [2, 3, 6, 7]));
      put(2, f32x4.shuffle(r, s, [0, 1, 4, 5]));
      put(3, f32x4.shuffle(r, s, [2, 3, 6, 7]));
    }
    for (const row of rows) f.advance(row, 16);
    f.advance(to, width * 16);
  });
  f.set(steps, i32.and(depth.value, i32.const(3)));
  f.times(steps, () => {
    for (const [i, row] of rows.entries()) {
      f.emit(f32.store(to.value, f32.load(row.value), i * 4));
      f.advance(row, 4);
    }
    f.advance(to, width * 4);
  });
  return f;
}

/** Any panel, one float at a time: `valid` of its rows exist. */
function packEdge(width: 4 | 8): FunctionBuilder {
  const f = new FunctionBuilder(`packEdge${width}`, ['i32', 'i32', 'i32', 'i32', 'i32', 'i32']);
  const [to, from, valid, depth, stride, depthStride] = f.parameters;
  const [at, out, left] = [f.local('i32'), f.local('i32'), f.local('i32')];
  f.times(depth, () => {
    for (let i = 0; i < width; i += 4) f.emit(f32x4.store(to.value, f32x4.const(0), i * 4));
    f.set(at, from.value);
    f.set(out, to.value);
    f.set(left, valid.value);
    f.times(left, () => {
      f.emit(f32.store(out.value, f32.load(at.value)));
      f.advance(at, stride.value);
      f.advance(out, 4);
    });
    f.advance(to, width * 4);
    f.advance(from, depthStride.value);
  });
  return f;
}

/** Copies, or adds, a block of one matrix to another. */
function copy(): FunctionBuilder {
  const f = new FunctionBuilder('copy', ['i32', 'i32', 'i32', 'i32', 'i32', 'i32', 'i32']);
  const [to, toStride, from, fromStride, rows, columns, accumulate] = f.parameters;
  const [at, out, left] = [f.local('i32'), f.local('i32'), f.local('i32')];
  f.times(rows, () => {
    f.set(at, from.value);
    f.set(out, to.value);
    f.set(left, columns.value);
    f.times(left, () => {
      f.when(
        accumulate.value,
        () => f.emit(f32.store(out.value, f32.add(f32.load(out.value), f32.load(at.value)))),
        () => f.emit(f32.store(out.value, f32.load(at.value))),
      );
      f.advance(at, 4);
      f.advance(out, 4);
    });
    f.advance(to, toStride.value);
    f.advance(from, fromStride.value);
  });
  return f;
}
