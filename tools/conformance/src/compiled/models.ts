import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { CLIP, clipLoss, sigLIPLoss } from '@crossmodal/clip';
import {
  checkpointedBlock,
  type ForwardContext,
  type Module,
  ModuleList,
  Rng,
  softmaxCrossEntropy,
  TransformerBlock,
} from '@crossmodal/core';
import { DALLE, type DALLEOptions, dalleLoss } from '@crossmodal/dalle';
import {
  ALIGNVisionModel,
  BertForMaskedLM,
  BertModel,
  EfficientNetForImageClassification,
  GPT2LMHeadModel,
  LlamaForCausalLM,
  PatchDropout,
  ResNetForImageClassification,
  ViTForImageClassification,
} from '@crossmodal/encoders';
import { createFusion, FusionClassifier, type FusionStrategy } from '@crossmodal/fusion';
import { DVAE, logitLaplaceLoss, VQGAN, VQVAE } from '@crossmodal/vqvae';
import * as tf from '@tensorflow/tfjs-core';

/** A model with what goes in, and one number by which it could be trained. */
export interface ModelCase {
  make(): Promise<Module>;
  /** Tensors and plain data. */
  input(): Record<string, unknown>;
  loss(model: never, input: never, context: ForwardContext): tf.Scalar;
  /** Whether the second and third pass see what the ones before left in variables. Default: one pass. */
  passes?: number;
  /** How far apart values may be, of the greatest of a tensor. Default 2e-5. */
  share?: number;
}

const folder = (path: string) => fileURLToPath(new URL(`../../../../packages/${path}/`, import.meta.url));
const json = (path: string) => JSON.parse(readFileSync(`${folder(path)}config.json`, 'utf8'));
const pixels = (batch: number, height: number, width = height, channels = 3) =>
  tf.tensor4d(new Rng(5).normalArray(batch * height * width * channels), [batch, height, width, channels]);
const ids = (batch: number, length: number, below: number) => {
  const rng = new Rng(6);
  return tf.tensor2d(
    Int32Array.from({ length: batch * length }, () => rng.integer(below)),
    [batch, length],
    'int32',
  );
};
const mask = (batch: number, length: number) =>
  tf.tensor2d(
    Int32Array.from({ length: batch * length }, (_, i) =>
      Number(i % length < length - Math.floor(i / length)),
    ),
    [batch, length],
    'int32',
  );
/** Something of a tensor in one number that depends on all its values. */
const digest = (x: tf.Tensor) => {
  const weights = tf.tensor(new Rng(7).normalArray(x.size), x.shape);
  return tf.mean(tf.mul(tf.square(x), weights)) as tf.Scalar;
};

type Pretrained<M> = { fromPretrained(path: string): Promise<M> };
const golden =
  <M extends Module>(family: Pretrained<M>, path: string) =>
  () =>
    family.fromPretrained(folder(path));
type Forward = Module & { forward(input: never, context?: ForwardContext): Record<string, tf.Tensor> };

/** By what it gives under `name`. */
const by =
  (name: string): ModelCase['loss'] =>
  (model: Forward, input, context) =>
    digest(model.forward(input, context)[name]!);

const imageSize = (path: string): number => json(path).image_size as number;
const ofImages = (
  path: string,
  family: Pretrained<Module>,
  name: string,
  size = imageSize(path),
): ModelCase => ({
  make: golden(family, path),
  input: () => ({ pixelValues: pixels(2, size) }),
  loss: by(name),
  share: 1e-3, // batch norms of few pixels magnify what is rounded
});
const ofTexts = (path: string, family: Pretrained<Module>, name: string, masked = true): ModelCase => ({
  make: golden(family, path),
  input: () => ({ inputIds: ids(2, 5, json(path).vocab_size), ...(masked && { attentionMask: mask(2, 5) }) }),
  loss: by(name),
});

const clipInput = (path: string) => {
  const { text_config: text, vision_config: vision } = json(path);
  return {
    pixelValues: pixels(3, vision.image_size),
    inputIds: ids(3, text.max_position_embeddings, text.vocab_size - 1),
  };
};
const contrastive = (path: string, loss: typeof clipLoss | 'sigLIP'): ModelCase => ({
  make: golden(CLIP, path),
  input: () => clipInput(path),
  loss(model: CLIP, input, context) {
    const { imageFeatures, textFeatures, logitScale, logitBias } = model.forward(input, context);
    if (loss === 'sigLIP') return sigLIPLoss(imageFeatures, textFeatures, logitScale, logitBias!);
    return loss(imageFeatures, textFeatures, logitScale);
  },
});

const vqvae = (quantizer: Record<string, unknown>, passes = 1): ModelCase => ({
  make: async () =>
    VQVAE.fromConfig(
      {
        encoder: { type: 'conv', hidden_size: 6, num_residual_blocks: 1 },
        quantizer,
        decoder: { type: 'conv', hidden_size: 6, num_residual_blocks: 1 },
      },
      { rng: new Rng(1) },
    ),
  input: () => ({ pixels: pixels(2, 8) }),
  loss: (model: VQVAE, { pixels }: { pixels: tf.Tensor4D }, context) => model.forward(pixels, context).loss,
  passes,
});

const dalle = (options: Partial<DALLEOptions>): ModelCase => ({
  make: async () =>
    new DALLE({
      textVocabSize: 11,
      textLength: 5,
      codebookSize: 7,
      gridHeight: 3,
      gridWidth: 4,
      hiddenSize: 28,
      numLayers: 2,
      numHeads: 2,
      intermediateSize: 12,
      kernelSize: 3,
      ...options,
      rng: new Rng(1),
    }),
  input: () => ({ textIds: ids(3, 5, 11), attentionMask: mask(3, 5), imageIds: ids(3, 12, 7) }),
  loss: (model: DALLE, input: { textIds: tf.Tensor2D; imageIds: tf.Tensor2D }, context) =>
    dalleLoss(model.forward(input, context), input.imageIds).loss,
});

const fusion = (strategy: FusionStrategy, options: Record<string, unknown> = {}): ModelCase => ({
  make: async () => {
    const rng = new Rng(1);
    const settings = {
      modalities: { text: 6, image: 4 },
      outputDim: 8,
      modalityDropout: 0.3,
      rng,
      ...options,
    };
    return new FusionClassifier({
      fusion: createFusion({ strategy, ...settings } as never),
      numClasses: 3,
      dropout: 0.1,
      rng,
    });
  },
  input: () => ({
    text: { features: tf.squeeze(pixels(1, 3, 5, 6), [0]), mask: mask(3, 5) },
    image: { features: tf.squeeze(pixels(1, 3, 2, 4), [0]) },
  }),
  loss(model: FusionClassifier, input, context) {
    const { logits, auxiliaryLoss } = model.forward(input, context);
    const loss = softmaxCrossEntropy(logits, tf.tensor1d([0, 2, 1], 'int32')) as tf.Scalar;
    return auxiliaryLoss ? (tf.add(loss, auxiliaryLoss) as tf.Scalar) : loss;
  },
});

const GOLDEN = 'encoders/golden';

export const modelCases: Record<string, ModelCase> = {
  ViT: ofImages(`${GOLDEN}/tiny-vit`, ViTForImageClassification, 'logits'),
  ResNet: ofImages(`${GOLDEN}/tiny-resnet`, ResNetForImageClassification, 'logits', 32),
  'ResNet of basic blocks': ofImages(
    `${GOLDEN}/tiny-resnet-basic`,
    ResNetForImageClassification,
    'logits',
    32,
  ),
  EfficientNet: ofImages(`${GOLDEN}/tiny-efficientnet`, EfficientNetForImageClassification, 'logits', 40),
  'ALIGN, vision': ofImages(`${GOLDEN}/tiny-align-vision`, ALIGNVisionModel, 'pooledOutput', 40),
  BERT: ofTexts(`${GOLDEN}/tiny-bert`, BertModel, 'lastHiddenState'),
  'BERT of masked words': ofTexts(`${GOLDEN}/tiny-bert-mlm`, BertForMaskedLM, 'logits'),
  'GPT-2': ofTexts(`${GOLDEN}/tiny-gpt2`, GPT2LMHeadModel, 'logits'),
  Llama: ofTexts(`${GOLDEN}/tiny-llama`, LlamaForCausalLM, 'logits'),
  Qwen2: ofTexts(`${GOLDEN}/tiny-qwen2`, LlamaForCausalLM, 'logits', false),
  CLIP: contrastive('clip/golden/tiny-clip', clipLoss),
  SigLIP: contrastive('clip/golden/tiny-siglip', 'sigLIP'),
  'VQ-VAE': vqvae({ type: 'vector', codebook_size: 9, dim: 4 }),
  'VQ-VAE by moving averages': vqvae({ type: 'ema', codebook_size: 9, dim: 4 }, 3),
  'VQ-VAE with restarts': vqvae({ type: 'ema', codebook_size: 9, dim: 4, restart_threshold: 1 }, 3),
  'VQ-VAE, Gumbel': vqvae({ type: 'gumbel', codebook_size: 9, dim: 4 }),
  'VQ-VAE, finite scalars': vqvae({ type: 'fsq', levels: [5, 4, 3] }),
  'VQ-VAE, lookup-free': vqvae({ type: 'lfq', codebook_size: 16 }),
  'VQ-VAE, residual': vqvae({
    type: 'residual',
    num_quantizers: 2,
    quantizer: { type: 'vector', codebook_size: 9, dim: 4 },
  }),
  'VQ-VAE, cosine': vqvae({ type: 'cosine', codebook_size: 9, dim: 4 }),
  'VQ-VAE, SimVQ': vqvae({ type: 'sim', codebook_size: 9, dim: 4 }),
  VQGAN: {
    make: async () =>
      VQGAN.fromConfig(
        {
          model_type: 'vqgan',
          ch: 4,
          ch_mult: [1, 2],
          num_res_blocks: 1,
          attn_resolutions: [4],
          resolution: 8,
          z_channels: 6,
          embed_dim: 5,
          n_embed: 11,
          num_groups: 2,
        },
        { rng: new Rng(1) },
      ),
    input: () => ({ pixels: pixels(2, 8) }),
    loss: (model: VQGAN, { pixels }: { pixels: tf.Tensor4D }, context) => model.forward(pixels, context).loss,
  },
  'DALL-E': dalle({}),
  'DALL-E with all': dalle({
    attentionKinds: ['convolution', 'column'],
    positions: 'rotary',
    activation: 'geglu',
    layerScale: 0.1,
    tokenShift: true,
    stableSoftmax: true,
    textDropRate: 0.4,
    dropout: 0.1,
  } as Partial<DALLEOptions>),
  'fusion, concatenated': fusion('concat'),
  'fusion by co-attention': fusion('coAttention', { hiddenSize: 8, numHeads: 2, numLayers: 1 }),
  'fusion by tensors': fusion('tensor'),
  'fusion by experts': fusion('mixtureOfExperts', { jitter: 0.1 }),
  dVAE: {
    make: async () =>
      new DVAE({
        inputChannels: 3,
        hiddenSize: 4,
        vocabSize: 11,
        numGroups: 4,
        numBlocksPerGroup: 1,
        rng: new Rng(1),
      } as never),
    input: () => ({ pixelValues: tf.sigmoid(pixels(2, 8)) }),
    loss(model: DVAE, input: { pixelValues: tf.Tensor4D }, context) {
      const { stats, klDivergence } = model.forward(input, context);
      return tf.add(logitLaplaceLoss(stats, input.pixelValues), klDivergence) as tf.Scalar;
    },
  },
  'blocks that are computed again in the backward pass': {
    make: async () => {
      const rng = new Rng(1);
      const block = () => new TransformerBlock({ hiddenSize: 8, numHeads: 2, dropout: 0.3, rng });
      return new ModuleList([block(), block()]);
    },
    input: () => ({ x: tf.squeeze(pixels(1, 2, 5, 8), [0]) }),
    loss(blocks: ModuleList<TransformerBlock>, { x }: { x: tf.Tensor3D }, context) {
      const again = { ...context, gradientCheckpointing: true };
      let y = x;
      for (const block of blocks) y = checkpointedBlock(block, y, {}, again);
      return digest(y);
    },
  },
  'patches left out': {
    make: async () => new PatchDropout(0.5, { prefixTokens: 1 }),
    input: () => ({ x: tf.squeeze(pixels(1, 2, 7, 4), [0]) }),
    loss: (model: PatchDropout, { x }: { x: tf.Tensor3D }, context) => digest(model.forward(x, context)),
  },
};
