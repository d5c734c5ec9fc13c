import { backend_util, type TensorInfo } from '@tensorflow/tfjs-core';
import type { WasmKernel } from '../kernel';

/** dy goes to the first greatest element of each window. */
const maxPoolGradient: WasmKernel = {
  kernelName: 'MaxPoolGrad',
  compute({ inputs, attrs, heap }) {
    const [dy, x] = [inputs['dy']!, inputs['input']!];
    const info = poolInfo(x, attrs as never);
    const { batchSize, inHeight, inWidth, inChannels: channels, outHeight, outWidth, padInfo } = info;
    const dx = heap.allocate(x.shape);
    const [to, from, gradient] = [heap.floats(dx).fill(0), heap.floats(x), heap.floats(dy)];
    const greatest = new Float32Array(channels);
    const where = new Int32Array(channels);
    let at = 0;
    for (let image = 0; image < batchSize; image++) {
      for (let row = 0; row < outHeight; row++) {
        const top = row * info.strideHeight - padInfo.top;
        const bottom = Math.min(top + info.effectiveFilterHeight, inHeight);
        for (let column = 0; column < outWidth; column++) {
          const left = column * info.strideWidth - padInfo.left;
          const right = Math.min(left + info.effectiveFilterWidth, inWidth);
          greatest.fill(Number.NEGATIVE_INFINITY);
          where.fill(-1);
          for (let y = Math.max(0, top); y < bottom; y++) {
            for (let x = Math.max(0, left); x < right; x++) {
              const pixel = ((image * inHeight + y) * inWidth + x) * channels;
              for (let c = 0; c < channels; c++) {
                if (from[pixel + c]! > greatest[c]!) {
                  greatest[c] = from[pixel + c]!;
                  where[c] = pixel + c;
                }
              }
            }
          }
          for (let c = 0; c < channels; c++, at++) if (where[c] !== -1) to[where[c]!]! += gradient[at]!;
        }
      }
    }
    return dx;
  },
};

/** XNNPACK rounds the number of windows down: where it is rounded otherwise, the padding is made to fit. */
const rounded = (kernelName: string): WasmKernel => ({
  kernelName,
  compute({ inputs, attrs, heap }) {
    const { filterSize, strides, pad, dimRoundingMode } = attrs as never as Attributes;
    if (dimRoundingMode === undefined || dimRoundingMode === 'floor') return undefined;
    const x = inputs['x']!;
    const info = poolInfo(x, { filterSize, strides, pad, dimRoundingMode });
    const { top, left } = info.padInfo;
    const bottom = (info.outHeight - 1) * info.strideHeight + info.filterHeight - info.inHeight - top;
    const right = (info.outWidth - 1) * info.strideWidth + info.filterWidth - info.inWidth - left;
    const exact = [
      [0, 0],
      [top, Math.max(0, bottom)],
      [left, Math.max(0, right)],
      [0, 0],
    ];
    return heap.run(kernelName, { x }, { filterSize, strides, pad: exact });
  },
});

function poolInfo(x: TensorInfo, { filterSize, strides, pad, dimRoundingMode }: Attributes) {
  const shape = x.shape as [number, number, number, number];
  return backend_util.computePool2DInfo(shape, filterSize, strides, 1, pad, dimRoundingMode);
}

interface Attributes {
  filterSize: number | [number, number];
  strides: number | [number, number];
  pad: 'same' | 'valid' | number | backend_util.ExplicitPadding;
  dimRoundingMode?: 'floor' | 'round' | 'ceil';
}

export const pools = [maxPoolGradient, rounded('AvgPool'), rounded('MaxPool')];
