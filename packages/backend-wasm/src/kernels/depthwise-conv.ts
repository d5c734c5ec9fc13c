import type { WasmKernel } from '../kernel';
import { type Windows, windowTaps } from '../simd/window-taps';
import { convWindows } from './conv-windows';

const inputGradient: WasmKernel = {
  kernelName: 'DepthwiseConv2dNativeBackpropInput',
  compute({ inputs, attrs, heap }) {
    const [dy, filter] = [inputs['dy']!, inputs['filter']!];
    const inputShape = attrs['inputShape'] as number[];
    const windows = convWindows(inputShape, filter.shape, attrs, true);
    const dx = heap.allocate(inputShape);
    heap.floats(dx).fill(0);
    if (filter.shape[3] === 1) {
      eachRow(inputShape[0]!, windows, (image, row, column) =>
        windowTaps(
          heap,
          'depthwiseInput',
          {
            image: heap.address(dx) + image,
            stream: heap.address(filter),
            column: heap.address(dy) + column,
          },
          row,
          windows,
        ),
      );
    } else {
      const [to, gradient, weights] = [heap.floats(dx), heap.floats(dy), heap.floats(filter)];
      eachTap(filter.shape[3]!, inputShape[0]!, windows, (x, w, y) => {
        to[x]! += gradient[y]! * weights[w]!;
      });
    }
    return dx;
  },
};

const filterGradient: WasmKernel = {
  kernelName: 'DepthwiseConv2dNativeBackpropFilter',
  compute({ inputs, attrs, heap }) {
    const [x, dy] = [inputs['x']!, inputs['dy']!];
    const filterShape = attrs['filterShape'] as number[];
    const windows = convWindows(x.shape, filterShape, attrs, true);
    const dw = heap.allocate(filterShape);
    heap.floats(dw).fill(0);
    if (filterShape[3] === 1) {
      eachRow(x.shape[0]!, windows, (image, row, column) =>
        windowTaps(
          heap,
          'depthwiseFilter',
          { image: heap.address(x) + image, stream: heap.address(dw), column: heap.address(dy) + column },
          row,
          windows,
        ),
      );
    } else {
      const [to, gradient, pixels] = [heap.floats(dw), heap.floats(dy), heap.floats(x)];
      eachTap(filterShape[3]!, x.shape[0]!, windows, (x, w, y) => {
        to[w]! += gradient[y]! * pixels[x]!;
      });
    }
    return dw;
  },
};

/** With the offsets in bytes of the row's image and of the row in an output with as many channels. */
function eachRow(batch: number, w: Windows, f: (image: number, row: number, column: number) => void): void {
  for (let row = 0; row < batch * w.outHeight; row++) {
    const image = Math.floor(row / w.outHeight) * w.height * w.width * w.channels * 4;
    f(image, row % w.outHeight, row * w.outWidth * w.channels * 4);
  }
}

/** Calls `f` with the indices into x, filter and dy of each product that the convolution adds up. */
function eachTap(
  multiplier: number,
  batch: number,
  w: Windows,
  f: (x: number, filter: number, dy: number) => void,
): void {
  const outChannels = w.channels * multiplier;
  for (let row = 0; row < batch * w.outHeight; row++) {
    const image = Math.floor(row / w.outHeight);
    const y0 = (row % w.outHeight) * w.strideHeight - w.top;
    for (let column = 0; column < w.outWidth; column++) {
      const x0 = column * w.strideWidth - w.left;
      const at = (row * w.outWidth + column) * outChannels;
      for (let i = 0; i < w.filterHeight; i++) {
        const y = y0 + i * w.dilationHeight;
        if (y < 0 || y >= w.height) continue;
        for (let j = 0; j < w.filterWidth; j++) {
          const x = x0 + j * w.dilationWidth;
          if (x < 0 || x >= w.width) continue;
          const pixel = ((image * w.height + y) * w.width + x) * w.channels;
          const tap = (i * w.filterWidth + j) * outChannels;
          for (let k = 0; k < outChannels; k++) f(pixel + Math.floor(k / multiplier), tap + k, at + k);
        }
      }
    }
  }
}

export const depthwiseConvolutions = [inputGradient, filterGradient];
