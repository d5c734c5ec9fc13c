/** How {@link resizeImage} weighs the pixels around a point. */
export type ResizeFilter = 'nearest' | 'box' | 'bilinear' | 'bicubic' | 'lanczos';

/** Bits of a weight after the point: 32, less 8 of the pixel and 2 for sums that overshoot. */
export const WEIGHT_BITS = 22;

/** A resampling along rows or columns. */
export interface ResampleAxis {
  inputSize: number;
  outputSize: number;
  /** The output positions that are wanted: `kept` of them, from `first` on. */
  first: number;
  kept: number;
  filter: Exclude<ResizeFilter, 'nearest'>;
}

/** For every output position, the run of input positions it is made of, and their weights. */
export interface ResampleWeights {
  /** First input position. */
  starts: Int32Array;
  /** Number of input positions. */
  counts: Int32Array;
  /** `stride` fixed-point weights for every output position; those beyond its count are 0. */
  weights: Int32Array;
  stride: number;
}

interface Kernel {
  support: number;
  at(x: number): number;
}

const kernels: Record<Exclude<ResizeFilter, 'nearest'>, Kernel> = {
  box: { support: 0.5, at: (x) => (x > -0.5 && x <= 0.5 ? 1 : 0) },
  bilinear: { support: 1, at: (x) => Math.max(0, 1 - Math.abs(x)) },
  bicubic: { support: 2, at: cubic },
  lanczos: { support: 3, at: (x) => (x >= -3 && x < 3 ? sinc(x) * sinc(x / 3) : 0) },
};

/**
 * Weights that bring `inputSize` samples to `outputSize`. The kernel is stretched by the reduction factor when
 * shrinking, so that every input sample counts. Only those of `kept` output positions from `first` on.
 */
export function resampleWeights({
  inputSize,
  outputSize,
  first,
  kept,
  filter,
}: ResampleAxis): ResampleWeights {
  const kernel = kernels[filter];
  const scale = inputSize / outputSize;
  const stretch = Math.max(scale, 1);
  const support = kernel.support * stretch;
  const perStretch = 1 / stretch;
  const stride = Math.ceil(support) * 2 + 1;
  const starts = new Int32Array(kept);
  const counts = new Int32Array(kept);
  const weights = new Int32Array(kept * stride);
  const exact = new Float64Array(stride);
  for (let o = 0; o < kept; o++) {
    const center = (first + o + 0.5) * scale;
    const start = Math.max(0, Math.trunc(center - support + 0.5));
    const count = Math.min(inputSize, Math.trunc(center + support + 0.5)) - start;
    let sum = 0;
    for (let k = 0; k < count; k++) {
      exact[k] = kernel.at((k + start - center + 0.5) * perStretch);
      sum += exact[k]!;
    }
    for (let k = 0; k < count; k++) {
      const weight = (sum === 0 ? exact[k]! : exact[k]! / sum) * (1 << WEIGHT_BITS);
      weights[o * stride + k] = Math.trunc(weight < 0 ? weight - 0.5 : weight + 0.5);
    }
    starts[o] = start;
    counts[o] = count;
  }
  return { starts, counts, weights, stride };
}

/** Keys's cubic convolution kernel with a = -0.5. */
function cubic(x: number): number {
  const a = -0.5;
  const d = Math.abs(x);
  if (d < 1) return ((a + 2) * d - (a + 3)) * d * d + 1;
  if (d < 2) return (((d - 5) * d + 8) * d - 4) * a;
  return 0;
}

function sinc(x: number): number {
  return x === 0 ? 1 : Math.sin(x * Math.PI) / (x * Math.PI);
}
