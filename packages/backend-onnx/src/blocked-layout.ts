import type { TensorInfo } from '@tensorflow/tfjs-core';
import { channelBlock } from './channel-block';
import type { OnnxBackend } from './onnx-backend';

// Images in the order of ONNX Runtime's fast convolutions: [images, channels / block, height, width, block]. A tensor
// may lie so in memory until something asks for its values in tfjs's order, which turns them. Between
// convolutions nothing does. This file is the only one that knows.

/** Whether images with so many channels can lie in blocks. */
export const fillsBlocks = (channels: number): boolean =>
  channelBlock() > 0 && channels % channelBlock() === 0;

/**
 * Says that the memory of `images`, just written, is in blocks.
 *
 * @param images float32 [images, height, width, channels], used by nobody yet; channels fill blocks.
 */
export function keepInBlocks(backend: OnnxBackend, images: TensorInfo): TensorInfo {
  const data = backend.data.get(images.dataId);
  const { shape } = images;
  const values = data.values as Float32Array;
  data.blocks = { values, shape };
  Object.defineProperty(data, 'values', {
    configurable: true,
    enumerable: true,
    get() {
      const [rows] = backend.run({
        key: `FromBlocks ${shape[3]}`,
        inputs: [{ constant: values, shape: planesOf(shape) }],
        outputs: [{ dtype: 'float32', shape }],
        build: (graph, [x]) => [
          graph.op('ReorderOutput', [x!], { channels: shape[3]!, channels_last: 1 }, 'com.microsoft.nchwc'),
        ],
      });
      const turned = backend.data.get(rows!.dataId);
      Object.defineProperty(data, 'values', { value: turned.values, writable: true });
      delete data.blocks;
      [data.buffer, turned.buffer] = [turned.buffer, data.buffer];
      backend.disposeIntermediateTensorInfo(rows!);
      return data.values;
    },
  });
  return images;
}

/** The memory of `images` if it is in blocks. */
export function blocksOf(backend: OnnxBackend, images: TensorInfo): Float32Array | undefined {
  const { blocks } = backend.data.get(images.dataId);
  if (!blocks || images.shape.length !== 4 || images.shape.join() !== blocks.shape.join()) return;
  return blocks.values;
}

/** [images, height, width, channels] as ONNX Runtime names it in blocks. */
export function planesOf([images, height, width, channels]: readonly number[]): number[] {
  return [images!, channels!, height!, width!];
}

export interface Blocks {
  values: Float32Array;
  shape: readonly number[];
}
