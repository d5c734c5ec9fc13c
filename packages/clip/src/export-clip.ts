import type { ONNXDType, ONNXReport, ToONNXOptions } from '@crossmodal/compile';
import { ConfigError, Rng } from '@crossmodal/core';
import { type FileContents, type FolderHandle, saveModelFiles } from '@crossmodal/hub';
import {
  type ImageProcessor,
  imageProcessorConfig,
  type Tokenizer,
  type TokenizerFiles,
  tokenizerFileNames,
  tokenizerJsonFiles,
} from '@crossmodal/processing';
import * as tf from '@tensorflow/tfjs-core';
import type { CLIP, CLIPInput } from './clip';
import { findPublishedConfig } from './families/families';
import { logitsPerImage } from './logits-per-image';

/** A model with what prepares its inputs, as `loadCLIP` gives it. */
export interface ExportedCLIP {
  clip: CLIP;
  tokenizer: Pick<Tokenizer, 'tokenize'>;
  imageProcessor: Pick<ImageProcessor, 'process' | 'config'>;
  /** Those of the tokenizer: `tokenizer.json` and `tokenizer_config.json`, or what older checkpoints have for them. */
  files: Readonly<FileContents>;
}

export interface ExportCLIPOptions {
  /** How weights are held, in a set of files for each. Default `float32` alone. */
  dtypes?: readonly ONNXDType[] | undefined;
}

/** What transformers.js adds to the names of files. */
const SUFFIXES: Record<ONNXDType, string> = { float32: '', float16: '_fp16', int8: '_quantized' };

/**
 * Writes a model as a folder that transformers.js loads, in browsers and in Node: `config.json`,
 * `preprocessor_config.json`, `tokenizer.json`, `tokenizer_config.json`, and in `onnx/` the graphs `model.onnx` (images
 * and texts to logits), `vision_model.onnx` and `text_model.onnx` (either alone), of which transformers.js takes those
 * with weights as its option `dtype` says: `fp32`, `fp16` or `q8`.
 *
 * @param folder A path in Node, a handle in browsers.
 * @returns What {@link exportONNX} reports, by path in the folder. What smaller weights change is measured on a picture
 *   of noise and two sentences: on yours it may be another.
 * @throws ConfigError or DataError when the files make no tokenizer; TraceError when a tower of your own cannot be
 *   recorded.
 *
 * @example
 * const model = await loadCLIP('openai/clip-vit-base-patch32');
 * await exportCLIP(model, 'public/clip', { dtypes: ['float32', 'int8'] });
 * // With transformers.js: pipeline('zero-shot-image-classification', 'clip', { dtype: 'q8' })
 */
export async function exportCLIP(
  { clip, tokenizer, imageProcessor, files }: ExportedCLIP,
  folder: string | FolderHandle,
  { dtypes = ['float32'] }: ExportCLIPOptions = {},
): Promise<Record<string, ONNXReport>> {
  const unknown = dtypes.find((dtype) => !Object.hasOwn(SUFFIXES, dtype));
  if (unknown !== undefined)
    throw new ConfigError(
      `exportCLIP: dtypes: expected some of ${Object.keys(SUFFIXES).join(', ')}, received ${unknown}.`,
    );
  // Loaded on demand: who trains or runs a model has no use for it.
  const { toONNX } = await import('@crossmodal/compile');
  const config = findPublishedConfig(clip) ?? { model_type: 'clip', projection_dim: clip.projectionDim };
  const known = tokenizerFileNames.filter((name) => files[name] !== undefined);
  const tokenizerFiles = Object.fromEntries(known.map((name) => [name, files[name]])) as TokenizerFiles;
  const json = (value: unknown) => `${JSON.stringify(value, undefined, 2)}\n`;
  await saveModelFiles(folder, {
    'config.json': json(config),
    // Said as CLIP's class does, which can do all steps: transformers.js lacks some of the others.
    'preprocessor_config.json': json(
      imageProcessorConfig({ config: { ...imageProcessor.config, type: 'CLIPImageProcessor' } }),
    ),
    ...tokenizerJsonFiles(tokenizerFiles, { modelType: `${config['model_type']}` }),
  });
  const reports: Record<string, ONNXReport> = {};
  const example = await exampleOf(tokenizer, imageProcessor);
  try {
    for (const [name, { inputs, options }] of Object.entries(graphsOf(clip, example, config)))
      for (const dtype of dtypes) {
        const path = `onnx/${name}${SUFFIXES[dtype]}.onnx`;
        const { model, report } = toONNX(clip, inputs, { ...options, dtype });
        await saveModelFiles(folder, { [path]: model });
        reports[path] = report;
      }
    return reports;
  } finally {
    tf.dispose(Object.values(example));
  }
}

type Example = CLIPInput & { attentionMask: tf.Tensor2D };

async function exampleOf(
  tokenizer: ExportedCLIP['tokenizer'],
  imageProcessor: ExportedCLIP['imageProcessor'],
): Promise<Example> {
  const rng = new Rng(0);
  const data = Uint8Array.from({ length: 256 * 256 * 3 }, () => rng.integer(256));
  const noise = { data, width: 256, height: 256, channels: 3 as const };
  const pixels = await imageProcessor.process([noise, noise]);
  const texts = tokenizer.tokenize(['a photo of a cat on a mat', 'a drawing of two dogs']);
  return {
    pixelValues: tf.tensor4d(pixels.data, pixels.shape),
    inputIds: tf.tensor2d(texts.inputIds, texts.shape, 'int32'),
    attentionMask: tf.tensor2d(texts.attentionMask, texts.shape, 'int32'),
  };
}

/** The three graphs, with the names of inputs and outputs that transformers' models have. */
function graphsOf(clip: CLIP, { pixelValues, inputIds, attentionMask }: Example, config: object) {
  const isSigLIP = (config as { model_type: string }).model_type === 'siglip';
  // SigLIP was trained without a mask, and reads its padding.
  const texts = { inputIds, ...(!isSigLIP && { attentionMask }) };
  const textAxes = (batch: string) => ({
    inputIds: { 0: batch, 1: 'sequence' },
    ...(!isSigLIP && { attentionMask: { 0: batch, 1: 'sequence' } }),
  });
  const channelsFirst = ['pixelValues'];
  const pooled = (embeds: string, vector: tf.Tensor) => ({ [isSigLIP ? 'poolerOutput' : embeds]: vector });
  const graphs: Record<string, { inputs: Record<string, tf.Tensor>; options: ToONNXOptions }> = {
    model: {
      inputs: { ...texts, pixelValues },
      options: {
        channelsFirst,
        dynamicAxes: { ...textAxes('text_batch'), pixelValues: { 0: 'image_batch' } },
        forward: (input: CLIPInput) =>
          tf.tidy(() => {
            const output = clip.forward(input);
            const logits = logitsPerImage(output);
            return {
              logitsPerImage: logits,
              logitsPerText: tf.transpose(logits),
              textEmbeds: output.textFeatures,
              imageEmbeds: output.imageFeatures,
            };
          }),
      },
    },
    // The towers' own vectors are not of unit length there, other than those of the whole model.
    vision_model: {
      inputs: { pixelValues },
      options: {
        channelsFirst,
        dynamicAxes: { pixelValues: { 0: 'batch' } },
        forward: (input: CLIPInput) =>
          tf.tidy(() => {
            const { pooledOutput } = clip.visionModel.forward(input);
            return pooled('imageEmbeds', clip.visualProjection?.forward(pooledOutput) ?? pooledOutput);
          }),
      },
    },
    text_model: {
      inputs: texts,
      options: {
        dynamicAxes: textAxes('batch'),
        forward: (input: CLIPInput) =>
          tf.tidy(() => {
            const { pooledOutput } = clip.textModel.forward(input);
            return pooled('textEmbeds', clip.textProjection?.forward(pooledOutput) ?? pooledOutput);
          }),
      },
    },
  };
  return graphs;
}
