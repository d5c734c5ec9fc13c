import '@crossmodal/backend-onnx';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Rng, useBackend } from '@crossmodal/core';
import { CLIPImageProcessor, trainByteLevelBPE } from '@crossmodal/processing';
import { expectClose } from '@crossmodal/test-utils';
import {
  AutoProcessor,
  AutoTokenizer,
  CLIPTextModelWithProjection,
  CLIPVisionModelWithProjection,
  env,
  pipeline,
  RawImage,
} from '@huggingface/transformers';
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BagOfTokensEncoder } from './bag-of-tokens-encoder';
import { CLIP } from './clip';
import { encodeImages, encodeTexts } from './encode-batches';
import { type ExportedCLIP, exportCLIP } from './export-clip';
import { loadCLIP } from './load-clip';
import { logitsPerImage } from './logits-per-image';
import { ResidualVisionEncoder } from './residual-vision-encoder';

const published = fileURLToPath(new URL('../golden/whole-path/', import.meta.url));
const LABELS = ['cat', 'a dog', 'no'];

/** Of the size that images are resized to: transformers.js resizes otherwise than the original. */
function noise(
  width: number,
  height: number,
): { width: number; height: number; data: Uint8Array; channels: 3 } {
  const rng = new Rng(width);
  const data = Uint8Array.from({ length: width * height * 3 }, () => rng.integer(256));
  return { width, height, data, channels: 3 };
}

/** [labels], logits of the picture. */
async function ourLogits(
  model: Omit<ExportedCLIP, 'files'>,
  image: ReturnType<typeof noise>,
  texts: string[],
) {
  const { clip, tokenizer, imageProcessor } = model;
  const images = await encodeImages(clip, imageProcessor, [image]);
  const features = await encodeTexts(clip, tokenizer, texts);
  const logits = tf.tidy(() =>
    logitsPerImage(
      clip.outputOf(
        tf.tensor2d(images, [1, clip.projectionDim]),
        tf.tensor2d(features, [texts.length, clip.projectionDim]),
      ),
    ),
  );
  const values = logits.dataSync();
  logits.dispose();
  return Array.from(values);
}

const softmax = (logits: number[]) => {
  const powers = logits.map((x) => Math.exp(x - Math.max(...logits)));
  return powers.map((x) => x / powers.reduce((a, b) => a + b));
};

describe('exportCLIP', () => {
  let folder: string;
  beforeAll(async () => {
    await useBackend('onnx');
    folder = await mkdtemp(join(tmpdir(), 'export-clip-'));
    Object.assign(env, { allowRemoteModels: false, localModelPath: folder, useFSCache: false });
  });
  afterAll(() => rm(folder, { recursive: true }));

  /** Scores by label of transformers.js' own pipeline. */
  async function theirScores(name: string, image: ReturnType<typeof noise>, dtype: 'fp32' | 'fp16' | 'q8') {
    const classify = await pipeline('zero-shot-image-classification', name, { dtype });
    const raw = new RawImage(new Uint8ClampedArray(image.data), image.width, image.height, 3);
    const output = (await classify(raw, LABELS, { hypothesis_template: 'a photo of {}' })) as {
      label: string;
      score: number;
    }[];
    await classify.dispose();
    return LABELS.map((label) => output.find((o) => o.label === label)!.score);
  }

  it.each([
    ['clip', 9],
    ['chinese-clip', 8],
    ['siglip', 8],
  ])('writes a %s that transformers.js classifies with as we do', async (family, edge) => {
    const model = await loadCLIP(join(published, family));
    const reports = await exportCLIP(model, join(folder, family));
    expect(Object.keys(reports)).toEqual([
      'onnx/model.onnx',
      'onnx/vision_model.onnx',
      'onnx/text_model.onnx',
    ]);
    const image = noise(edge, edge);
    const texts = LABELS.map((label) => `a photo of ${label}`);
    const logits = await ourLogits(model, image, texts);
    const expected = family === 'siglip' ? logits.map((x) => 1 / (1 + Math.exp(-x))) : softmax(logits);
    expectClose(await theirScores(family, image, 'fp32'), expected, { absolute: 1e-4 });
  });

  it('writes towers that transformers.js runs alone', async () => {
    const model = await loadCLIP(join(published, 'clip'));
    await exportCLIP(model, join(folder, 'towers'));
    const image = noise(9, 9);
    const texts = ['a photo of cat', 'a dog'];

    const textModel = await CLIPTextModelWithProjection.from_pretrained('towers', { dtype: 'fp32' });
    const tokenizer = await AutoTokenizer.from_pretrained('towers');
    const { text_embeds: textEmbeds } = await textModel(tokenizer(texts, { padding: true }));
    const [rows, dim] = textEmbeds.dims as [number, number];
    const features = await encodeTexts(model.clip, model.tokenizer, texts);
    expectClose(textEmbeds.normalize(2, -1).data, features, { absolute: 1e-5 });
    expect([rows, dim]).toEqual([2, model.clip.projectionDim]);

    const visionModel = await CLIPVisionModelWithProjection.from_pretrained('towers', { dtype: 'fp32' });
    const processor = await AutoProcessor.from_pretrained('towers');
    const raw = new RawImage(new Uint8ClampedArray(image.data), image.width, image.height, 3);
    const { image_embeds: imageEmbeds } = await visionModel(await processor(raw));
    // As transformers has it, not of unit length.
    expect(Math.hypot(...(imageEmbeds.data as Float32Array))).not.toBeCloseTo(1, 2);
    const imageFeatures = await encodeImages(model.clip, model.imageProcessor, [image]);
    expectClose(imageEmbeds.normalize(2, -1).data, imageFeatures, { absolute: 1e-5 });
    await Promise.all([textModel.dispose(), visionModel.dispose()]);
  });

  it('writes a model of its own, trained tokenizer and all, with smaller weights', async () => {
    const corpus = ['a photo of a cat', 'a photo of two dogs', 'no photo at all', 'an emoji of a cat'];
    const tokenizer = await trainByteLevelBPE(corpus, {
      vocabSize: 300,
      specialTokens: ['<pad>'],
      padToken: '<pad>',
    });
    const rng = new Rng(4);
    const clip = new CLIP({
      visionEncoder: new ResidualVisionEncoder({
        imageSize: 16,
        stages: [
          { channels: 12, blocks: 1 },
          { channels: 20, blocks: 1 },
        ],
        rng,
      }),
      textEncoder: new BagOfTokensEncoder({
        vocabSize: tokenizer.vocabSize,
        hiddenSize: 48,
        contextLength: 32,
        rng,
      }),
      projectionDim: 40,
      rng,
    });
    const imageProcessor = new CLIPImageProcessor({
      size: { width: 16, height: 16 },
      cropSize: null,
    });
    const files = {
      'tokenizer.json': JSON.stringify(tokenizer.toJSON()),
      'tokenizer_config.json': JSON.stringify({ ...tokenizer.toConfigJSON(), model_max_length: 32 }),
    };
    const model = { clip, tokenizer, imageProcessor, files };
    const reports = await exportCLIP(model, join(folder, 'own'), { dtypes: ['float32', 'float16', 'int8'] });
    expect((await readdir(join(folder, 'own'))).sort()).toEqual([
      'config.json',
      'onnx',
      'preprocessor_config.json',
      'tokenizer.json',
      'tokenizer_config.json',
    ]);
    expect((await readdir(join(folder, 'own/onnx'))).sort()).toEqual(
      ['model', 'text_model', 'vision_model'].flatMap((name) =>
        ['.onnx', '_fp16.onnx', '_quantized.onnx'].map((end) => name + end),
      ),
    );
    expect(reports['onnx/model_quantized.onnx']!.bytes).toBeLessThan(0.6 * reports['onnx/model.onnx']!.bytes);
    const image = noise(16, 16);
    const texts = LABELS.map((label) => `a photo of ${label}`);
    const expected = softmax(await ourLogits(model, image, texts));
    expectClose(await theirScores('own', image, 'fp32'), expected, { absolute: 1e-4 });
    expectClose(await theirScores('own', image, 'fp16'), expected, { absolute: 5e-3 });
    expectClose(await theirScores('own', image, 'q8'), expected, { absolute: 5e-2 });
    clip.dispose();
  });

  it('leaves no tensors behind', async () => {
    const model = await loadCLIP(join(published, 'siglip'));
    const before = tf.memory().numTensors;
    await exportCLIP(model, join(folder, 'again'));
    expect(tf.memory().numTensors).toBe(before);
  });

  it('says what does not fit', async () => {
    const model = await loadCLIP(join(published, 'clip'));
    await expect(exportCLIP(model, folder, { dtypes: ['int4' as 'int8'] })).rejects.toThrow(
      'exportCLIP: dtypes: expected some of float32, float16, int8, received int4.',
    );
    await expect(exportCLIP({ ...model, files: {} }, folder)).rejects.toThrow(
      'loadTokenizerFiles: files: expected tokenizer.json, vocab.txt,',
    );
  });
});
