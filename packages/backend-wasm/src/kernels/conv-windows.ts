import { backend_util, type NamedAttrMap } from '@tensorflow/tfjs-core';
import { WasmBackendError } from '../errors';
import type { Windows } from '../simd/window-taps';

type Shape4 = [number, number, number, number];
type Pair = [number, number];

/** The windows that a convolution's attributes describe. */
export function convWindows(
  inputShape: readonly number[],
  filterShape: readonly number[],
  attrs: NamedAttrMap,
  depthwise = false,
): Windows {
  const {
    strides,
    dilations = [1, 1],
    pad,
    dimRoundingMode,
    dataFormat = 'NHWC',
  } = attrs as unknown as Attributes;
  if (dataFormat !== 'NHWC')
    throw new WasmBackendError(`wasm backend: dataFormat ${dataFormat}: convolutions take NHWC only.`);
  const info = backend_util.computeConv2DInfo(
    inputShape as Shape4,
    filterShape as Shape4,
    strides,
    dilations,
    pad,
    dimRoundingMode,
    depthwise,
  );
  const { inHeight, inWidth, inChannels, filterHeight, filterWidth, padInfo } = info;
  const { strideHeight, strideWidth, dilationHeight, dilationWidth, outHeight, outWidth } = info;
  return {
    height: inHeight,
    width: inWidth,
    channels: inChannels,
    ...{ filterHeight, filterWidth, strideHeight, strideWidth, dilationHeight, dilationWidth },
    top: padInfo.top,
    left: padInfo.left,
    ...{ outHeight, outWidth },
  };
}

interface Attributes {
  strides: Pair;
  dilations?: Pair;
  pad: 'same' | 'valid' | number | backend_util.ExplicitPadding;
  dimRoundingMode?: 'floor' | 'round' | 'ceil';
  dataFormat?: string;
}
