import { type Module, normal, type Parameter, type Rng, xavierUniform } from '@crossmodal/core';
import * as tf from '@tensorflow/tfjs-core';

/** First values of all linear layers in a module: weights from N(0, std²), biases zeros; as BERT and ViT start. */
export function initializeNormal(module: Module, std: number, rng: Rng): void {
  initializeLinears(module, ({ shape }) => normal(shape, rng, 0, std));
}

/** First values of all linear layers in a module: weights uniform after Glorot and Bengio, biases zeros. */
export function initializeXavier(module: Module, rng: Rng): void {
  initializeLinears(module, ({ shape }) => xavierUniform(shape, rng));
}

function initializeLinears(module: Module, first: (weight: Parameter) => tf.Tensor): void {
  for (const [key, parameter] of module.namedParameters()) {
    if (parameter.layout === 'linear') parameter.assign(first(parameter));
    else if (key.endsWith('bias')) parameter.assign(tf.zeros(parameter.shape));
  }
}
