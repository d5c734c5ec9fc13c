import { readFileSync } from 'node:fs';
import { type Module, Rng, type StateDict, valueAndGrad } from '@crossmodal/core';
import { BertModel, readBertConfig } from '@crossmodal/encoders';
import { expectClose, readGolden } from '@crossmodal/test-utils';
import * as tf from '@tensorflow/tfjs-core';
import { expect } from 'vitest';
import { MODALITIES, perModality } from '../src/models/feature-sequences';
import { LMF } from '../src/models/lmf';
import { MAGBert } from '../src/models/mag-bert';
import { MISA } from '../src/models/misa';
import { MulT } from '../src/models/mult';
import { SelfMM } from '../src/models/self-mm';
import { TFN } from '../src/models/tfn';
import { UnimodalLabelGenerator } from '../src/models/unimodal-label-generator';

/** What golden/models.py wrote. */
export const golden = readGolden(new URL('../golden/models.safetensors', import.meta.url));

/** Sizes of the features in it. */
export const dims = { text: 5, audio: 3, vision: 4 };

/** The masked sequences of every model but those with a BERT. */
export const maskedInputs = () =>
  perModality((modality) => ({
    features: golden.tensor(modality) as tf.Tensor3D,
    mask: golden.tensor(`mask.${modality}`) as tf.Tensor2D,
  }));

/** The masked sequences with their scores. */
export const maskedBatch = () => ({ ...maskedInputs(), labels: golden.tensor('targets') as tf.Tensor1D });

/** Gives `module` the weights of the case. */
export function loadCase<M extends Module>(name: string, module: M): M {
  const start = `${name}.state.`;
  const state: StateDict = {};
  for (const key of golden.names.filter((key) => key.startsWith(start))) {
    const { values, shape } = golden.array(key);
    state[key.slice(start.length)] = { dtype: 'F32', shape, bytes: new Uint8Array(values.buffer) };
  }
  module.loadStateDict(state);
  return module;
}

/** Compares outputs, by their names there: `features.text`. */
export function expectOutputs(name: string, outputs: Readonly<Record<string, tf.Tensor>>): void {
  for (const [key, actual] of Object.entries(outputs))
    expectClose(actual, golden.tensor(`${name}.${key}`), { absolute: 1e-5, relative: 1e-4 });
}

/** Compares the loss and the gradient of every parameter. */
export function expectGradients(name: string, module: Module, loss: () => tf.Tensor): void {
  const named = module.namedParameters();
  const { value, gradients } = valueAndGrad(() => loss() as tf.Scalar, named);
  expectClose(value, golden.tensor(`${name}.loss`), { absolute: 1e-5, relative: 1e-4 });
  const start = `${name}.grad.`;
  const expected = golden.names.filter((key) => key.startsWith(start)).map((key) => key.slice(start.length));
  expect([...gradients.keys()].sort()).toEqual(expected.sort());
  const axes: Record<string, number[]> = { linear: [1, 0], conv1d: [2, 1, 0] };
  for (const [key, gradient] of gradients) {
    const order = axes[named.get(key)!.layout];
    const inFile = order ? tf.transpose(gradient, order) : gradient;
    try {
      expectClose(inFile, golden.tensor(start + key), { absolute: 2e-5, relative: 1e-3 });
    } catch (error) {
      throw new Error(`${name}: gradient of ${key}`, { cause: error });
    }
  }
}

/** Records of tensors under one prefix: `features.text`. */
export function prefixed(prefix: string, tensors: Readonly<Record<string, tf.Tensor>>) {
  return Object.fromEntries(Object.entries(tensors).map(([key, tensor]) => [`${prefix}.${key}`, tensor]));
}

/** The same samples with steps of rubbish after them, masked. */
export function padMore(inputs: ReturnType<typeof maskedInputs>, steps = 3): ReturnType<typeof maskedInputs> {
  return perModality((modality) => {
    const { features, mask } = inputs[modality];
    const [batch, , dim] = features.shape;
    return {
      features: tf.concat([features, tf.fill([batch, steps, dim], 9)], 1),
      mask: tf.concat([mask, tf.zeros([batch, steps])], 1) as tf.Tensor2D,
    };
  });
}

export const rng = () => new Rng(0);
const hiddenSizes = { text: 6, audio: 3, vision: 4 };
export const headSizes = { fusion: 7, text: 5, audio: 4, vision: 6 };
const bertConfig = JSON.parse(readFileSync(new URL('../golden/models_bert.json', import.meta.url), 'utf8'));

export const tfn = () =>
  new TFN({ dims, hiddenSizes, textOutputSize: 2, postFusionSize: 7, scoreRange: [-3, 3], rng: rng() });
export const lmf = () => new LMF({ dims, hiddenSizes, textOutputSize: 2, rank: 3, outputDim: 2, rng: rng() });
export const mult = () =>
  new MulT({
    dims,
    hiddenSize: 4,
    numHeads: 2,
    numLayers: 2,
    kernelSizes: { text: 2, audio: 3, vision: 1 },
    rng: rng(),
  });
export const misa = () => new MISA({ dims, hiddenSize: 6, intermediateSize: 10, rng: rng() });
const bert = (pooler = true) => new BertModel({ ...readBertConfig(bertConfig), pooler, rng: rng() });
export const magBert = () =>
  new MAGBert({ bert: bert(), dims: { audio: 3, vision: 4 }, betaShift: 0.7, rng: rng() });
export const selfMM = (withBert = false) =>
  new SelfMM({
    dims,
    bert: withBert ? bert(false) : undefined,
    lstmSizes: { text: 6, audio: 4, vision: 5 },
    outputSizes: { text: 4, audio: 2, vision: 3 },
    headSizes,
    rng: rng(),
  });

export const keys = ['a', 'b', 'c', 'd'];
export const tokens = () => ({
  inputIds: golden.tensor('input_ids') as tf.Tensor2D,
  attentionMask: golden.tensor('mask.text') as tf.Tensor2D,
});
export const aligned = () => ({
  tokens: tokens(),
  audio: golden.tensor('aligned.audio') as tf.Tensor3D,
  vision: golden.tensor('aligned.vision') as tf.Tensor3D,
});

/** A generator whose labels are those of the fixture. */
export function madeLabels(): UnimodalLabelGenerator {
  const labels = new UnimodalLabelGenerator({
    labels: new Map(keys.map((key) => [key, 0])),
    featureSizes: headSizes,
  });
  for (const task of ['fusion', ...MODALITIES] as const)
    labels[task].labels.assign(golden.tensor(`labels.${task}`));
  return labels;
}
