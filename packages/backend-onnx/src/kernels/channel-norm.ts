import type { TensorInfo } from '@tensorflow/tfjs-core';
import type { HostKernel } from '../kernel';
import { addGradientSums, addMoments, combineGradients, scaleAndShift } from '../simd/channel-passes';

// Group and batch norm in two passes forward and two back, where a graph makes five and seven. Sums over
// many rows are kept in double precision.

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
    const shift = Float64Array.from(beta!);
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
      const mean = new Float64Array(channels);
      for (let c = 0; c < channels; c++) {
        const offset = sums[c]! / count;
        const variance = Math.max(0, squares[c]! / count - offset * offset);
        const group = sample * groups + Math.floor(c / groupSize);
        mean[c] = origin[c]! + offset;
        means![group] = mean[c]!;
        variances![group] = variance;
        scale[c] = gamma![c]! / Math.sqrt(variance + epsilon);
      }
      scaleAndShift(x!, y!, start, end, [mean, scale, shift], relu);
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
      addGradientSums(dy!, x!, y, start, end, mean, total, along);
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
        shift[c] = (-inverseStd[c]! * total[c]!) / count;
      }
      combineGradients(dy!, x!, y, dx!, start, end, [mean, ofDy, ofX, shift]);
    }
    dgamma!.set(alongs);
    dbeta!.set(totals);
    return outputs;
  },
};

export const channelNorms = [channelNorm, channelNormGrad];
