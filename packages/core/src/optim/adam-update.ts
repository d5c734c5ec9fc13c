import * as tf from '@tensorflow/tfjs-core';
import { hasFusedKernel, runFusedKernel } from '../ops/fused-kernels';
import { checkNumber } from './check-number';
import { scaledGradient } from './coupled-decay';
import type { GroupUpdate, UpdateInput, UpdateOutput } from './update-rule';

export interface AdamConstants {
  /** Decay rates of the first and second moment. Default [0.9, 0.999]. */
  betas?: readonly [number, number];
  /** Added to the root of the second moment. Default 1e-8. */
  epsilon?: number;
}

export function checkAdamConstants(optimizer: string, { betas, epsilon }: Required<AdamConstants>): void {
  for (const beta of betas) checkNumber(`${optimizer}: betas`, beta, { min: 0, below: 1 });
  checkNumber(`${optimizer}: epsilon`, epsilon, { min: 0 });
}

/** Adam's step with decoupled weight decay, by the backend's own kernel where it has one. */
export function adamUpdate(input: UpdateInput, { betas, epsilon }: Required<AdamConstants>): UpdateOutput {
  const { parameter, gradient, state, step, learningRate, weightDecay, gradientScale } = input;
  const [beta1, beta2] = betas;
  const m = state['m']!;
  const v = state['v']!;
  if (hasFusedKernel('FusedAdamW')) {
    const [next, nextM, nextV] = runFusedKernel(
      'FusedAdamW',
      { parameter, gradient, m, v },
      { learningRate, beta1, beta2, epsilon, weightDecay, step, gradientScale },
    );
    return { parameter: next!, state: { m: nextM!, v: nextV! } };
  }
  const g = scaledGradient(input);
  const nextM = tf.add(tf.mul(m, beta1), tf.mul(g, 1 - beta1));
  const nextV = tf.add(tf.mul(v, beta2), tf.mul(tf.square(g), 1 - beta2));
  // m^ / (sqrt(v^) + epsilon) with both bias corrections in the scalars
  const rootCorrection = Math.sqrt(1 - beta2 ** step);
  const stepSize = (learningRate * rootCorrection) / (1 - beta1 ** step);
  const direction = tf.div(nextM, tf.add(tf.sqrt(nextV), epsilon * rootCorrection));
  const decayed = weightDecay === 0 ? parameter : tf.mul(parameter, 1 - learningRate * weightDecay);
  return {
    parameter: tf.sub(decayed, tf.mul(direction, stepSize)),
    state: { m: nextM, v: nextV },
  };
}

/** Adam's step of many parameters; with `coupled`, their weight decay is an L2 penalty. */
export function adamGroup(
  { betas: [beta1, beta2], epsilon }: Required<AdamConstants>,
  { coupled }: { coupled: boolean },
): GroupUpdate {
  return {
    kernel: 'FusedAdamWGroup',
    update(inputs, gradientScale) {
      const tensors: Record<string, tf.Tensor> = {};
      for (const [i, { parameter, gradient, state }] of inputs.entries()) {
        for (const [name, x] of Object.entries({ parameter, gradient, m: state['m']!, v: state['v']! }))
          tensors[`${name}${i}`] = x;
      }
      const decay = inputs.map(({ weightDecay }) => weightDecay);
      const none = decay.map(() => 0);
      const attrs = {
        beta1,
        beta2,
        epsilon,
        learningRate: inputs.map(({ learningRate }) => learningRate),
        weightDecay: coupled ? none : decay,
        penalty: coupled ? decay : none,
        step: inputs.map(({ step }) => step),
      };
      const outputs =
        typeof gradientScale === 'number'
          ? runFusedKernel('FusedAdamWGroup', tensors, { ...attrs, gradientScale })
          : runFusedKernel('FusedAdamWGroup', { ...tensors, gradientScale }, attrs);
      return inputs.map((_, i) => {
        const [parameter, m, v] = outputs.slice(3 * i, 3 * i + 3) as [tf.Tensor, tf.Tensor, tf.Tensor];
        return { parameter, state: { m, v } };
      });
    },
  };
}
