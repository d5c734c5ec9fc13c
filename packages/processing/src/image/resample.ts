import { cropImage, type Region } from './crop-image';
import type { RawImage } from './raw-image';
import { resampleInJavaScript } from './resample-passes';
import type { ResampleAxis } from './resample-weights';
import { SimdResampler } from './simd/simd-resampler';

/** A resampling: along rows, along columns or both, columns first or rows first. */
export interface ResamplePlan {
  across?: ResampleAxis | undefined;
  down?: ResampleAxis | undefined;
  columnsFirst: boolean;
}

/** The part `region` of an image resized to `width x height`; nothing else is computed. Alpha is a channel like others. */
export function resample(
  image: RawImage,
  { width, height, filter }: { width: number; height: number; filter: ResampleAxis['filter'] },
  { left, top, width: keptWidth, height: keptHeight }: Region,
): RawImage {
  // Where a size stays, the pass is left out: what is not wanted is cut off beforehand.
  const isSameWidth = width === image.width;
  const isSameHeight = height === image.height;
  const input =
    (isSameWidth && keptWidth < width) || (isSameHeight && keptHeight < height)
      ? cropImage(image, {
          left: isSameWidth ? left : 0,
          top: isSameHeight ? top : 0,
          width: isSameWidth ? keptWidth : image.width,
          height: isSameHeight ? keptHeight : image.height,
        })
      : image;
  const lost = image.height - height;
  const plan: ResamplePlan = {
    across: isSameWidth
      ? undefined
      : { inputSize: image.width, outputSize: width, first: left, kept: keptWidth, filter },
    down: isSameHeight
      ? undefined
      : { inputSize: image.height, outputSize: height, first: top, kept: keptHeight, filter },
    columnsFirst: lost > 0 && lost > 2 * (image.width - width),
  };
  if (!plan.across && !plan.down) return { ...input, data: input.data.slice() };
  return SimdResampler.shared()?.run(input, plan) ?? resampleInJavaScript(input, plan);
}
