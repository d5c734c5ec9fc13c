import { Conv2d, Module, normal, type Rng, relu } from '@crossmodal/core';
import * as tf from '@tensorflow/tfjs-core';

/** Modules in order, named by their number from 1 on: `block_1`, `block_2`. Iterable. */
export class Numbered<T extends Module> extends Module implements Iterable<T> {
  private readonly modules: readonly T[];

  constructor(
    private readonly prefix: string,
    modules: readonly T[],
  ) {
    super();
    this.modules = modules;
  }

  [Symbol.iterator](): Iterator<T> {
    return this.modules[Symbol.iterator]();
  }

  protected override *children(): Iterable<[string, T]> {
    for (const [index, module] of this.modules.entries()) yield [`${this.prefix}_${index + 1}`, module];
  }
}

/** Blocks at one resolution; a network is four of these. */
export type DVAEGroups = Numbered<Numbered<DVAEBlock>>;

/**
 * A bottleneck with residual, `idPath(x) + resPath(x) / layers²`: four convolutions, each after a ReLU, of a quarter
 * of the channels. Ramesh et al. 2021, appendix A.2 and the published code.
 */
export class DVAEBlock extends Module {
  /** Where channels change. */
  readonly idPath: Conv2d | undefined;
  readonly resPath: Numbered<Conv2d>;
  private readonly postGain: number;

  /**
   * @param kernelSizes Of the four convolutions.
   * @param layers Number of blocks of the whole network.
   */
  constructor(
    inChannels: number,
    outChannels: number,
    kernelSizes: readonly number[],
    layers: number,
    rng: Rng,
  ) {
    super();
    const inside = outChannels / 4;
    this.idPath = inChannels === outChannels ? undefined : dvaeConv(inChannels, outChannels, 1, rng);
    const convolution = (kernelSize: number, i: number) =>
      dvaeConv(i === 0 ? inChannels : inside, i === 3 ? outChannels : inside, kernelSize, rng);
    this.resPath = new Numbered('conv', kernelSizes.map(convolution));
    this.postGain = 1 / layers ** 2;
  }

  /** [batch, height, width, in] to [batch, height, width, out]. */
  forward(x: tf.Tensor4D): tf.Tensor4D {
    return tf.tidy(() => {
      let residual = x;
      for (const conv of this.resPath) residual = conv.forward(relu(residual));
      return tf.add(this.idPath?.forward(x) ?? x, tf.mul(residual, this.postGain));
    });
  }
}

/**
 * Four groups of blocks.
 *
 * @param channels What goes into the first group, and what comes out of each.
 */
export function dvaeGroups(
  channels: readonly number[],
  kernelSizes: readonly number[],
  numBlocksPerGroup: number,
  rng: Rng,
): DVAEGroups {
  const groups = channels.slice(1).map((outChannels, group) => {
    const block = (_: unknown, i: number) =>
      new DVAEBlock(
        i === 0 ? channels[group]! : outChannels,
        outChannels,
        kernelSizes,
        numBlocksPerGroup * (channels.length - 1),
        rng,
      );
    return new Numbered('block', Array.from({ length: numBlocksPerGroup }, block));
  });
  return new Numbered('group', groups);
}

/** A convolution that keeps the size, with the first values of the published code: N(0, 1 / fan in), biases 0. */
export function dvaeConv(inChannels: number, outChannels: number, kernelSize: number, rng: Rng): Conv2d {
  const conv = new Conv2d(inChannels, outChannels, { kernelSize, padding: (kernelSize - 1) / 2, rng });
  const std = 1 / Math.sqrt(inChannels * kernelSize ** 2);
  conv.weight.assign(normal(conv.weight.shape, rng, 0, std));
  conv.bias!.assign(tf.zeros([outChannels]));
  return conv;
}
