import type { Engine } from './engine';

/** What WGSL itself allows, in Node and in pages alike. */
export const webgpuDifferences: Required<Pick<Engine, 'accepted' | 'tolerances' | 'failing'>> = {
  accepted: [[/^(elu|exp|sigmoid|softplus) at extremes$/, 'WGSL may assume that there is no NaN']],
  tolerances: [
    [
      /^(acos|cos|sin|tan|rotary) /,
      1e-3,
      'trigonometry in WGSL need only be exact to 2^-11, and SwiftShader is not more',
    ],
    [
      /^softmaxCrossEntropy with logits of 1e4$/,
      5e-4,
      'cpu rounds what is subtracted from 1e4; the kernel here does not',
    ],
  ],
  failing: [
    [
      /(embedding|softmaxCrossEntropy) > names what does not fit/,
      'ids are not read back from the GPU to be checked',
    ],
    [/logSumExp > does not overflow/, 'the greatest of infinities below zero is the least finite number'],
  ],
};
