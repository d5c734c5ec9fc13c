import { backend_util } from '@tensorflow/tfjs-core';
import type { WasmKernel } from '../kernel';

/** dy goes to the first greatest element of each window. */
const maxPoolGradient: WasmKernel = {
  kernelName: 'MaxPoolGrad',
  compute({ inputs, attrs, heap }) {
    const [dy, x] = [inputs['dy']!, inputs['input']!];
    const { filterSize, strides, pad, dimRoundingMode } = attrs as never as Attributes;
    const info = backend_util.computePool2DInfo(
      x.shape as [number, number, number, number],
      filterSize,
      strides,
      1,
      pad,
      dimRoundingMode,
    );
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

interface Attributes {
  filterSize: number | [number, number];
  strides: number | [number, number];
  pad: 'same' | 'valid' | number | backend_util.ExplicitPadding;
  dimRoundingMode?: 'floor' | 'round' | 'ceil';
}

export const pools = [maxPoolGradient];
