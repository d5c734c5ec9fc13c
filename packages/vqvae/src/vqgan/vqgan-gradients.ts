import {
  ConfigError,
  type Conv2d,
  customOp,
  type ForwardContext,
  Parameter,
  type ValueAndGradients,
  valueAndGrad,
} from '@crossmodal/core';
import * as tf from '@tensorflow/tfjs-core';
import { adaptiveWeight } from './adaptive-weight';
import { type DiscriminatorLoss, generatorLoss, hingeDiscriminatorLoss } from './gan-losses';
import { onOwnTape } from './on-own-tape';
import type { PatchDiscriminator } from './patch-discriminator';
import type { PerceptualLoss } from './perceptual-loss';
import type { VQGAN } from './vqgan';

export interface VQGANNetworks {
  model: VQGAN;
  discriminator: PatchDiscriminator;
  /** Default: none, which leaves reconstructions to the distance of pixels and the discriminator. */
  perceptualLoss?: PerceptualLoss | undefined;
}

export interface VQGANLossOptions {
  /** Steps done so far. */
  step: number;
  /** The step from which on there is a discriminator: when reconstructions are good already. Default 0. */
  discriminatorStart?: number | undefined;
  /** Multiplies the adaptive weight of the adversarial loss. Default 0.8. */
  discriminatorWeight?: number | undefined;
  /** Default 1. */
  perceptualWeight?: number | undefined;
  /** Of the quantizer's loss. Default 1. */
  codebookWeight?: number | undefined;
  /** Default {@link hingeDiscriminatorLoss}. */
  discriminatorLoss?: DiscriminatorLoss | undefined;
}

export interface VQGANGradients {
  /** Loss and gradients of the model. */
  generator: ValueAndGradients;
  /** Loss and gradients of the discriminator; undefined before it starts. */
  discriminator: ValueAndGradients | undefined;
  /** [batch, height, width, 3] */
  reconstruction: tf.Tensor4D;
  /** [], mean distance of pixels, and the perceptual one, weighted. */
  reconstructionLoss: tf.Scalar;
  /** [], unweighted; 0 before the discriminator starts. */
  adversarialLoss: tf.Scalar;
  /** [], what multiplies it: the adaptive weight times `discriminatorWeight`. */
  adversarialWeight: tf.Scalar;
}

/** What the reconstruction is judged by, and its gradient. */
type Judgement = Pick<VQGANGradients, 'reconstructionLoss' | 'adversarialLoss' | 'adversarialWeight'> & {
  /** [batch, height, width, 3], of the weighted sum of both losses. */
  gradient: tf.Tensor;
};

/**
 * The losses of VQGAN's two networks on a batch, with their gradients: the generator's is the mean absolute error plus
 * the perceptual distance, plus the quantizer's loss, plus the adversarial loss with an adaptive weight; the
 * discriminator's is of the same reconstruction. Esser et al. 2021, equations 5 to 7.
 *
 * @param pixels float32 [batch, height, width, 3], from -1 to 1
 * @param context Default: training, without a generator of random numbers.
 * @returns Everything; the caller disposes it.
 * @throws ConfigError when the decoder's last layer is frozen.
 * @example
 * const { generator, discriminator } = vqganGradients({ model, discriminator, perceptualLoss }, pixels, { step });
 * optimizer.step(generator.gradients, { learningRate });
 * if (discriminator) discriminatorOptimizer.step(discriminator.gradients, { learningRate });
 */
export function vqganGradients(
  networks: VQGANNetworks,
  pixels: tf.Tensor4D,
  options: VQGANLossOptions,
  context: ForwardContext = { training: true },
): VQGANGradients {
  const { model, discriminator } = networks;
  const { step, discriminatorStart = 0, codebookWeight = 1 } = options;
  const { discriminatorLoss = hingeDiscriminatorLoss } = options;
  let reconstruction: tf.Tensor4D | undefined;
  let judgement: Judgement | undefined;
  const generator = valueAndGrad(() => {
    const { quantized, loss } = model.quantize(pixels, context);
    const features = model.decoder.features(model.postQuantConv.forward(quantized as tf.Tensor4D), context);
    const pictures = model.decoder.convOut.forward(features);
    reconstruction = tf.keep(pictures.clone());
    judgement = onOwnTape(() => judge(networks, pixels, features, pictures, options, context));
    return tf.add(judgedLoss(pictures, judgement), tf.mul(loss, codebookWeight)) as tf.Scalar;
  }, model.namedParameters());
  const { gradient, ...losses } = judgement!;
  gradient.dispose();
  const fake = reconstruction!;
  const ofDiscriminator =
    step < discriminatorStart
      ? undefined
      : valueAndGrad(
          () =>
            discriminatorLoss(discriminator.forward(pixels, context), discriminator.forward(fake, context)),
          discriminator.namedParameters(),
        );
  return { generator, discriminator: ofDiscriminator, reconstruction: fake, ...losses };
}

/** The losses of a reconstruction, with their gradient; the tensors outlive `tf.tidy`. */
function judge(
  { model, discriminator, perceptualLoss }: VQGANNetworks,
  pixels: tf.Tensor4D,
  features: tf.Tensor4D,
  reconstruction: tf.Tensor4D,
  { step, discriminatorStart = 0, discriminatorWeight = 0.8, perceptualWeight = 1 }: VQGANLossOptions,
  context: ForwardContext,
): Judgement {
  return tf.tidy(() => {
    const ofPixels = gradientOf(reconstruction, (x) => {
      const distance = tf.mean(tf.abs(tf.sub(pixels, x))) as tf.Scalar;
      if (!perceptualLoss) return distance;
      return tf.add(distance, tf.mul(tf.mean(perceptualLoss.forward(pixels, x)), perceptualWeight));
    });
    let result: Judgement = {
      reconstructionLoss: ofPixels.value,
      adversarialLoss: tf.scalar(0),
      adversarialWeight: tf.scalar(0),
      gradient: ofPixels.gradient,
    };
    if (step >= discriminatorStart) {
      const ofGan = gradientOf(reconstruction, (x) => generatorLoss(discriminator.forward(x, context)));
      const { convOut } = model.decoder;
      const ratio = adaptiveWeight(
        weightGradient(convOut, features, ofPixels.gradient),
        weightGradient(convOut, features, ofGan.gradient),
      );
      const adversarialWeight = tf.mul(ratio, discriminatorWeight) as tf.Scalar;
      result = {
        reconstructionLoss: ofPixels.value,
        adversarialLoss: ofGan.value,
        adversarialWeight,
        gradient: tf.add(ofPixels.gradient, tf.mul(ofGan.gradient, adversarialWeight)),
      };
    }
    for (const tensor of Object.values(result)) tf.keep(tensor);
    return result;
  });
}

/** The judged losses' weighted sum, [], with the gradient that is known already. */
function judgedLoss(pictures: tf.Tensor4D, judgement: Judgement): tf.Scalar {
  const { reconstructionLoss, adversarialLoss, adversarialWeight, gradient } = judgement;
  return customOp<tf.Scalar>(
    { pictures },
    (save) => {
      save([gradient]);
      return tf.add(reconstructionLoss, tf.mul(adversarialLoss, adversarialWeight));
    },
    (dy, [gradient]) => ({ pictures: () => tf.mul(gradient!, dy) }),
  );
}

/** A loss of pictures and its gradient, [batch, height, width, 3]. */
function gradientOf(
  pictures: tf.Tensor4D,
  loss: (pictures: tf.Tensor4D) => tf.Scalar,
): { value: tf.Scalar; gradient: tf.Tensor } {
  const variable = new Parameter(tf.clone(pictures));
  const f = () => loss(variable.value as tf.Tensor as tf.Tensor4D);
  const { value, gradients } = valueAndGrad(f, new Map([['pictures', variable]]));
  variable.dispose();
  return { value, gradient: gradients.get('pictures')! };
}

/** The gradient of the last layer's weight, from that of the pictures. */
function weightGradient(convOut: Conv2d, features: tf.Tensor4D, ofPictures: tf.Tensor): tf.Tensor {
  const { weight } = convOut;
  if (!weight.trainable)
    throw new ConfigError("vqganGradients: model: expected the decoder's last layer trained, it is frozen.");
  const f = () => tf.sum(tf.mul(convOut.forward(features), ofPictures)) as tf.Scalar;
  return valueAndGrad(f, new Map([['weight', weight]])).gradients.get('weight')!;
}
