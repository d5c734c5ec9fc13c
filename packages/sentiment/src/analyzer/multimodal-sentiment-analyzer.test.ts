import '@crossmodal/backend-onnx';
import '@tensorflow/tfjs-backend-cpu';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  type ForwardContext,
  hostTensorFromValues,
  Linear,
  Module,
  Rng,
  type StateDict,
  valueAndGrad,
} from '@crossmodal/core';
import { ConcatFusion, type FusionStrategy, fusionStrategies, LateFusion } from '@crossmodal/fusion';
import { filesInMemory } from '@crossmodal/hub';
import { expectClose, expectNoLeak, readGolden } from '@crossmodal/test-utils';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { SpeechEncoder } from '../encoders/speech-encoder';
import { analyzerLoss } from './analyzer-loss';
import type { AudioEncoder, AudioInput } from './audio-encoder';
import type { FusionChoice } from './fusion-choice';
import { MultimodalSentimentAnalyzer } from './multimodal-sentiment-analyzer';
import type { SentimentInputs } from './sentiment-inputs';
import { sentimentTensors } from './sentiment-tensors';
import { goldenPath, picture, tinyAnalyzer } from './testing/tiny-analyzer';

const golden = readGolden(new URL('../../golden/analyzer.safetensors', import.meta.url));
const close = { absolute: 1e-5, relative: 1e-4 };
const TEXTS = ['The movie is good!', '很好', 'a very bad movie and not good', ''];
const axes: Record<string, number[] | undefined> = { linear: [1, 0], conv2d: [3, 2, 0, 1] };

const goldenInputs = (): SentimentInputs => ({
  inputIds: golden.tensor('input_ids') as tf.Tensor2D,
  attentionMask: golden.tensor('attention_mask') as tf.Tensor2D,
  pixelValues: golden.tensor('pixel_values') as tf.Tensor4D,
  imageMask: golden.tensor('image_mask') as tf.Tensor1D,
});

/** With the weights of the recipe's fusion and classifier. */
async function goldenAnalyzer(kind: 'sequence' | 'pooled') {
  const task = kind === 'sequence' ? 'classification' : 'regression';
  const model = await tinyAnalyzer({ features: kind, task, dropout: 0 });
  const start = `${kind}.weights.`;
  const state: StateDict = {};
  for (const name of golden.names.filter((name) => name.startsWith(start))) {
    const { values, shape } = golden.array(name);
    state[name.slice(start.length)] = hostTensorFromValues(values, shape, 'F32');
  }
  const report = model.loadStateDict(state, { strict: false });
  expect(report.unexpected).toEqual([]);
  expect(report.missing.every((key) => /^(text|vision)_encoder\./.test(key))).toBe(true);
  return model;
}

describe.each(['cpu', 'onnx'])('MultimodalSentimentAnalyzer, on %s', (backend) => {
  beforeAll(async () => {
    await tf.setBackend(backend);
  });

  it.each(['sequence', 'pooled'] as const)(
    'computes what PyTorch does, forward and back: %s',
    async (kind) => {
      const model = await goldenAnalyzer(kind);
      expectClose(model.forward(goldenInputs()).logits, golden.tensor(`${kind}.logits`), close);
      const labels = golden.tensor(kind === 'sequence' ? 'labels' : 'scores') as tf.Tensor1D;
      const classWeights = kind === 'sequence' ? [0.5, 2, 1] : undefined;
      const { value, gradients } = valueAndGrad(
        () => analyzerLoss(model.forward(goldenInputs()).logits, labels, model.task, { classWeights }),
        model.trainableParameters(),
      );
      expectClose(value, golden.tensor(`${kind}.loss`), close);
      const named = model.namedParameters();
      const start = `${kind}.grad.`;
      const compared = golden.names.filter((name) => name.startsWith(start));
      expect(compared).toHaveLength(10);
      for (const name of compared) {
        const key = name.slice(start.length);
        const layout = axes[named.get(key)!.layout];
        const gradient = gradients.get(key)!;
        expectClose(layout ? tf.transpose(gradient, layout) : gradient, golden.tensor(name), {
          absolute: 1e-5,
          relative: 1e-3,
        });
      }
    },
  );

  it('makes the same inputs of words and pictures, what is missing masked', async () => {
    const model = await tinyAnalyzer();
    const samples = TEXTS.map((text, i) => ({ text, image: i === 2 ? undefined : picture(i) }));
    const { inputIds, attentionMask, pixelValues, imageMask } = await sentimentTensors(
      samples,
      model.processors,
      TEXTS,
    );
    expectClose(inputIds!, golden.tensor('input_ids'), { absolute: 0, relative: 0 });
    expectClose(attentionMask!, golden.tensor('attention_mask'), { absolute: 0, relative: 0 });
    expectClose(pixelValues!, golden.tensor('pixel_values'), { absolute: 1 / 255, relative: 0 });
    expectClose(imageMask!, golden.tensor('image_mask'), { absolute: 0, relative: 0 });
  });

  it('does not see what is masked, and takes a modality away for a whole batch', async () => {
    const model = await goldenAnalyzer('sequence');
    const inputs = goldenInputs();
    const { logits } = model.forward(inputs);
    const third = tf.tensor4d([0, 0, 9, 0], [4, 1, 1, 1]);
    const pixelValues = tf.add(inputs.pixelValues!, third) as tf.Tensor4D; // of the sample without a picture
    expectClose(model.forward({ ...inputs, pixelValues }).logits, logits, { absolute: 0, relative: 0 });
    const { inputIds, attentionMask } = inputs;
    const alone = model.forward({ inputIds, attentionMask }).logits;
    const same = model.forward({ ...inputs, imageMask: tf.zeros([4]) }).logits;
    expectClose(alone, same, close);
    expectClose(tf.slice(alone, 2, 1), tf.slice(logits, 2, 1), close); // it has no picture anyway
    expect(tf.max(tf.abs(tf.sub(alone, logits))).dataSync()[0]).toBeGreaterThan(0.05);
    const { pixelValues: pictures, imageMask } = inputs;
    const seen = model.forward({ pixelValues: pictures, imageMask }).logits;
    expectClose(tf.slice(seen, 3, 1), tf.slice(logits, 3, 1), close); // it has no text anyway
  });

  it('leaks nothing', async () => {
    const model = await goldenAnalyzer('sequence');
    const inputs = goldenInputs();
    expectNoLeak(() => tf.dispose({ ...model.forward(inputs) }));
    expectNoLeak(() => tf.dispose(model.encode(inputs)));
  });
});

describe('MultimodalSentimentAnalyzer', () => {
  beforeAll(async () => {
    await tf.setBackend('cpu');
  });

  it('names parameters after what they are in', async () => {
    const keys = [...(await tinyAnalyzer()).namedParameters().keys()];
    expect(keys).toContain('text_encoder.encoder.layer.0.attention.self.query.weight');
    expect(keys).toContain('vision_encoder.embeddings.patch_embeddings.projection.weight');
    expect(keys).toContain('fusion.fc1.weight');
    expect(keys).toContain('classifier.bias');
    expect(new Set(keys.map((key) => key.split('.')[0]))).toEqual(
      new Set(['text_encoder', 'vision_encoder', 'fusion', 'classifier']),
    );
  });

  it('comes back as it was saved, from a folder and from memory', async () => {
    const model = await tinyAnalyzer({
      labels: ['bad', 'good'],
      features: 'pooled',
      dropout: 0.25,
      contextLength: 12,
    });
    const folder = await mkdtemp(join(tmpdir(), 'analyzer-'));
    try {
      await model.saveTo(folder);
      const files = await model.toFiles();
      const memory = Object.fromEntries(
        Object.entries(files).map(([name, content]) => [
          name,
          Array.isArray(content) ? new Uint8Array(Buffer.concat(content)) : (content as Uint8Array | string),
        ]),
      );
      expect(Object.keys(files).sort()).toEqual([
        'config.json',
        'model.safetensors',
        'preprocessor_config.json',
        'tokenizer_config.json',
        'vocab.txt',
      ]);
      const sample = { text: 'a good movie', image: picture(0) };
      const said = await model.predict(sample);
      for (const source of [folder, filesInMemory(memory)]) {
        const again = await MultimodalSentimentAnalyzer.load(source);
        expect(await again.stateDict()).toEqual(await model.stateDict());
        expect(again.labels).toEqual(['bad', 'good']);
        expect([again.task, again.features, again.head.dropout.rate]).toEqual([
          'classification',
          'pooled',
          0.25,
        ]);
        expect(await again.predict(sample)).toEqual(said);
        expect(Object.keys(await again.toFiles()).sort()).toEqual(Object.keys(files).sort());
        expect((await again.toFiles())['config.json']).toBe(files['config.json']);
      }
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it.each(['clip', 'chinese-clip', 'siglip'])(
    'takes the towers of a %s, and comes back with them',
    async (family) => {
      const source = fileURLToPath(new URL(`../../../clip/golden/whole-path/${family}`, import.meta.url));
      const model = await tinyAnalyzer({}, { text: source, image: source });
      const samples = [{ text: 'a photo of a cat', image: picture(0) }, { text: 'a dog, quick!' }];
      const said = await model.predict(samples);
      const files = await model.toFiles();
      const memory = Object.entries(files).map(([name, content]) => [
        name,
        Array.isArray(content) ? new Uint8Array(Buffer.concat(content)) : content,
      ]);
      const again = await MultimodalSentimentAnalyzer.load(filesInMemory(Object.fromEntries(memory)));
      expect(await again.predict(samples)).toEqual(said);
      const ids = (m: MultimodalSentimentAnalyzer) => sentimentTensors(samples, m.processors, []);
      expect((await ids(again)).inputIds!.arraySync()).toEqual((await ids(model)).inputIds!.arraySync());
      if (family === 'siglip')
        expect((await ids(again)).inputIds!.shape[1]).toBe(model.textEncoder!.contextLength);
    },
  );

  it('takes and gives back a sound encoder and a fusion of ones own', async () => {
    const build = () => ({
      audioEncoder: new FrameEncoder(new Rng(4)),
      fusion: new ConcatFusion({ modalities: { audio: 5 }, outputDim: 4, rng: new Rng(5) }),
    });
    const model = new MultimodalSentimentAnalyzer({ ...build(), rng: new Rng(6) });
    const audioMask = tf.tensor2d(
      [
        [1, 1, 0],
        [0, 0, 0],
      ],
      undefined,
      'int32',
    );
    const audioValues = tf.randomNormal([2, 3, 2], 0, 1, 'float32', 7) as tf.Tensor3D;
    const { logits, fused } = model.forward({ audioValues, audioMask });
    expect(logits.shape).toEqual([2, 3]);
    expectClose(tf.slice(fused, 1, 1), tf.zeros([1, 4])); // the second has no sound
    const files = await model.toFiles();
    const memory = filesInMemory({
      'config.json': files['config.json'] as string,
      'model.safetensors': new Uint8Array(Buffer.concat(files['model.safetensors'] as Uint8Array[])),
    });
    await expect(MultimodalSentimentAnalyzer.load(memory)).rejects.toThrow(
      'MultimodalSentimentAnalyzer.load: fusion: the model was saved with one of its own; give it again.',
    );
    const again = await MultimodalSentimentAnalyzer.load(memory, build());
    expectClose(again.forward({ audioValues, audioMask }).logits, logits);
  });

  it('has no classifier after late fusion', async () => {
    const model = await tinyAnalyzer({ fusion: 'average' });
    const { logits, fused } = model.forward(goldenInputs());
    expect(logits.shape).toEqual([4, 3]);
    expectClose(logits, fused, { absolute: 0, relative: 0 });
    expect([...model.namedParameters().keys()].some((key) => key.startsWith('classifier.'))).toBe(false);
  });

  it.each(Object.keys(fusionStrategies) as FusionStrategy[])('takes the strategy %s', async (strategy) => {
    const more = strategy === 'film' ? { conditioning: 'text' } : {};
    const isLate = fusionStrategies[strategy].create.prototype instanceof LateFusion;
    const fusion = { strategy, ...(!isLate && { outputDim: 8 }), ...more } as FusionChoice;
    const model = await tinyAnalyzer({ fusion });
    const { logits } = model.forward(goldenInputs());
    expect(logits.shape).toEqual([4, 3]);
    expect(logits.dataSync().every(Number.isFinite)).toBe(true);
    const { inputIds } = goldenInputs();
    expect(model.forward({ inputIds }).logits.dataSync().every(Number.isFinite)).toBe(true);
    expect(JSON.parse((await model.toFiles())['config.json'] as string).fusion).toEqual(fusion);
  });

  it("masks what is padding to a speech encoder's fewer frames", async () => {
    const audioEncoder = new SpeechEncoder({ numMels: 8, hiddenSize: 8, numLayers: 1, rng: new Rng(2) });
    const model = new MultimodalSentimentAnalyzer({ audioEncoder, fusion: 'concat', rng: new Rng(3) });
    const audioValues = tf.randomNormal([2, 12, 8], 0, 1, 'float32', 5) as tf.Tensor3D;
    const audioMask = tf.tensor2d(
      [12, 8].flatMap((n) => Array.from({ length: 12 }, (_, i) => +(i < n))),
      [2, 12],
      'int32',
    );
    const { logits } = model.forward({ audioValues, audioMask });
    const alone = model.forward({ audioValues: tf.slice(audioValues, [1, 0, 0], [1, 8, 8]) });
    expectClose(alone.logits, tf.slice(logits, 1, 1), close);
  });

  it('freezes embeddings with the first layers', async () => {
    const model = await tinyAnalyzer();
    expect(model.freeze({ layers: 1 })).toBeGreaterThan(0);
    const trained = [...model.trainableParameters().keys()];
    expect(trained.some((key) => key.includes('embeddings'))).toBe(false);
    expect(trained.some((key) => /_encoder\.encoder\.layer\.0\./.test(key))).toBe(false);
    expect(trained).toContain('text_encoder.encoder.layer.1.output.dense.weight');
    expect(trained).toContain('vision_encoder.encoder.layer.1.output.dense.weight');
    expect(trained).toContain('vision_encoder.layernorm.weight');
    expect(trained).toContain('classifier.weight');
    model.unfreeze();
    model.freeze({ embeddings: false, layers: 3, encoders: ['text'] });
    expect(model.trainableParameters().has('text_encoder.embeddings.word_embeddings.weight')).toBe(true);
    expect(model.trainableParameters().has('text_encoder.encoder.layer.2.output.dense.weight')).toBe(false);
    expect(model.trainableParameters().has('vision_encoder.encoder.layer.0.output.dense.weight')).toBe(true);
    expect(() => model.freeze({ layers: 3 })).toThrow('freeze: layers: the image encoder has 2, received 3.');
    expect(() => model.freeze({ layers: -1 })).toThrow(
      'freeze: layers: expected an integer from 0, received -1.',
    );
    expect(() => model.freeze({ encoders: ['audio'] })).toThrow(
      'freeze: encoders: expected some of text, image, received audio.',
    );
    expect(model.freeze('vision_encoder')).toBeGreaterThan(0);
  });

  it('says what it takes', async () => {
    const rng = new Rng(0);
    const { textEncoder } = await tinyAnalyzer();
    const fusion = new ConcatFusion({ modalities: { text: 8, image: 6 }, outputDim: 4, rng });
    const build = (options: object) => () =>
      new MultimodalSentimentAnalyzer({ textEncoder, fusion: 'concat', rng, ...options } as never);
    expect(build({ textEncoder: undefined })).toThrow(
      'MultimodalSentimentAnalyzer: expected textEncoder, visionEncoder or audioEncoder, received none.',
    );
    expect(build({ fusion })).toThrow(
      'MultimodalSentimentAnalyzer: fusion: the encoders are text (12), the fusion is of image (6), text (8).',
    );
    expect(build({ fusion: 'mixing' })).toThrow('createFusion: strategy: expected one of');
    expect(build({ labels: ['good', 'good'] })).toThrow(
      'MultimodalSentimentAnalyzer: labels: expected two or more different names, received good, good.',
    );
    expect(build({ task: 'ranking' })).toThrow(
      'MultimodalSentimentAnalyzer: task: expected classification or regression, received ranking.',
    );
    expect(build({ features: 'words' })).toThrow(
      'MultimodalSentimentAnalyzer: features: expected sequence or pooled, received words.',
    );
    expect(build({ fusion: { strategy: 'average', outputDim: 4 } })).toThrow(
      'MultimodalSentimentAnalyzer: fusion: expected outputDim 3 of late fusion, one for each label, received 4.',
    );
    expect(build({ fusion: 'stacking', task: 'regression' })).toThrow(
      'MultimodalSentimentAnalyzer: fusion: late fusion mixes probabilities of classes, and a regression has none. ' +
        'Take another, such as gated.',
    );
    const { pixelValues } = goldenInputs();
    expect(() => build({})().forward({ pixelValues })).toThrow(
      'MultimodalSentimentAnalyzer: inputs: expected text, received image too.',
    );
    expect(() => build({})().forward({})).toThrow(
      'Fusion: inputs: expected at least one of text, received none.',
    );
    await expect(tinyAnalyzer({}, {})).rejects.toThrow(
      'MultimodalSentimentAnalyzer.fromPretrained: expected { text } or { image } or both, received neither.',
    );
    const only = (type: string) => filesInMemory({ 'config.json': `{"model_type":"${type}"}` });
    await expect(tinyAnalyzer({}, { text: only('bert') })).rejects.toThrow(
      'MultimodalSentimentAnalyzer.fromPretrained: memory: no files of a tokenizer.',
    );
    await expect(tinyAnalyzer({}, { image: only('vit') })).rejects.toThrow(
      'MultimodalSentimentAnalyzer.fromPretrained: memory: no files of an image processor.',
    );
    await expect(tinyAnalyzer({}, { text: only('t5') })).rejects.toThrow(
      /text: model_type: expected one of bert, .*, received "t5"\. Build another encoder yourself/,
    );
    await expect(tinyAnalyzer({}, { image: only('bert') })).rejects.toThrow(
      /image: model_type: expected one of vit, .*, received "bert"\./,
    );
    await expect(MultimodalSentimentAnalyzer.load(goldenPath('tiny-bert'))).rejects.toThrow(
      'MultimodalSentimentAnalyzer.load: model_type: expected "crossmodal_sentiment", received "bert".',
    );
  });
});

/** One linear layer for each frame. */
class FrameEncoder extends Module implements AudioEncoder {
  readonly hiddenSize = 5;
  readonly project: Linear;

  constructor(rng: Rng) {
    super();
    this.project = new Linear(2, 5, { rng });
  }

  forward({ audioValues }: AudioInput, context?: ForwardContext) {
    return tf.tidy(() => {
      const lastHiddenState = this.project.forward(audioValues, context) as tf.Tensor3D;
      return { lastHiddenState, pooledOutput: tf.mean(lastHiddenState, 1) as tf.Tensor2D };
    });
  }
}
