import '@crossmodal/backend-onnx';
import '@tensorflow/tfjs-backend-cpu';
import { expectClose } from '@crossmodal/test-utils';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, it } from 'vitest';
import {
  aligned,
  expectGradients,
  expectOutputs,
  golden,
  headSizes,
  keys,
  lmf,
  loadCase,
  madeLabels,
  magBert,
  maskedBatch,
  maskedInputs,
  misa,
  mult,
  padMore,
  prefixed,
  selfMM,
  tfn,
  tokens,
} from '../../test/model-case';
import { MODALITIES, perModality } from './feature-sequences';
import { magBertLoss } from './mag-bert';
import { misaLoss } from './misa-loss';
import { SelfMMTraining, selfMMLoss } from './self-mm-loss';
import { featureSequenceLoss } from './sentiment-loss';
import { UnimodalLabelGenerator } from './unimodal-label-generator';

/** Samples of the MulT fixture, which has none of those too short for a kernel. */
const multInputs = () =>
  perModality((modality) => {
    const { features, mask } = maskedInputs()[modality];
    const chosen = tf.tensor1d([0, 1, 3], 'int32');
    return { features: tf.gather(features, chosen), mask: tf.gather(mask, chosen) };
  });

describe.each(['cpu', 'onnx'])("models compute what PyTorch's do, on %s", (backend) => {
  beforeAll(async () => {
    await tf.setBackend(backend);
  });

  it('TFN', () => {
    const model = loadCase('tfn', tfn());
    const { features, ...output } = model.forward(maskedInputs());
    expectOutputs('tfn', { ...output, ...prefixed('features', features) });
    expectGradients('tfn', model, () => featureSequenceLoss(model, maskedBatch()).loss);
  });

  it('LMF', () => {
    const model = loadCase('lmf', lmf());
    const { features, prediction } = model.forward(maskedInputs());
    expectOutputs('lmf', { prediction, ...prefixed('features', features) });
    const batch = { ...maskedInputs(), labels: golden.tensor('classes') as tf.Tensor1D };
    expectGradients('lmf', model, () => featureSequenceLoss(model, batch).loss);
  });

  it('MulT, whatever the padding', () => {
    const model = loadCase('mult', mult());
    const { features, prediction } = model.forward(multInputs());
    expectOutputs('mult', { prediction, ...prefixed('features', features) });
    const batch = {
      ...padMore(multInputs()),
      labels: tf.gather(golden.tensor('targets') as tf.Tensor1D, tf.tensor1d([0, 1, 3], 'int32')),
    };
    expectGradients('mult', model, () => featureSequenceLoss(model, batch).loss);
  });

  it('MISA, with each part of its loss', () => {
    const model = loadCase('misa', misa());
    const { prediction, ...output } = model.forward(maskedInputs());
    expectOutputs('misa', {
      prediction,
      ...prefixed('projected', output.projected),
      ...prefixed('private', output.private),
      ...prefixed('shared', output.shared),
      ...prefixed('reconstructed', output.reconstructed),
    });
    const batch = maskedBatch();
    const weights = { similarityWeight: 0.8, reconstructionWeight: 0.7 };
    const run = () => misaLoss(model, batch, undefined, weights);
    expectOutputs('misa', prefixed('loss', run().metrics as Record<string, tf.Tensor>));
    expectGradients('misa', model, () => run().loss);
  });

  it('MAG-BERT', () => {
    const model = loadCase('mag_bert', magBert());
    const output = model.forward(aligned());
    expectOutputs('mag_bert', { prediction: output.prediction, pooled: output.pooledOutput });
    const real = tf.expandDims(golden.tensor('mask.text'), 2);
    expectClose(tf.mul(output.lastHiddenState, real), tf.mul(golden.tensor('mag_bert.hidden'), real), {
      absolute: 1e-5,
      relative: 1e-4,
    });
    const batch = { ...aligned(), labels: golden.tensor('targets') as tf.Tensor1D };
    expectGradients('mag_bert', model, () => magBertLoss(model, batch).loss);
  });

  it.each([false, true])('Self-MM, with a BERT: %s', (withBert) => {
    const name = withBert ? 'self_mm_bert' : 'self_mm';
    const model = loadCase(name, selfMM(withBert));
    const inputs = withBert ? { ...maskedInputs(), tokens: tokens() } : maskedInputs();
    const { prediction, unimodal, features } = model.forward(inputs);
    expectOutputs(name, {
      prediction,
      ...prefixed('unimodal', unimodal),
      ...prefixed('features', features),
    });
    const training = new SelfMMTraining(model, madeLabels());
    const batch = { ...inputs, keys };
    expectGradients(name, model, () => selfMMLoss(training, batch).loss);
  });

  it('the labels that Self-MM makes', () => {
    const tasks = ['fusion', ...MODALITIES] as const;
    const labels = new UnimodalLabelGenerator({
      labels: new Map(Array.from(golden.array('ulgm.start').values, (label, i) => [`${i}`, label])),
      featureSizes: headSizes,
      greatestScore: 2.5,
    });
    const order = Array.from(golden.array('ulgm.indexes').values, String);
    const all = ['0', '1', '2', '3', '4', '5'];
    for (let step = 0; step < 6; step++) {
      const features = Object.fromEntries(
        tasks.map((task) => [task, golden.tensor(`ulgm.${step}.feature.${task}`)]),
      ) as Record<(typeof tasks)[number], tf.Tensor2D>;
      labels.update(features, step % 2 === 0 ? order.slice(0, 3) : order.slice(3));
      for (const task of tasks)
        expectClose(labels.of(task, all), golden.tensor(`ulgm.${step}.label.${task}`), {
          absolute: 1e-5,
          relative: 1e-4,
        });
    }
    for (const task of tasks) {
      expectClose(labels[task].positive.value, golden.tensor(`ulgm.positive.${task}`));
      expectClose(labels[task].negative.value, golden.tensor(`ulgm.negative.${task}`));
    }
  });
});
