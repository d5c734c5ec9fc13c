import type { Heap } from '../heap';
import { sizeOf, type WasmKernel } from '../kernel';
import { type HeapMatrix, matrixProduct } from '../simd/matrix-product';
import { type Windows, windowTaps } from '../simd/window-taps';
import { convWindows } from './conv-windows';

/** Floats of unfolded windows that are worked on at a time: they stay in the cache. */
const CHUNK = 262_144;

/** dW is the sum over the output's positions of the window there times dy. */
const conv2dFilterGradient: WasmKernel = {
  kernelName: 'Conv2DBackpropFilter',
  compute({ inputs, attrs, heap }) {
    const [x, dy] = [inputs['x']!, inputs['dy']!];
    const filterShape = attrs['filterShape'] as number[];
    const windows = convWindows(x.shape, filterShape, attrs);
    const [taps, outChannels] = [sizeOf(filterShape.slice(0, 3)), filterShape[3]!];
    const dw = heap.allocate(filterShape);
    heap.floats(dw).fill(0);
    overUnfolded(heap, x.shape[0]!, windows, ({ unfolded, first, positions, eachRow }) => {
      eachRow((image, row, stream) =>
        windowTaps(heap, 'gather', { image: heap.address(x) + image, stream }, row, windows),
      );
      matrixProduct(
        heap,
        { address: unfolded, rowStride: 4, columnStride: taps * 4 },
        packedRows(heap.address(dy) + first * outChannels * 4, outChannels),
        heap.address(dw),
        { rows: taps, columns: outChannels, depth: positions, accumulate: true },
      );
    });
    return dw;
  },
};

/** dx is the sum of what each window gets, dy times the filter, where the window lies. */
const conv2dInputGradient: WasmKernel = {
  kernelName: 'Conv2DBackpropInput',
  compute({ inputs, attrs, heap }) {
    const [dy, filter] = [inputs['dy']!, inputs['filter']!];
    const inputShape = attrs['inputShape'] as number[];
    const windows = convWindows(inputShape, filter.shape, attrs);
    const [taps, outChannels] = [sizeOf(filter.shape.slice(0, 3)), filter.shape[3]!];
    const dx = heap.allocate(inputShape);
    heap.floats(dx).fill(0);
    overUnfolded(heap, inputShape[0]!, windows, ({ unfolded, first, positions, eachRow }) => {
      matrixProduct(
        heap,
        packedRows(heap.address(dy) + first * outChannels * 4, outChannels),
        { address: heap.address(filter), rowStride: 4, columnStride: outChannels * 4 },
        unfolded,
        { rows: positions, columns: taps, depth: outChannels, accumulate: false },
      );
      eachRow((image, row, stream) =>
        windowTaps(heap, 'scatter', { image: heap.address(dx) + image, stream }, row, windows),
      );
    });
    return dx;
  },
};

interface Piece {
  /** Address of the windows, [positions, taps]. */
  unfolded: number;
  /** The first of the output's positions. */
  first: number;
  positions: number;
  /** Calls `f` for each of the output's rows: with the offset of its image in bytes, its index, and its windows. */
  eachRow(f: (image: number, row: number, stream: number) => void): void;
}

/** Goes over all windows in pieces of whole output rows. */
function overUnfolded(heap: Heap, batch: number, w: Windows, work: (piece: Piece) => void): void {
  const rowFloats = w.outWidth * w.filterHeight * w.filterWidth * w.channels;
  const rows = batch * w.outHeight;
  if (rows === 0 || rowFloats === 0) return;
  const step = Math.min(rows, Math.max(1, Math.floor(CHUNK / rowFloats)));
  const unfolded = heap.workspace('unfolded windows', step * rowFloats * 4 + 16);
  for (let start = 0; start < rows; start += step) {
    const end = Math.min(start + step, rows);
    work({
      unfolded,
      first: start * w.outWidth,
      positions: (end - start) * w.outWidth,
      eachRow(f) {
        for (let row = start; row < end; row++) {
          const image = Math.floor(row / w.outHeight) * w.height * w.width * w.channels * 4;
          f(image, row % w.outHeight, unfolded + (row - start) * rowFloats * 4);
        }
      },
    });
  }
}

const packedRows = (address: number, columns: number): HeapMatrix => ({
  address,
  rowStride: columns * 4,
  columnStride: 4,
});

export const convolutions = [conv2dFilterGradient, conv2dInputGradient];
