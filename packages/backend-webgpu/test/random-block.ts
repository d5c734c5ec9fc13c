import { type Rng, TransformerBlock, type TransformerBlockConfig } from '@crossmodal/core';
import * as tf from '@tensorflow/tfjs-core';

export const randomTensor = (rng: Rng, shape: number[]) =>
  rng.tensor(shape, (rng) => rng.normalArray(tf.util.sizeFromShape(shape)));

/** A block of two heads and 16 numbers, unless `config` says otherwise, whose norms and biases do something. */
export function randomBlock(rng: Rng, config: Partial<TransformerBlockConfig> = {}): TransformerBlock {
  const block = new TransformerBlock({ hiddenSize: 16, numHeads: 2, rng, ...config });
  for (const [name, parameter] of block.namedParameters())
    if (/norm|bias/i.test(name)) parameter.assign(randomTensor(rng, [...parameter.shape]));
  return block;
}
