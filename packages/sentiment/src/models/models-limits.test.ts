import '@tensorflow/tfjs-backend-cpu';
import { Rng } from '@crossmodal/core';
import { expectClose, expectNoLeak } from '@crossmodal/test-utils';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import {
  aligned,
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
  rng,
  selfMM,
  tfn,
} from '../../test/model-case';
import { type FeatureSequences, MODALITIES } from './feature-sequences';
import { misaLoss } from './misa-loss';
import { SelfMMTraining, selfMMLoss } from './self-mm-loss';
import { type FeatureSequenceModel, sentimentLoss } from './sentiment-loss';
import { UnimodalLabelGenerator } from './unimodal-label-generator';

/** With the weights of the fixture: at first some ReLUs are 0 for all inputs. */
const models = {
  TFN: () => loadCase('tfn', tfn()),
  LMF: () => loadCase('lmf', lmf()),
  MulT: () => loadCase('mult', mult()),
  MISA: () => loadCase('misa', misa()),
  SelfMM: () => loadCase('self_mm', selfMM()),
};

describe.each(Object.entries(models))('%s', (name, create) => {
  beforeAll(async () => {
    await tf.setBackend('cpu');
  });
  let model: FeatureSequenceModel;
  beforeAll(() => {
    model = create();
  });
  const predict = (inputs: FeatureSequences) => model.forward(inputs).prediction;

  it('does not see padding', () => {
    expectClose(predict(padMore(maskedInputs())), predict(maskedInputs()), { absolute: 1e-5 });
    const { audio, ...rest } = maskedInputs();
    const cut = {
      features: tf.tensor3d(Array(4 * 8 * 3).fill(Number.NaN), [4, 8, 3]),
      mask: tf.zeros([4, 8]),
    };
    const missing = predict({ ...rest, audio: { ...cut, mask: cut.mask as tf.Tensor2D } });
    expectClose(missing, predict({ ...rest }));
    expect(Math.max(...tf.abs(tf.sub(missing, predict({ ...rest, audio }))).dataSync())).toBeGreaterThan(
      1e-4,
    );
  });

  it('hears each modality', () => {
    const before = predict(maskedInputs());
    for (const modality of MODALITIES) {
      const { features, mask } = maskedInputs()[modality];
      const other = predict({ ...maskedInputs(), [modality]: { features: tf.mul(features, -2), mask } });
      expect(Math.max(...tf.abs(tf.sub(other, before)).dataSync()), modality).toBeGreaterThan(1e-5);
    }
  });

  it('drops in training only, and leaks nothing', () => {
    const inputs = maskedInputs();
    expectClose(model.forward(inputs).prediction, model.forward(inputs, {}).prediction);
    const train = (seed: number) =>
      tf.tidy(() => model.forward(inputs, { training: true, rng: new Rng(seed) }).prediction.dataSync());
    expect(train(1)).not.toEqual(train(2));
    expectNoLeak(() => tf.dispose({ ...model.forward(inputs) }));
    expectNoLeak(() => tf.dispose({ ...model.forward(inputs, { training: true, rng: rng() }) }));
  });

  it('says what does not fit', () => {
    expect(() => model.forward({})).toThrow(
      `${name}: inputs: expected at least one of text, audio, vision, received none.`,
    );
    const { text, audio } = maskedInputs();
    expect(() => model.forward({ text, audio: tf.ones([3, 2, 3]) as tf.Tensor3D })).toThrow(
      `${name}: inputs.audio: expected shape [4, ?, 3], received [3, 2, 3].`,
    );
    expect(() => model.forward({ audio: { ...audio, mask: text.mask } })).toThrow(
      `${name}: inputs.audio.mask: expected shape [4, 8], received [4, 6].`,
    );
  });
});

describe('MAGBert', () => {
  it('takes tokens without audio and vision, does not see padding, and says what does not fit', () => {
    const model = loadCase('mag_bert', magBert());
    const { audio, vision, tokens } = aligned();
    const zeros = { audio: tf.zerosLike(audio), vision: tf.zerosLike(vision) };
    expectClose(model.forward({ tokens }).prediction, model.forward({ tokens, ...zeros }).prediction);
    const rest = tf.expandDims(tf.sub(1, tokens.attentionMask), 2);
    const rubbish = model.forward({ tokens, vision, audio: tf.add(audio, tf.mul(rest, 9)) as tf.Tensor3D });
    expectClose(rubbish.prediction, golden.tensor('mag_bert.prediction'), { absolute: 1e-5 });
    expect(() => model.forward({ tokens, audio: tf.ones([4, 5, 3]) as tf.Tensor3D })).toThrow(
      'MAGBert: inputs.audio: expected shape [4, 6, 3], received [4, 5, 3]. Audio and vision have a vector for each token.',
    );
    const inputs = aligned();
    expectNoLeak(() => tf.dispose({ ...model.forward(inputs) }));
  });
});

describe('losses', () => {
  it('say what does not fit', () => {
    expect(() => sentimentLoss(tf.zeros([2, 3]), tf.tensor1d([1]))).toThrow(
      'sentimentLoss: labels: expected shape [2], received [1].',
    );
    const training = new SelfMMTraining(selfMM(), madeLabels());
    expect(() => selfMMLoss(training, { ...maskedInputs(), keys: ['a'] })).toThrow(
      'selfMMLoss: keys: expected shape [4], received [1].',
    );
    expect(() => training.labels.of('text', ['x'])).toThrow(
      'UnimodalLabelGenerator: keys: expected samples of the training set, received "x".',
    );
    expect(() => new UnimodalLabelGenerator({ labels: new Map(), featureSizes: headSizes })).toThrow(
      'UnimodalLabelGenerator: labels: expected one or more, received none.',
    );
  });

  it('leak nothing', () => {
    const batch = maskedBatch();
    const model = misa();
    expectNoLeak(() => {
      const { loss, metrics } = misaLoss(model, batch);
      tf.dispose([loss, { ...metrics }]);
    });
    const training = new SelfMMTraining(selfMM(), madeLabels());
    const context = { training: true, rng: rng() };
    const ofAll = { ...batch, keys };
    expectNoLeak(() => {
      const { loss, metrics } = selfMMLoss(training, ofAll, context);
      tf.dispose([loss, { ...metrics }]);
    });
  });
});
