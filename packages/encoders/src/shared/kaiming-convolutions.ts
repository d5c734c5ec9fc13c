import {
  Conv2d,
  type Conv2dConfig,
  DepthwiseConv2d,
  kaimingNormal,
  type Parameter,
  type Rng,
} from '@crossmodal/core';

type Config = Omit<Conv2dConfig, 'bias'>;

/** A convolution without bias, for a norm to follow; first values are Kaiming normal by fan out. He et al. 2015. */
export function kaimingConv2d(inChannels: number, outChannels: number, config: Config): Conv2d {
  const conv = new Conv2d(inChannels, outChannels, { ...config, bias: false });
  initialize(conv.weight, 'fanOut', config.rng);
  return conv;
}

/** The same of one filter a channel, whose fan is that of one channel. */
export function kaimingDepthwiseConv2d(numChannels: number, config: Config): DepthwiseConv2d {
  const conv = new DepthwiseConv2d(numChannels, { ...config, bias: false });
  initialize(conv.weight, 'fanIn', config.rng);
  return conv;
}

function initialize(weight: Parameter, mode: 'fanIn' | 'fanOut', rng: Rng): void {
  const { shape, layout } = weight;
  weight.assign(kaimingNormal(shape, rng, { layout, mode, nonlinearity: 'relu' }));
}
