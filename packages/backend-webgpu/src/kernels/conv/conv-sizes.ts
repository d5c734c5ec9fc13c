import * as tf from '@tensorflow/tfjs-core';

/** Sizes of a convolution of images [batch, height, width, channels]. */
export interface ConvSizes {
  images: number;
  inHeight: number;
  inWidth: number;
  inChannels: number;
  outHeight: number;
  outWidth: number;
  outChannels: number;
  kernelHeight: number;
  kernelWidth: number;
  strideHeight: number;
  strideWidth: number;
  dilationHeight: number;
  dilationWidth: number;
  padTop: number;
  padLeft: number;
}

/** From a kernel's attributes, or undefined for what ours do not know: channels first, nothing. */
export function convSizes(
  inputShape: readonly number[],
  filterShape: readonly number[],
  attrs: tf.NamedAttrMap,
  depthwise = false,
): ConvSizes | undefined {
  const { strides, pad, dimRoundingMode, dilations, dataFormat } = attrs as {
    strides?: number | [number, number];
    pad?: 'valid' | 'same' | number | tf.backend_util.ExplicitPadding;
    dimRoundingMode?: 'floor' | 'round' | 'ceil';
    dilations?: number | [number, number];
    dataFormat?: 'NHWC' | 'NCHW';
  };
  const info = tf.backend_util.computeConv2DInfo(
    inputShape as [number, number, number, number],
    filterShape as [number, number, number, number],
    strides!,
    dilations ?? 1,
    pad!,
    dimRoundingMode,
    depthwise,
    tf.backend_util.convertConv2DDataFormat(dataFormat ?? 'NHWC'),
  );
  const size = info.batchSize * info.outHeight * info.outWidth * info.outChannels * info.inChannels;
  if (info.dataFormat !== 'channelsLast' || size === 0) return undefined;
  return {
    images: info.batchSize,
    inHeight: info.inHeight,
    inWidth: info.inWidth,
    inChannels: info.inChannels,
    outHeight: info.outHeight,
    outWidth: info.outWidth,
    outChannels: info.outChannels,
    kernelHeight: info.filterHeight,
    kernelWidth: info.filterWidth,
    strideHeight: info.strideHeight,
    strideWidth: info.strideWidth,
    dilationHeight: info.dilationHeight,
    dilationWidth: info.dilationWidth,
    padTop: info.padInfo.top,
    padLeft: info.padInfo.left,
  };
}
