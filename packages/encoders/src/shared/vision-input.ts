import { assertShape } from '@crossmodal/core';
import type * as tf from '@tensorflow/tfjs-core';

/** What the vision transformers are given. */
export interface VisionTransformerInput {
  /** float32 [batch, imageSize, imageSize, numChannels] */
  pixelValues: tf.Tensor4D;
  /**
   * Takes images of any other size too, square or not: positions are resized, as {@link resizePositionEmbeddings}
   * does. Default false.
   */
  interpolatePositions?: boolean | undefined;
  /** Whether the output has `hiddenStates`. Default false. */
  outputHiddenStates?: boolean | undefined;
}

/** @throws ShapeError when the images are not of the configured size, or of any where that is wanted. */
export function checkPixelValues(
  { pixelValues, interpolatePositions = false }: VisionTransformerInput,
  { imageSize, numChannels }: { imageSize: number; numChannels: number },
  caller: string,
): void {
  const side = interpolatePositions ? null : imageSize;
  const hint = interpolatePositions
    ? undefined
    : 'Pass interpolatePositions: true for images of another size.';
  assertShape(pixelValues.shape, [null, side, side, numChannels], `${caller}: pixelValues`, hint);
}
