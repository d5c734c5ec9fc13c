import { ConfigError, Conv2d, type Rng } from '@crossmodal/core';
import { checkModelType, type PretrainedFamily } from '@crossmodal/hub';
import type { Quantizer } from '../quantizers/quantizer';
import type { ImageDecoder, ImageEncoder } from './image-coder';
import { VQAutoencoder } from './vq-autoencoder';
import { buildVQVAEParts } from './vqvae-config';

export interface VQVAEOptions {
  encoder: ImageEncoder;
  quantizer: Quantizer;
  decoder: ImageDecoder;
  /** Gives the 1 x 1 convolutions around the quantizer their first values. */
  rng: Rng;
}

/**
 * Autoencoder of pictures whose bottleneck is a map of discrete codes, from any encoder, quantizer and decoder; its
 * loss is the mean squared error of the pixels plus the quantizer's. Van den Oord et al. 2017, equation 3.
 *
 * Built from a configuration, it is saved by `toFiles` and `saveTo`, and read by `VQVAE.fromPretrained`. Of one that is
 * built from parts, `stateDict` has the weights.
 *
 * @throws ConfigError from `toFiles` when it was built from parts.
 * @example
 * const parts = { encoder: new PatchEncoder({ rng }), decoder: new PatchDecoder({ rng }) };
 * const quantizer = new VectorQuantizer({ codebookSize: 512, dim: 32, rng });
 * const vqvae = new VQVAE({ ...parts, quantizer, rng });
 * const { loss } = vqvae.forward(pixels, { training: true, rng });
 * const codes = vqvae.encode(pixels); // [batch, 16, 16] of pictures of 64 x 64
 *
 * const config = {
 *   encoder: { type: 'patch', patch_size: 4, hidden_size: 128 }, // or conv
 *   quantizer: { type: 'ema', codebook_size: 512, dim: 32 }, // vector, cosine, sim, gumbel, fsq, lfq, residual, multi_head
 *   decoder: { type: 'patch', patch_size: 4, hidden_size: 128 },
 * };
 * await VQVAE.fromConfig(config, { rng }).saveTo('my-vqvae');
 */
export class VQVAE extends VQAutoencoder {
  static readonly family: PretrainedFamily<VQVAE> = {
    build(json, rng) {
      checkModelType(json, ['vqvae'], 'VQVAE.fromConfig');
      return VQVAE.withConfig({ ...buildVQVAEParts(json, rng, 'VQVAE.fromConfig'), rng }, json);
    },
  };
  readonly encoder: ImageEncoder;
  readonly quantConv: Conv2d;
  readonly quantizer: Quantizer;
  readonly postQuantConv: Conv2d;
  readonly decoder: ImageDecoder;
  private config: Readonly<Record<string, unknown>> | undefined;

  constructor({ encoder, quantizer, decoder, rng }: VQVAEOptions) {
    super();
    this.encoder = encoder;
    this.quantConv = new Conv2d(encoder.outChannels, quantizer.dim, { kernelSize: 1, rng });
    this.quantizer = quantizer;
    this.postQuantConv = new Conv2d(quantizer.dim, decoder.inChannels, { kernelSize: 1, rng });
    this.decoder = decoder;
  }

  private static withConfig(options: VQVAEOptions, config: Record<string, unknown>): VQVAE {
    const vqvae = new VQVAE(options);
    vqvae.config = config;
    return vqvae;
  }

  protected override configJson(): Record<string, unknown> {
    if (!this.config) {
      throw new ConfigError(
        'VQVAE.toFiles: this model was built from parts, which no config.json describes. ' +
          'Build it by VQVAE.fromConfig, or save its stateDict().',
      );
    }
    return { architectures: ['VQVAE'], model_type: 'vqvae', ...this.config };
  }
}
