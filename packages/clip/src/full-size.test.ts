// Published architectures in their full size, once: as many parameters as published, and one pass forward.
import '@crossmodal/backend-onnx';
import { type Module, Rng } from '@crossmodal/core';
import {
  BertModel,
  type CLIPTextTransformer,
  type CLIPVisionTransformer,
  ResNetForImageClassification,
  readBertConfig,
  resNet50,
} from '@crossmodal/encoders';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { CLIP } from './clip';
import { logitsPerImage } from './logits-per-image';
import { clipViTB32, clipViTL14 } from './presets';

/** Random values, of which a million are drawn and then repeated: half a gigabyte of its own takes half a minute. */
class RepeatingRng extends Rng {
  private readonly drawn = new Rng(1).normalArray(2 ** 20);

  override normalArray(size: number, mean = 0, std = 1): Float32Array {
    const block = this.drawn.subarray(0, size).map((x) => mean + std * x);
    const values = new Float32Array(size);
    for (let start = 0; start < size; start += block.length)
      values.set(block.subarray(0, size - start), start);
    return values;
  }

  override uniformArray(size: number, low = 0, high = 1): Float32Array {
    return this.normalArray(size, (low + high) / 2, (high - low) / 4);
  }

  override split(): Rng {
    return this;
  }
}

const rng = new RepeatingRng(0);
const pixels = (size: number) => tf.tensor4d(rng.normalArray(size * size * 3), [1, size, size, 3]);
const ids = (...values: number[]) => tf.tensor2d(values, [1, values.length], 'int32');
const clipForward = (clip: CLIP<CLIPVisionTransformer, CLIPTextTransformer>) =>
  logitsPerImage(clip.forward({ pixelValues: pixels(224), inputIds: ids(49406, 320, 2368, 49407) }));

interface Model<M extends Module> {
  parameters: number;
  build: () => M;
  forward: (model: M) => tf.Tensor;
  shape: number[];
}
const model = <M extends Module>(entry: Model<M>) => entry as unknown as Model<Module>;

const MODELS: Record<string, Model<Module>> = {
  'openai/clip-vit-base-patch32': model({
    parameters: 151_277_313,
    build: () => CLIP.fromConfig(clipViTB32.config, { rng }),
    forward: clipForward,
    shape: [1, 1],
  }),
  'openai/clip-vit-large-patch14': model({
    parameters: 427_616_513,
    build: () => CLIP.fromConfig(clipViTL14.config, { rng }),
    forward: clipForward,
    shape: [1, 1],
  }),
  'google-bert/bert-base-uncased': model({
    parameters: 109_482_240,
    build: () => new BertModel({ ...readBertConfig({ model_type: 'bert' }), rng }),
    forward: (bert) => bert.forward({ inputIds: ids(101, 7592, 2088, 102) }).pooledOutput,
    shape: [1, 768],
  }),
  'microsoft/resnet-50': model({
    parameters: 25_557_032,
    build: () => new ResNetForImageClassification({ ...resNet50.config, rng }),
    forward: (resnet) => resnet.forward({ pixelValues: pixels(224) }).logits,
    shape: [1, 1000],
  }),
};

describe('in full size', () => {
  beforeAll(async () => {
    await tf.setBackend('onnx');
  });

  it.each(Object.entries(MODELS))(
    '%s',
    (name, { parameters, build, forward, shape }) => {
      const model = build();
      expect(model.parameterCount().total).toBe(parameters);
      const values = () => tf.tidy(() => Array.from(forward(model).dataSync()));
      values(); // engines prepare on the first pass
      const began = performance.now();
      const result = values();
      const ms = performance.now() - began;
      expect(result).toHaveLength(shape.reduce((a, b) => a * b));
      expect(result.every(Number.isFinite)).toBe(true);
      expect(new Set(result.map((x) => x.toFixed(6))).size).toBeGreaterThan(result.length / 2);
      const megabytes = process.memoryUsage().rss / 2 ** 20;
      console.log(
        `${name}: ${(parameters / 1e6).toFixed(1)} M parameters, a pass in ${ms.toFixed(0)} ms, ${megabytes.toFixed(0)} MB resident`,
      );
      model.dispose();
    },
    240_000,
  );
});
