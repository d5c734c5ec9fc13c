import '@crossmodal/backend-onnx';
import '@tensorflow/tfjs-backend-cpu';
import {
  Rng,
  type StateDict,
  serializeSafetensors,
  softmaxCrossEntropy,
  valueAndGrad,
} from '@crossmodal/core';
import { expectClose, expectNoLeak, readGolden } from '@crossmodal/test-utils';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { expectGoldenGradients, readTinyModel } from '../../test/tiny-model';
import { ViT } from './vit';
import { readViTConfig, readViTForImageClassificationConfig, type ViTConfig } from './vit-config';
import { ViTForImageClassification } from './vit-for-image-classification';

const golden = readGolden(new URL('../../golden/vit.safetensors', import.meta.url));
const tiny = readTinyModel('tiny-vit');
const tinyPooler = readTinyModel('tiny-vit-pooler');
const close = { absolute: 1e-5, relative: 1e-4 };
const images = (name = 'pixel_values') => ({ pixelValues: golden.tensor(name) as tf.Tensor4D });

function load(changes: Partial<ViTConfig> = {}, state: StateDict = tiny.below('vit.')) {
  const vit = new ViT({ ...readViTConfig(tiny.json), ...changes, rng: new Rng(0) });
  vit.loadStateDict(state);
  return vit;
}

function loadClassifier() {
  const config = readViTForImageClassificationConfig(tiny.json);
  const classifier = new ViTForImageClassification({ ...config, rng: new Rng(0) });
  classifier.loadStateDict(tiny.state);
  return classifier;
}

describe.each(['cpu', 'onnx'])("ViT with transformers' weights, on %s", (backend) => {
  beforeAll(async () => {
    await tf.setBackend(backend);
  });

  it('computes the same states, and pools as asked', () => {
    const { lastHiddenState, pooledOutput, hiddenStates } = load().forward({
      ...images(),
      outputHiddenStates: true,
    });
    expectClose(lastHiddenState, golden.tensor('last_hidden_state'), close);
    expectClose(pooledOutput, tf.slice(lastHiddenState, [0, 0, 0], [-1, 1, -1]), {
      absolute: 0,
      relative: 0,
    });
    expect(hiddenStates).toHaveLength(4);
    for (const [i, state] of hiddenStates!.entries())
      expectClose(state, golden.tensor(`hidden_states.${i}`), close);
    const mean = load({ pooling: 'mean' }).forward(images());
    expectClose(mean.pooledOutput, golden.tensor('mean_pooled'), close);
    expect(mean).not.toHaveProperty('hiddenStates');
  });

  it('has a pooler on request, and the activation that is configured', () => {
    const config = readViTConfig({ ...tinyPooler.json, pooler: true });
    const vit = new ViT({ ...config, rng: new Rng(0) });
    vit.loadStateDict(tinyPooler.state);
    expectClose(vit.forward(images()).pooledOutput, golden.tensor('pooler_output'), close);
  });

  it('works without biases of queries, keys and values', () => {
    const biased = (key: string) => /(query|key|value)\.bias$/.test(key);
    const state = Object.entries(tiny.below('vit.')).filter(([key]) => !biased(key));
    const vit = load({ qkvBias: false }, Object.fromEntries(state));
    expectClose(
      vit.forward(images()).lastHiddenState,
      golden.tensor('without_qkv_bias.last_hidden_state'),
      close,
    );
  });

  it('takes images of another size, with resized positions', () => {
    const wide = images('wide_pixel_values');
    const { lastHiddenState } = load().forward({ ...wide, interpolatePositions: true });
    expectClose(lastHiddenState, golden.tensor('wide.last_hidden_state'), close);
  });

  it('classifies, with the same gradients', () => {
    const classifier = loadClassifier();
    const { logits, hiddenStates } = classifier.forward({ ...images(), outputHiddenStates: true });
    expectClose(logits, golden.tensor('logits'), close);
    expect(hiddenStates).toHaveLength(4);
    expect(classifier.labels).toEqual(['cat', 'dog', 'fox', 'owl', 'bee']);
    const target = golden.tensor('target') as tf.Tensor1D;
    const { value, gradients } = valueAndGrad(
      () => softmaxCrossEntropy(classifier.forward(images()).logits, target) as tf.Scalar,
      classifier.trainableParameters(),
    );
    expectClose(value, golden.tensor('loss'), close);
    expectGoldenGradients(golden, classifier, gradients, {
      cls_token: 'vit.embeddings.cls_token',
      position_embeddings: 'vit.embeddings.position_embeddings',
      projection: 'vit.embeddings.patch_embeddings.projection.weight',
      query: 'vit.encoder.layer.1.attention.attention.query.weight',
      fc1: 'vit.encoder.layer.0.intermediate.dense.weight',
      classifier: 'classifier.weight',
    });
  });

  it('drops patches in training only, and leaks nothing', () => {
    const vit = load({ patchDropout: 0.5, hiddenDropoutProb: 0.1 });
    const context = { training: true, rng: new Rng(1) };
    expect(vit.forward(images(), context).lastHiddenState.shape).toEqual([2, 1 + 4, 12]); // of 9 patches
    expectClose(vit.forward(images()).lastHiddenState, golden.tensor('last_hidden_state'), close);
    const given = { ...images('wide_pixel_values'), interpolatePositions: true, outputHiddenStates: true };
    expectNoLeak(() => tf.dispose({ ...vit.forward(given, context) }));
    const classifier = loadClassifier();
    expectNoLeak(() => tf.dispose({ ...classifier.forward(given) }));
  });
});

describe('ViT', () => {
  beforeAll(async () => {
    await tf.setBackend('cpu');
  });

  it('saves the files that transformers saved, byte for byte', async () => {
    const saved = serializeSafetensors(await loadClassifier().stateDict(), { format: 'pt' });
    expect(Buffer.compare(saved, tiny.bytes)).toBe(0);
    const config = readViTConfig({ ...tinyPooler.json, pooler: true });
    const vit = new ViT({ ...config, rng: new Rng(0) });
    vit.loadStateDict(tinyPooler.state);
    const withPooler = serializeSafetensors(await vit.stateDict(), { format: 'pt' });
    expect(Buffer.compare(withPooler, tinyPooler.bytes)).toBe(0);
  });

  it('reads the names that transformers 5 has in memory too', () => {
    const renamed = Object.entries(tiny.below('vit.')).map(([key, tensor]) => [
      key
        .replace('encoder.layer.', 'layers.')
        .replace('attention.attention.query', 'attention.q_proj')
        .replace('attention.attention.key', 'attention.k_proj')
        .replace('attention.attention.value', 'attention.v_proj')
        .replace('attention.output.dense', 'attention.o_proj')
        .replace('intermediate.dense', 'mlp.fc1')
        .replace('output.dense', 'mlp.fc2'),
      tensor,
    ]);
    const vit = load({}, Object.fromEntries(renamed));
    expectClose(vit.forward(images()).lastHiddenState, golden.tensor('last_hidden_state'), close);
  });

  it('starts with small weights and no biases', () => {
    const vit = new ViT({ ...readViTConfig(tiny.json), hiddenSize: 64, pooler: true, rng: new Rng(1) });
    for (const [key, { value }] of vit.namedParameters()) {
      const { mean, variance } = tf.moments(value);
      const norm = key.includes('layernorm');
      if (key.endsWith('bias')) expect(tf.max(tf.abs(value)).dataSync()[0]).toBe(0);
      else if (norm) expectClose(mean, 1);
      else expectClose(tf.sqrt(variance), 0.02, { absolute: 0.004 });
    }
  });

  it('says what does not fit', () => {
    expect(() => load().forward(images('wide_pixel_values'))).toThrow(
      'ViT: pixelValues: expected shape [?, 6, 6, 3], received [2, 8, 10, 3]. Pass interpolatePositions: true for ' +
        'images of another size.',
    );
    const pixelValues = tf.zeros([1, 1, 6, 3]) as tf.Tensor4D;
    expect(() => load().forward({ pixelValues, interpolatePositions: true })).toThrow(
      'PatchEmbedding: pixelValues: expected sides of at least 2 and 3 channels, received [1, 1, 6, 3].',
    );
    const config = { ...readViTForImageClassificationConfig(tiny.json), id2label: {} };
    expect(() => new ViTForImageClassification({ ...config, rng: new Rng(0) })).toThrow(
      'ViTForImageClassification: id2label: expected a label or more, received {}.',
    );
    expect(() => load({ patchDropout: 1 })).toThrow('PatchDropout: rate: expected [0, 1), received 1.');
  });
});

describe('readViTConfig', () => {
  it("reads transformers' file, with transformers' defaults", () => {
    expect(readViTConfig(tiny.json)).toEqual({
      hiddenSize: 12,
      intermediateSize: 20,
      numHiddenLayers: 3,
      numAttentionHeads: 2,
      numChannels: 3,
      imageSize: 6,
      patchSize: 2,
      hiddenAct: 'gelu',
      layerNormEps: 1e-12,
      qkvBias: true,
      hiddenDropoutProb: 0,
      initializerRange: 0.02,
    });
    expect(readViTConfig({})).toMatchObject({ hiddenSize: 768, patchSize: 16, imageSize: 224 });
    expect(readViTConfig({ pooling: 'mean', pooler: true, patch_dropout: 0.5 })).toMatchObject({
      pooling: 'mean',
      pooler: true,
      patchDropout: 0.5,
    });
  });

  it('keeps the labels', () => {
    expect(readViTForImageClassificationConfig(tiny.json).id2label[3]).toBe('owl');
    expect(readViTForImageClassificationConfig({}).id2label).toEqual({ 0: 'LABEL_0', 1: 'LABEL_1' });
    expect(Object.keys(readViTForImageClassificationConfig({ num_labels: 7 }).id2label)).toHaveLength(7);
  });

  it('says what cannot be', () => {
    expect(() => readViTConfig({ model_type: 'bert' })).toThrow(
      'readViTConfig: model_type: expected "vit", received "bert".',
    );
    expect(() => readViTConfig({ pooler_act: 'relu' })).toThrow(
      'readViTConfig: pooler_act: expected one of tanh, received "relu".',
    );
    expect(() => readViTConfig({ hidden_size: 10, num_attention_heads: 3 })).toThrow(
      'readViTConfig: hidden_size: expected a multiple of num_attention_heads (3), received 10.',
    );
    expect(() => readViTForImageClassificationConfig({ id2label: { 0: 'a', 2: 'b' } })).toThrow(
      'readViTForImageClassificationConfig: id2label: expected a label for every class from 0, received ' +
        '{"0":"a","2":"b"}.',
    );
  });
});
