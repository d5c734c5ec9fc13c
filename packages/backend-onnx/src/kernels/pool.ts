import { backend_util, type NamedAttrMap, type TensorInfo } from '@tensorflow/tfjs-core';
import { blocksOf, keepInBlocks, planesOf } from '../blocked-layout';
import { NCHWC } from '../conv-nodes';
import { type HostKernel, isFloat } from '../kernel';
import type { OnnxBackend } from '../onnx-backend';

type PoolInfo = backend_util.Conv2DInfo;

function poolInfo(xShape: number[], attrs: NamedAttrMap): PoolInfo {
  const { filterSize, strides, pad, dimRoundingMode } = attrs as never as Record<string, never>;
  return backend_util.computePool2DInfo(xShape as never, filterSize!, strides!, 1, pad!, dimRoundingMode);
}

/** Calls `visit` with the offsets of the first channel of every pixel under every output, windows cut at edges. */
function eachWindow(info: PoolInfo, visit: (output: number, pixels: number[]) => void): void {
  const { inHeight, inWidth, outHeight, outWidth, inChannels, filterHeight, filterWidth, padInfo } = info;
  const pixels: number[] = [];
  for (let image = 0, output = 0; image < info.batchSize; image++) {
    for (let row = 0; row < outHeight; row++) {
      const top = row * info.strideHeight - padInfo.top;
      for (let column = 0; column < outWidth; column++, output += inChannels) {
        const left = column * info.strideWidth - padInfo.left;
        pixels.length = 0;
        for (let y = Math.max(top, 0); y < Math.min(top + filterHeight, inHeight); y++) {
          for (let x = Math.max(left, 0); x < Math.min(left + filterWidth, inWidth); x++) {
            pixels.push(((image * inHeight + y) * inWidth + x) * inChannels);
          }
        }
        visit(output, pixels);
      }
    }
  }
}

const maxPool: HostKernel = {
  kernelName: 'MaxPool',
  compute({ inputs: { x }, attrs, backend }) {
    if (!isFloat(x!)) return;
    const info = poolInfo(x!.shape, attrs);
    const blocks = blocksOf(backend, x!);
    if (blocks) return maxPoolInBlocks(backend, blocks, x!.shape, info);
    const output = backend.allocate(info.outShape, 'float32');
    const from = backend.floats(x!);
    const to = backend.floats(output).fill(-Infinity);
    eachWindow(info, (at, pixels) => {
      for (const pixel of pixels) {
        for (let c = 0; c < info.inChannels; c++) {
          const value = from[pixel + c]!;
          if (value > to[at + c]! || Number.isNaN(value)) to[at + c] = value;
        }
      }
    });
    return output;
  },
};

function maxPoolInBlocks(
  backend: OnnxBackend,
  values: Float32Array,
  xShape: readonly number[],
  { outShape, filterHeight, filterWidth, strideHeight, strideWidth, padInfo }: PoolInfo,
): TensorInfo {
  const attributes = {
    kernel_shape: [filterHeight, filterWidth],
    strides: [strideHeight, strideWidth],
    pads: [padInfo.top, padInfo.left, padInfo.bottom, padInfo.right],
  };
  const [y] = backend.run({
    key: `MaxPool in blocks ${Object.values(attributes).join(' ')}`,
    inputs: [{ constant: values, shape: planesOf(xShape) }],
    outputs: [{ dtype: 'float32', shape: outShape, graphShape: planesOf(outShape) }],
    build: (graph, [x]) => [graph.op('MaxPool', [x!], attributes, NCHWC)],
  });
  return keepInBlocks(backend, y!);
}

const maxPoolGrad: HostKernel = {
  kernelName: 'MaxPoolGrad',
  compute({ inputs: { dy, input, output }, attrs, backend }) {
    if (!isFloat(dy!, input!, output!)) return;
    const info = poolInfo(input!.shape, attrs);
    const dx = backend.allocate(input!.shape, 'float32');
    const [gradients, x, y] = [backend.floats(dy!), backend.floats(input!), backend.floats(output!)];
    const to = backend.floats(dx).fill(0);
    // The first of equal pixels gets it all.
    const taken = new Uint8Array(info.inChannels);
    eachWindow(info, (at, pixels) => {
      taken.fill(0);
      for (const pixel of pixels) {
        for (let c = 0; c < info.inChannels; c++) {
          if (taken[c] === 0 && x[pixel + c] === y[at + c]) {
            taken[c] = 1;
            to[pixel + c]! += gradients[at + c]!;
          }
        }
      }
    });
    return dx;
  },
};

const avgPool: HostKernel = {
  kernelName: 'AvgPool',
  compute({ inputs: { x }, attrs, backend }) {
    if (!isFloat(x!)) return;
    const info = poolInfo(x!.shape, attrs);
    const output = backend.allocate(info.outShape, 'float32');
    const from = backend.floats(x!);
    const to = backend.floats(output).fill(0);
    eachWindow(info, (at, pixels) => {
      for (const pixel of pixels) for (let c = 0; c < info.inChannels; c++) to[at + c]! += from[pixel + c]!;
      for (let c = 0; c < info.inChannels; c++) to[at + c]! /= pixels.length;
    });
    return output;
  },
};

/** As tfjs has it: divided by the whole window, also where that was cut. */
const avgPoolGrad: HostKernel = {
  kernelName: 'AvgPoolGrad',
  compute({ inputs: { dy, input }, attrs, backend }) {
    if (!isFloat(dy!, input!)) return;
    const info = poolInfo(input!.shape, attrs);
    const dx = backend.allocate(input!.shape, 'float32');
    const gradients = backend.floats(dy!);
    const to = backend.floats(dx).fill(0);
    const share = 1 / (info.filterHeight * info.filterWidth);
    eachWindow(info, (at, pixels) => {
      for (const pixel of pixels) {
        for (let c = 0; c < info.inChannels; c++) to[pixel + c]! += gradients[at + c]! * share;
      }
    });
    return dx;
  },
};

export const pool = [maxPool, maxPoolGrad, avgPool, avgPoolGrad];
