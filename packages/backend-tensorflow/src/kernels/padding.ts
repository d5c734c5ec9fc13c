import * as tf from '@tensorflow/tfjs-core';
import type { Call, Mend } from './mend';

type Shape4D = [number, number, number, number];
type Pair = [before: number, after: number];
/** Padding by numbers, of an image's height and width. */
interface Padding {
  height: Pair;
  width: Pair;
  info: tf.backend_util.Conv2DInfo;
}

// tfjs-node refuses padding by numbers in pooling and in gradients, and a single number everywhere. So the input is
// padded beforehand, and what is left is padding 'valid'.

/** Convolutions take explicit padding natively, as a list. */
export const convolution =
  (depthwise: boolean): Mend =>
  (original) =>
  (call) => {
    const { x, filter } = call.inputs as { x: tf.Tensor4D; filter: tf.Tensor4D };
    const padding = convPadding(call, x.shape, filter.shape, depthwise);
    if (!padding || call.attrs.dataFormat === 'NCHW') return original(call);
    const pad = [[0, 0], padding.height, padding.width, [0, 0]];
    return original(withAttrs(call, { pad: pad as never, dimRoundingMode: null as never }));
  };

export const inputGradient =
  (depthwise: boolean): Mend =>
  (original) =>
  (call) => {
    const { filter } = call.inputs as { filter: tf.Tensor4D };
    const shape = call.attrs.inputShape as Shape4D;
    const padding = convPadding(call, shape, filter.shape, depthwise);
    if (!padding) return original(call);
    return tf.tidy(() =>
      unpadded(original(valid(call, { inputShape: paddedShape(shape, padding) })), padding, shape),
    );
  };

export const filterGradient =
  (depthwise: boolean): Mend =>
  (original) =>
  (call) => {
    const { x } = call.inputs as { x: tf.Tensor4D };
    const padding = convPadding(call, x.shape, call.attrs.filterShape as Shape4D, depthwise);
    if (!padding) return original(call);
    return tf.tidy(() => original(valid({ ...call, inputs: { ...call.inputs, x: padded(x, padding) } })));
  };

/** What is padded is never the maximum. */
export const maxPool: Mend = (original) => (call) => {
  const { x } = call.inputs as { x: tf.Tensor4D };
  const padding = poolPadding(call, x.shape);
  if (!padding) return original(call);
  return tf.tidy(() =>
    original(valid({ ...call, inputs: { x: padded(x, padding, Number.NEGATIVE_INFINITY) } })),
  );
};

export const maxPoolGradient: Mend = (original) => (call) => {
  const { input } = call.inputs as { input: tf.Tensor4D };
  const padding = poolPadding(call, input.shape);
  if (!padding) return original(call);
  return tf.tidy(() => {
    const inputs = { ...call.inputs, input: padded(input, padding, Number.NEGATIVE_INFINITY) };
    return unpadded(original(valid({ ...call, inputs })), padding, input.shape);
  });
};

/** What is padded does not count in the mean. */
export const avgPool: Mend = (original) => (call) => {
  const { x } = call.inputs as { x: tf.Tensor4D };
  const padding = poolPadding(call, x.shape);
  if (!padding) return original(call);
  return tf.tidy(() => {
    const mean = (y: tf.Tensor4D) =>
      original(valid({ ...call, inputs: { x: padded(y, padding) } })) as tf.Tensor4D;
    return tf.divNoNan(mean(x), mean(onesOf(x.shape)));
  });
};

function onesOf([, height, width]: Shape4D): tf.Tensor4D {
  return tf.ones([1, height, width, 1]);
}

function convPadding(
  { attrs }: Call,
  shape: Shape4D,
  filterShape: Shape4D,
  depthwise: boolean,
): Padding | undefined {
  const format = tf.backend_util.convertConv2DDataFormat((attrs.dataFormat ?? 'NHWC') as 'NHWC');
  const { strides, dilations, pad, dimRoundingMode } = attrs as unknown as tf.Conv2DAttrs;
  const info = tf.backend_util.computeConv2DInfo(
    shape,
    filterShape,
    strides,
    dilations ?? 1,
    pad,
    dimRoundingMode,
    depthwise,
    format,
  );
  return byNumbers(info);
}

function poolPadding({ attrs }: Call, shape: Shape4D): Padding | undefined {
  const { filterSize, strides, pad, dimRoundingMode } = attrs as unknown as tf.MaxPoolAttrs;
  return byNumbers(tf.backend_util.computePool2DInfo(shape, filterSize, strides, 1, pad, dimRoundingMode));
}

/** Padding before, and as much behind as the last window needs: that depends on how the output's size was rounded. */
function byNumbers(info: tf.backend_util.Conv2DInfo): Padding | undefined {
  const { type, top, left, bottom, right } = info.padInfo;
  if (type === 'SAME') return undefined;
  const needed = (out: number, stride: number, filter: number, size: number, before: number) =>
    (out - 1) * stride + filter - size - before;
  const { effectiveFilterHeight: filterHeight, effectiveFilterWidth: filterWidth } = info;
  const below = needed(info.outHeight, info.strideHeight, filterHeight, info.inHeight, top);
  const behind = needed(info.outWidth, info.strideWidth, filterWidth, info.inWidth, left);
  if (type === 'VALID' && below <= 0 && behind <= 0) return undefined;
  return { height: [top, Math.max(bottom, below)], width: [left, Math.max(right, behind)], info };
}

function withAttrs(call: Call, attrs: tf.NamedAttrMap): Call {
  return { ...call, attrs: { ...call.attrs, ...attrs } };
}

function valid(call: Call, attrs: tf.NamedAttrMap = {}): Call {
  return withAttrs(call, { ...attrs, pad: 'valid', dimRoundingMode: null as never });
}

/** Before and after each axis, in the order of the image's format. */
function paddings({ height, width, info }: Padding): [Pair, Pair, Pair, Pair] {
  return info.dataFormat === 'channelsLast'
    ? [[0, 0], height, width, [0, 0]]
    : [[0, 0], [0, 0], height, width];
}

function padded(x: tf.Tensor4D, padding: Padding, value = 0): tf.Tensor4D {
  return tf.pad(x, paddings(padding), value);
}

function paddedShape(shape: Shape4D, padding: Padding): number[] {
  return paddings(padding).map(([before, after], axis) => shape[axis]! + before + after);
}

function unpadded(x: tf.Tensor, padding: Padding, shape: Shape4D): tf.Tensor {
  const begin = paddings(padding).map(([before]) => before);
  return tf.slice(x, begin, shape);
}
