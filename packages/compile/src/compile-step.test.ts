import '@crossmodal/backend-onnx';
import { type KeyValueCache, Rng, useBackend } from '@crossmodal/core';
import { GPT2LMHeadModel, LlamaForCausalLM } from '@crossmodal/encoders';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { compileStep } from './compile-step';

const gpt2 = (nEmbd: number) =>
  new GPT2LMHeadModel({
    vocabSize: 30,
    nPositions: 40,
    nEmbd,
    nLayer: 2,
    nHead: 2,
    nInner: 24,
    activationFunction: 'gelu_new',
    layerNormEpsilon: 1e-5,
    embdPdrop: 0,
    residPdrop: 0,
    rng: new Rng(1),
  } as never);
const llama = () =>
  new LlamaForCausalLM({
    modelType: 'llama',
    vocabSize: 30,
    hiddenSize: 16,
    intermediateSize: 24,
    numHiddenLayers: 2,
    numAttentionHeads: 4,
    numKeyValueHeads: 2,
    headDim: 4,
    hiddenAct: 'silu',
    maxPositionEmbeddings: 40,
    rmsNormEps: 1e-6,
    ropeTheta: 10000,
    tieWordEmbeddings: false,
    rng: new Rng(1),
  } as never);

describe('compileStep', () => {
  beforeAll(async () => {
    await useBackend('onnx');
  });

  it.each([
    ['a GPT-2 whose caches are written in place', () => gpt2(16)],
    ['a GPT-2 whose heads are too narrow for that', () => gpt2(12)],
    ['a Llama with shared keys', llama],
  ])('goes on from any past with one graph: %s', (_, make) => {
    const model = make();
    const eager = (inputIds: tf.Tensor2D, caches: readonly KeyValueCache[]) =>
      model.forward({ inputIds, caches }).logits;
    const step = compileStep(eager, { module: model });
    const [ours, theirs] = [model.createCaches(), model.createCaches()];
    const rng = new Rng(3);
    const before = tf.memory().numTensors;
    for (let i = 0; i < 25; i++) {
      const ids = tf.tensor2d(
        Array.from({ length: 2 * (i === 0 ? 4 : 1) }, () => rng.integer(30)),
        [2, i === 0 ? 4 : 1],
        'int32',
      );
      const received = step(ids, ours);
      const expected = eager(ids, theirs);
      const difference = tf.tidy(() => tf.max(tf.abs(tf.sub(received, expected))).dataSync()[0]!);
      expect(difference).toBeLessThan(1e-5);
      expect(ours[0]!.length).toBe(theirs[0]!.length);
      tf.dispose([ids, received, expected]);
    }
    expect(step.compilations).toBe(1);
    for (const cache of [...ours, ...theirs]) cache.dispose();
    step.dispose();
    expect(tf.memory().numTensors).toBe(before);
  });

  it('says which option is wrong', () => {
    expect(() => compileStep((x: tf.Tensor) => x, { maxSignatures: 0 })).toThrow(
      'compileStep: maxSignatures: expected an integer from 1, received 0.',
    );
  });
});
