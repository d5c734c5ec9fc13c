import { Conv2d, type Rng, type TensorReader } from '@crossmodal/core';
import { type ModelFiles, openWeights, type PretrainedFamily } from '@crossmodal/hub';
import { GumbelQuantizer } from '../quantizers/gumbel-quantizer';
import { VectorQuantizer } from '../quantizers/vector-quantizer';
import { VQAutoencoder } from '../vqvae/vq-autoencoder';
import { flaxVQGANTensors, isFlaxVQGAN } from './flax-tensors';
import { VQGANDecoder, VQGANEncoder } from './vqgan-coders';
import { readVQGANConfig, type VQGANConfig, writeVQGANConfig } from './vqgan-config';

/** What taming-transformers' quantizer has as the weight of one of its losses. */
const BETA = 0.25;

/**
 * The autoencoder with a codebook that text-to-image models draw with. Esser et al. 2021, section 3.1. It takes
 * pixels from -1 to 1, and gives them, not clamped.
 *
 * Reads taming-transformers' checkpoints (`last.ckpt`, with its YAML configuration as JSON in `config.json`; what
 * belongs to its training is passed over) and dalle-mini's (`flax_model.msgpack`); writes taming-transformers' names.
 * dalle-mini's own code ran every attention of a size after each block there; this runs each once, as the weights
 * were trained.
 *
 * Its `loss` is that of a VQ-VAE; {@link vqganGradients} has the one that makes pictures sharp.
 *
 * @example
 * const vqgan = await VQGAN.fromPretrained('dalle-mini/vqgan_imagenet_f16_16384');
 * const codes = vqgan.encode(pixels); // [batch, 16, 16] of pictures of 256 x 256
 * const pictures = vqgan.decode(codes);
 */
export class VQGAN extends VQAutoencoder {
  static readonly family: PretrainedFamily<VQGAN> = {
    build: (json, rng) => new VQGAN({ ...readVQGANConfig(json, 'VQGAN.fromPretrained'), rng }),
    open: openVQGANWeights,
    convert: (weights) => (isFlaxVQGAN(weights) ? flaxVQGANTensors(weights) : weights),
    prefix: 'model',
    ignore: [/^(model\.)?loss\./, /^(model_)?ema\./],
  };
  static override readonly checkpointKeys = {
    'quantizer.embedding': ['quantize.embedding', 'quantize.embed'],
    quantizer: 'quantize',
  };
  readonly encoder: VQGANEncoder;
  readonly quantConv: Conv2d;
  readonly quantizer: VectorQuantizer | GumbelQuantizer;
  readonly postQuantConv: Conv2d;
  readonly decoder: VQGANDecoder;
  readonly config: VQGANConfig;

  constructor({ rng, ...config }: VQGANConfig & { rng: Rng }) {
    super();
    const { zChannels, embedDim: dim, nEmbed: codebookSize } = config;
    this.encoder = new VQGANEncoder({ ...config, rng });
    this.quantConv = new Conv2d(zChannels, dim, { kernelSize: 1, rng });
    const options = { codebookSize, dim, rng };
    this.quantizer =
      config.quantizer === 'gumbel'
        ? new GumbelQuantizer(options)
        : new VectorQuantizer({ ...options, commitmentWeight: BETA, legacyBeta: true });
    this.postQuantConv = new Conv2d(dim, zChannels, { kernelSize: 1, rng });
    this.decoder = new VQGANDecoder({ ...config, rng });
    this.config = config;
  }

  protected override configJson(): Record<string, unknown> {
    return { architectures: ['VQGAN'], ...writeVQGANConfig(this.config) };
  }
}

/** Opens a usual file of weights, or else lightning's checkpoint. */
async function openVQGANWeights(files: ModelFiles): Promise<TensorReader> {
  const paths = await files.list();
  const lightning =
    paths.find((path) => path === 'last.ckpt') ?? paths.find((path) => path.endsWith('.ckpt'));
  const usual = paths.some((path) => /\.(safetensors|bin|msgpack)$/.test(path));
  return openWeights(files, { file: usual ? undefined : lightning });
}
