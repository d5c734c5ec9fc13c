import type { ForwardContext, Optimizer } from '@crossmodal/core';
import * as tf from '@tensorflow/tfjs-core';
import { type VQGANLossOptions, type VQGANNetworks, vqganGradients } from './vqgan-gradients';

export interface VQGANOptimizers {
  /** Of the model. */
  generator: Optimizer;
  discriminator: Optimizer;
}

export interface VQGANStepOptions extends VQGANLossOptions {
  learningRate: number;
}

/** Losses of a step, as numbers. */
export interface VQGANStepMetrics {
  generatorLoss: number;
  /** 0 before the discriminator starts; and the next two. */
  discriminatorLoss: number;
  adversarialLoss: number;
  adversarialWeight: number;
  reconstructionLoss: number;
}

/**
 * One update of both networks by {@link vqganGradients}.
 *
 * @param pixels float32 [batch, height, width, 3], from -1 to 1
 * @example
 * const generator = new Adam(model, { betas: [0.5, 0.9] });
 * const discriminator = new Adam(networks.discriminator, { betas: [0.5, 0.9] });
 * for (const [step, pixels] of batches.entries())
 *   vqganStep(networks, { generator, discriminator }, pixels, { step, learningRate: 1e-4, discriminatorStart: 1000 });
 */
export function vqganStep(
  networks: VQGANNetworks,
  optimizers: VQGANOptimizers,
  pixels: tf.Tensor4D,
  { learningRate, ...options }: VQGANStepOptions,
  context?: ForwardContext,
): VQGANStepMetrics {
  const result = vqganGradients(networks, pixels, options, context);
  const { generator, discriminator, reconstructionLoss, adversarialLoss, adversarialWeight } = result;
  optimizers.generator.step(generator.gradients, { learningRate });
  if (discriminator) optimizers.discriminator.step(discriminator.gradients, { learningRate });
  const [generatorLoss, ofDiscriminator, ...others] = [
    generator.value,
    discriminator?.value,
    reconstructionLoss,
    adversarialLoss,
    adversarialWeight,
  ].map((loss) => loss?.dataSync()[0] ?? 0) as [number, number, number, number, number];
  tf.dispose([...generator.gradients.values(), ...(discriminator?.gradients.values() ?? [])]);
  tf.dispose([generator.value, discriminator?.value, reconstructionLoss, adversarialLoss, adversarialWeight]);
  result.reconstruction.dispose();
  return {
    generatorLoss,
    discriminatorLoss: ofDiscriminator,
    reconstructionLoss: others[0],
    adversarialLoss: others[1],
    adversarialWeight: others[2],
  };
}
