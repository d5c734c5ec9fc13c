import { backend_util, type NamedAttrMap } from '@tensorflow/tfjs-core';
import type { ConvSpec } from '../conv-nodes';

type Shape4D = [number, number, number, number];

/** The convolution's sizes, for NHWC; undefined for what the inherited kernels should do. */
export function convSpec(
  xShape: readonly number[],
  filterShape: readonly number[],
  attrs: NamedAttrMap,
  depthwise = false,
): ConvSpec | undefined {
  const {
    strides,
    pad,
    dimRoundingMode,
    dataFormat = 'NHWC',
    dilations = 1,
  } = attrs as never as {
    strides: [number, number];
    pad: number;
    dimRoundingMode?: 'floor';
    dataFormat?: string;
    dilations?: [number, number];
  };
  if (dataFormat !== 'NHWC') return;
  const info = backend_util.computeConv2DInfo(
    xShape as Shape4D,
    filterShape as Shape4D,
    strides,
    dilations ?? 1,
    pad,
    dimRoundingMode,
    depthwise,
  );
  const { padInfo } = info;
  return {
    input: [info.inHeight, info.inWidth],
    output: [info.outHeight, info.outWidth],
    inChannels: info.inChannels,
    outChannels: info.outChannels,
    kernel: [info.filterHeight, info.filterWidth],
    strides: [info.strideHeight, info.strideWidth],
    dilations: [info.dilationHeight, info.dilationWidth],
    pads: [padInfo.top, padInfo.left, padInfo.bottom, padInfo.right],
  };
}

export const specKey = (spec: ConvSpec): string => Object.values(spec).join(' ');

/** Images at a time such that what lies between the nodes stays in the processor's cache. */
export function imagesPerChunk(floatsPerImage: number): number {
  return Math.max(1, Math.floor(2 ** 20 / floatsPerImage));
}

/** A product of matrices, pixels by channels. */
export const isPointwise = ({ kernel, strides, pads }: ConvSpec) =>
  [...kernel, ...strides].every((size) => size === 1) && pads.every((size) => size === 0);
