import type { TensorInfo } from '@tensorflow/tfjs-core';
import type { HostKernel } from '../kernel';

// Group and batch norm as loops over arrays: two passes forward and two back. The same as a graph makes five and
// seven, which takes two and a half times the processor's time. Sums are kept in double precision.

/** Sizes of x [samples, positions, channels], and how many values a group has. */
function sizesOf(x: TensorInfo, groups: number) {
  const [samples, positions, channels] = x.shape as [number, number, number];
  return {
    samples,
    positions,
    channels,
    groupSize: channels / groups,
    count: (positions * channels) / groups,
  };
}

/** In place: each channel gets the sum over its group. */
function sumGroups(perChannel: Float64Array, groupSize: number): Float64Array {
  if (groupSize === 1) return perChannel;
  for (let start = 0; start < perChannel.length; start += groupSize) {
    let sum = 0;
    for (let c = start; c < start + groupSize; c++) sum += perChannel[c]!;
    perChannel.fill(sum, start, start + groupSize);
  }
  return perChannel;
}

const channelNorm: HostKernel = {
  kernelName: 'FusedChannelNorm',
  compute({ inputs, attrs, backend }) {
    const { groups, epsilon, relu } = attrs as never as { groups: number; epsilon: number; relu: boolean };
    const { samples, positions, channels, groupSize, count } = sizesOf(inputs['x']!, groups);
    const [x, gamma, beta] = [inputs['x']!, inputs['gamma']!, inputs['beta']!].map((t) => backend.floats(t));
    const outputs = [inputs['x']!.shape, [samples, groups], [samples, groups]].map((shape) =>
      backend.allocate(shape, 'float32'),
    );
    const [y, means, variances] = outputs.map((t) => backend.floats(t));
    for (let sample = 0; sample < samples; sample++) {
      const start = sample * positions * channels;
      const end = start + positions * channels;
      // Of differences from the sample's first row, so that little is lost where the mean is far from 0.
      const origin = Float64Array.from(x!.subarray(start, start + channels));
      if (groupSize > 1) for (let c = 0; c < channels; c++) origin[c] = origin[c - (c % groupSize)]!;
      const sums = new Float64Array(channels);
      const squares = new Float64Array(channels);
      addMoments(x!, start, end, origin, sums, squares);
      sumGroups(sums, groupSize);
      sumGroups(squares, groupSize);
      const scale = new Float64Array(channels);
      const shift = new Float64Array(channels);
      for (let c = 0; c < channels; c++) {
        const offset = sums[c]! / count;
        const variance = Math.max(0, squares[c]! / count - offset * offset);
        const group = sample * groups + Math.floor(c / groupSize);
        means![group] = origin[c]! + offset;
        variances![group] = variance;
        scale[c] = gamma![c]! / Math.sqrt(variance + epsilon);
        shift[c] = beta![c]! - (origin[c]! + offset) * scale[c]!;
      }
      (relu ? scaleShiftAndRectify : scaleAndShift)(x!, y!, start, end, scale, shift);
    }
    return outputs;
  },
};

/** dx = s (gamma dy - (sum(gamma dy) + xhat sum(gamma dy xhat)) / count), as one line in dy and x. */
const channelNormGrad: HostKernel = {
  kernelName: 'FusedChannelNormGrad',
  compute({ inputs, attrs, backend }) {
    const { groups, epsilon } = attrs as never as { groups: number; epsilon: number };
    const { samples, positions, channels, groupSize, count } = sizesOf(inputs['x']!, groups);
    const [dy, x, gamma, means, variances] = ['dy', 'x', 'gamma', 'mean', 'variance'].map((name) =>
      backend.floats(inputs[name]!),
    );
    const y = inputs['y'] && backend.floats(inputs['y']);
    const outputs = [inputs['x']!.shape, [channels], [channels]].map((shape) =>
      backend.allocate(shape, 'float32'),
    );
    const [dx, dgamma, dbeta] = outputs.map((t) => backend.floats(t));
    // The gradient that a ReLU lets through is kept in dx until the last pass.
    const flowing = y ? dx! : dy!;
    const [totals, alongs] = [new Float64Array(channels), new Float64Array(channels)];
    for (let sample = 0; sample < samples; sample++) {
      const start = sample * positions * channels;
      const end = start + positions * channels;
      const mean = new Float64Array(channels);
      const inverseStd = new Float64Array(channels);
      for (let c = 0; c < channels; c++) {
        const group = sample * groups + Math.floor(c / groupSize);
        mean[c] = means![group]!;
        inverseStd[c] = 1 / Math.sqrt(variances![group]! + epsilon);
      }
      const total = new Float64Array(channels);
      const along = new Float64Array(channels);
      if (y) letThrough(dy!, y, flowing, start, end);
      addGradientSums(flowing, x!, start, end, mean, total, along);
      for (let c = 0; c < channels; c++) {
        along[c]! *= inverseStd[c]!;
        totals[c]! += total[c]!;
        alongs[c]! += along[c]!;
        total[c]! *= gamma![c]!;
        along[c]! *= gamma![c]!;
      }
      sumGroups(total, groupSize);
      sumGroups(along, groupSize);
      const ofDy = new Float64Array(channels);
      const ofX = new Float64Array(channels);
      const shift = new Float64Array(channels);
      for (let c = 0; c < channels; c++) {
        ofDy[c] = inverseStd[c]! * gamma![c]!;
        ofX[c] = (-(inverseStd[c]! ** 2) * along[c]!) / count;
        shift[c] = (-inverseStd[c]! * total[c]!) / count - mean[c]! * ofX[c]!;
      }
      combine(flowing, x!, dx!, start, end, ofDy, ofX, shift);
    }
    dgamma!.set(alongs);
    dbeta!.set(totals);
    return outputs;
  },
};

// The passes over images: one small function each, which V8 compiles well.

type Floats = Float32Array;
type Sums = Float64Array;

function addMoments(x: Floats, start: number, end: number, origin: Sums, sums: Sums, squares: Sums): void {
  const channels = sums.length;
  for (let row = start; row < end; row += channels) {
    for (let c = 0; c < channels; c++) {
      const value = x[row + c]! - origin[c]!;
      sums[c]! += value;
      squares[c]! += value * value;
    }
  }
}

function scaleAndShift(x: Floats, y: Floats, start: number, end: number, scale: Sums, shift: Sums): void {
  const channels = scale.length;
  for (let row = start; row < end; row += channels) {
    for (let c = 0; c < channels; c++) y[row + c] = x[row + c]! * scale[c]! + shift[c]!;
  }
}

/** The same, and the greater of that and 0, `(v + |v|) / 2`: a branch on the sign would be guessed wrong half of the time. */
function scaleShiftAndRectify(
  x: Floats,
  y: Floats,
  start: number,
  end: number,
  scale: Sums,
  shift: Sums,
): void {
  const channels = scale.length;
  for (let row = start; row < end; row += channels) {
    for (let c = 0; c < channels; c++) {
      const value = x[row + c]! * scale[c]! + shift[c]!;
      y[row + c] = 0.5 * (value + Math.abs(value));
    }
  }
}

/** The gradient where y, a ReLU's result, is not 0. */
function letThrough(dy: Floats, y: Floats, flowing: Floats, start: number, end: number): void {
  for (let i = start; i < end; i++) flowing[i] = dy[i]! * Number(y[i]! > 0);
}

function addGradientSums(
  dy: Floats,
  x: Floats,
  start: number,
  end: number,
  mean: Sums,
  total: Sums,
  along: Sums,
): void {
  const channels = total.length;
  for (let row = start; row < end; row += channels) {
    for (let c = 0; c < channels; c++) {
      const gradient = dy[row + c]!;
      total[c]! += gradient;
      along[c]! += gradient * (x[row + c]! - mean[c]!);
    }
  }
}

function combine(
  dy: Floats,
  x: Floats,
  dx: Floats,
  start: number,
  end: number,
  ofDy: Sums,
  ofX: Sums,
  shift: Sums,
): void {
  const channels = shift.length;
  for (let row = start; row < end; row += channels) {
    for (let c = 0; c < channels; c++)
      dx[row + c] = dy[row + c]! * ofDy[c]! + x[row + c]! * ofX[c]! + shift[c]!;
  }
}

export const channelNorms = [channelNorm, channelNormGrad];
