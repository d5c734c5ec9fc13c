import type { RawImage } from './raw-image';
import type { ResamplePlan } from './resample';
import { type ResampleAxis, resampleWeights, WEIGHT_BITS } from './resample-weights';

const ROUND = 1 << (WEIGHT_BITS - 1);

/** Resamples without WebAssembly: some twenty times slower, the same values. */
export function resampleInJavaScript(
  image: RawImage,
  { across, down, columnsFirst }: ResamplePlan,
): RawImage {
  let result = image;
  if (down && columnsFirst) result = resampleColumns(result, down);
  if (across) result = resampleRows(result, across);
  if (down && !columnsFirst) result = resampleColumns(result, down);
  return result;
}

function resampleRows(image: RawImage, axis: ResampleAxis): RawImage {
  const { data, height, channels } = image;
  const { starts, counts, weights, stride } = resampleWeights(axis);
  const width = axis.kept;
  const out = new Uint8ClampedArray(height * width * channels);
  let target = 0;
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const first = (y * image.width + starts[x]!) * channels;
      for (let c = 0; c < channels; c++) {
        let sum = ROUND;
        for (let k = 0; k < counts[x]!; k++)
          sum += Math.imul(data[first + k * channels + c]!, weights[x * stride + k]!);
        out[target++] = sum >> WEIGHT_BITS; // clamps
      }
    }
  }
  return { data: out, width, height, channels };
}

function resampleColumns(image: RawImage, axis: ResampleAxis): RawImage {
  const { data, width, channels } = image;
  const { starts, counts, weights, stride } = resampleWeights(axis);
  const height = axis.kept;
  const rowLength = width * channels;
  const out = new Uint8ClampedArray(height * rowLength);
  const sums = new Int32Array(rowLength);
  for (let y = 0; y < height; y++) {
    sums.fill(ROUND);
    for (let k = 0; k < counts[y]!; k++) {
      const weight = weights[y * stride + k]!;
      const row = (starts[y]! + k) * rowLength;
      for (let i = 0; i < rowLength; i++) sums[i]! += Math.imul(data[row + i]!, weight);
    }
    const target = y * rowLength;
    for (let i = 0; i < rowLength; i++) out[target + i] = sums[i]! >> WEIGHT_BITS;
  }
  return { data: out, width, height, channels };
}
