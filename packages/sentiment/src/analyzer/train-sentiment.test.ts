import '@tensorflow/tfjs-backend-cpu';
import { AdamW, MemoryCheckpointStore, Rng, type TrainingEvent } from '@crossmodal/core';
import { expectClose } from '@crossmodal/test-utils';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { evaluateSentiment } from './evaluate-sentiment';
import { learningRateGroups } from './learning-rate-groups';
import type { MultimodalSentimentAnalyzer } from './multimodal-sentiment-analyzer';
import { type PrepareMultimodalDataOptions, prepareMultimodalData } from './prepare-multimodal-data';
import { sentimentBatches } from './sentiment-batches';
import { tinyAnalyzer } from './testing/tiny-analyzer';
import { wordsAndLight } from './testing/words-and-light';
import { type TrainSentimentOptions, trainSentiment } from './train-sentiment';

const { texts, images, labels } = wordsAndLight(12, 3);
const some = (
  options: Partial<PrepareMultimodalDataOptions> & { processors: MultimodalSentimentAnalyzer['processors'] },
) => prepareMultimodalData(texts, images, labels, { batchSize: 4, ...options });

async function run(options: Partial<TrainSentimentOptions> & { model: MultimodalSentimentAnalyzer }) {
  const data = some({ processors: options.model.processors, shuffle: true, rng: new Rng(2) });
  const goal = options.steps || options.epochs ? {} : { epochs: 1 };
  return trainSentiment({ data, learningRate: 1e-2, rng: new Rng(3), loggers: [], ...goal, ...options });
}

async function changed(
  model: MultimodalSentimentAnalyzer,
  act: () => Promise<unknown>,
): Promise<Set<string>> {
  const before = new Map(
    [...model.namedParameters()].map(([key, { value }]) => [key, value.dataSync().slice()]),
  );
  await act();
  const differs = (key: string, now: tf.Variable) => now.dataSync().some((x, i) => x !== before.get(key)![i]);
  return new Set(
    [...model.namedParameters()].filter(([key, { value }]) => differs(key, value)).map(([key]) => key),
  );
}

beforeAll(async () => {
  await tf.setBackend('cpu');
});

describe('trainSentiment', () => {
  it('changes all but what is frozen', async () => {
    const model = await tinyAnalyzer();
    model.freeze({ layers: 1 });
    const expected = new Set(model.trainableParameters().keys());
    // What nothing trains here: keys' biases fall out of the softmax, the poolers are not used.
    const idle = (key: string) => /pooler|key\.bias/.test(key);
    const moved = await changed(model, () => run({ model, steps: 3 }));
    expect([...moved].every((key) => expected.has(key))).toBe(true);
    expect([...expected].filter((key) => !moved.has(key) && !idle(key))).toEqual([]);
    expect([...moved].some((key) => key.startsWith('text_encoder.encoder.layer.1'))).toBe(true);
  });

  it('rises to the learning rate, and falls', async () => {
    const model = await tinyAnalyzer();
    const rates: number[] = [];
    const log = (event: TrainingEvent) => {
      if (event.type === 'step') rates.push(event.result.learningRate);
    };
    await run({ model, steps: 6, warmup: 0.34, learningRate: 1e-3, loggers: [log as never] });
    expectClose(rates, [0, 0.5e-3, 1e-3, 0.75e-3, 0.5e-3, 0.25e-3]);
    const usual: number[] = [];
    const note = (event: TrainingEvent) => {
      if (event.type === 'step') usual.push(event.result.learningRate);
    };
    const data = some({ processors: model.processors });
    await trainSentiment({ model, data, steps: 2, rng: new Rng(1), loggers: [note as never] });
    expectClose(usual, [2e-5, 1e-5]);
  });

  it('goes on after a stop as if there had been none', async () => {
    const whole = await tinyAnalyzer();
    await run({ model: whole, epochs: 2 });
    const model = await tinyAnalyzer();
    const store = new MemoryCheckpointStore();
    const controller = new AbortController();
    const stop = (event: TrainingEvent) => {
      if (event.type === 'step' && event.step === 2) controller.abort();
    };
    const first = await run({
      model,
      epochs: 2,
      checkpoints: { store },
      signal: controller.signal,
      loggers: [stop as never],
    });
    expect([first.reason, first.step, first.stoppedEarly]).toEqual(['aborted', 2, false]);
    const second = await tinyAnalyzer();
    await expect(run({ model: second, epochs: 2, checkpoints: { store } })).rejects.toThrow(
      'Call await trainer.resume()',
    );
    const last = await run({ model: second, epochs: 2, checkpoints: { store }, resume: true });
    expect([last.reason, last.step]).toEqual(['finished', 6]);
    const values = (m: MultimodalSentimentAnalyzer) => m.namedParameters().get('classifier.weight')!.value;
    expectClose(values(second), values(whole), { absolute: 0, relative: 0 });
  });

  it('evaluates on its way, and stops when nothing becomes better', async () => {
    const model = await tinyAnalyzer();
    const held = some({ processors: model.processors });
    const evaluations: Record<string, number>[] = [];
    const note = (event: TrainingEvent) => {
      if (event.type === 'evaluation') evaluations.push(event.metrics);
    };
    const result = await run({
      model,
      epochs: 50,
      learningRate: 1e-9,
      evaluate: { data: held, patience: 2, metric: 'accuracy' },
      loggers: [note as never],
    });
    expect([result.stoppedEarly, result.reason, result.step]).toEqual([true, 'finished', 9]);
    expect(evaluations).toHaveLength(3);
    expect(Object.keys(evaluations[0]!)).toEqual(['loss', 'accuracy', 'macroF1', 'weightedF1']);
    expect(result.metrics).toEqual(evaluations.at(-1));
    await expect(run({ model, evaluate: { data: held, patience: 2, metric: 'pearson' } })).rejects.toThrow(
      'trainSentiment: evaluate.metric: expected one of loss, accuracy, macroF1, weightedF1, received pearson.',
    );
  });

  it('weighs classes', async () => {
    const model = await tinyAnalyzer();
    // A class that alone counts is all that is learned.
    await run({ model, epochs: 4, classWeights: [0, 0, 1] });
    const { predictions } = await evaluateSentiment(model, some({ processors: model.processors }));
    expect([...predictions]).toEqual(labels.map(() => 2));
  });

  it('fits scores, by either error', async () => {
    for (const regression of ['mse', 'mae'] as const) {
      const model = await tinyAnalyzer({ task: 'regression' });
      const data = () => some({ processors: model.processors, task: 'regression' });
      const before = await evaluateSentiment(model, data(), { regression });
      await run({ model, data: data(), epochs: 2, regression });
      const after = await evaluateSentiment(model, data(), { regression });
      expect(after.loss).toBeLessThan(before.loss);
      expect(Math.abs(after.pearson!)).toBeLessThanOrEqual(1);
      if (regression === 'mae') expect(after.loss).toBeCloseTo(after.meanAbsoluteError!, 5);
      expect(after).not.toHaveProperty('accuracy');
    }
  });

  it('leaks nothing', async () => {
    const model = await tinyAnalyzer();
    await run({ model, steps: 1 });
    const before = tf.memory().numTensors;
    await run({ model, steps: 2, evaluate: { data: some({ processors: model.processors }), every: 1 } });
    expect(tf.memory().numTensors).toBe(before);
  });

  it('says what it takes', async () => {
    const model = await tinyAnalyzer();
    const data = some({ processors: model.processors });
    const rejects = (options: object, words: string) =>
      expect(
        trainSentiment({ model, data, rng: new Rng(1), loggers: [], ...options } as never),
      ).rejects.toThrow(words);
    await rejects({}, 'trainSentiment: expected epochs or steps, and not both.');
    await rejects({ epochs: 0 }, 'trainSentiment: epochs: expected an integer from 1, received 0.');
    const stream = { async *[Symbol.asyncIterator]() {} };
    await rejects(
      { epochs: 1, data: sentimentBatches(stream, model.processors, { batchSize: 2 }) },
      'trainSentiment: epochs: the data do not say how many batches they have; give steps.',
    );
    await rejects(
      { epochs: 1, learningRate: 0 },
      'trainSentiment: learningRate: expected a number above 0, received 0.',
    );
    await rejects(
      { epochs: 1, headLearningRate: -1 },
      'trainSentiment: headLearningRate: expected a number above 0, received -1.',
    );
    await rejects({ epochs: 1, warmup: 1 }, 'trainSentiment: warmup: expected [0, 1), received 1.');
    await rejects({ epochs: 1, layerDecay: 2 }, 'trainSentiment: layerDecay: expected (0, 1], received 2.');
    await rejects(
      { epochs: 1, classWeights: [1, 2] },
      'trainSentiment: classWeights: expected 3 of them, received 2.',
    );
    await rejects(
      { epochs: 1, evaluate: { data, patience: 0 } },
      'trainSentiment: evaluate.patience: expected an integer from 1, received 0.',
    );
    await rejects(
      { epochs: 1, evaluate: { data, every: 9 } },
      'trainSentiment: evaluate.every: expected at most the 3 steps there are, received 9.',
    );
  });
});

describe('learningRateGroups', () => {
  it('gives the head its own rate, and lower layers lower ones', async () => {
    const model = await tinyAnalyzer();
    const groups = learningRateGroups(model, { headScale: 50, layerDecay: 0.5 });
    const scale = (key: string) => {
      const group = groups.find(({ match }) => key === match || key.startsWith(`${match as string}.`));
      return group?.learningRateScale ?? 1;
    };
    expect(scale('classifier.weight')).toBe(50);
    expect(scale('fusion.fc1.bias')).toBe(50);
    expect(scale('text_encoder.embeddings.word_embeddings.weight')).toBe(1 / 16);
    expect(scale('text_encoder.encoder.layer.0.output.dense.weight')).toBe(1 / 8);
    expect(scale('text_encoder.encoder.layer.2.output.dense.weight')).toBe(1 / 2);
    expect(scale('vision_encoder.embeddings.cls_token')).toBe(1 / 8);
    expect(scale('vision_encoder.encoder.layer.1.output.dense.weight')).toBe(1 / 2);
    expect(scale('vision_encoder.layernorm.weight')).toBe(1);
    expect(() => new AdamW(model, { groups })).not.toThrow(); // each group matches something
  });
});

describe('evaluateSentiment', () => {
  it('counts what is said', async () => {
    const model = await tinyAnalyzer();
    const said = (await model.predict(texts.map((text, i) => ({ text, image: images[i] })))).map(
      (one) => one.label,
    );
    const result = await evaluateSentiment(model, some({ processors: model.processors }));
    expect([...result.predictions]).toEqual(said);
    expect([...result.labels]).toEqual(labels);
    const right = said.filter((label, i) => label === labels[i]).length;
    expect(result.accuracy).toBeCloseTo(right / 12, 6);
    expect(result.confusion!.flatMap((row) => [...row]).reduce((a, b) => a + b)).toBe(12);
    expect(result.confusion![1]![said[1]!]).toBeGreaterThan(0); // labels[1] is 1
    expect([...result.classes!.support]).toEqual([3, 6, 3]);
    const f1 = result.classes!.f1;
    expect(result.weightedF1).toBeCloseTo((3 * f1[0]! + 6 * f1[1]! + 3 * f1[2]!) / 12, 6);
    expect(result).not.toHaveProperty('pearson');
    await expect(evaluateSentiment(model, [])).rejects.toThrow(
      'evaluateSentiment: data: expected batches, received none.',
    );
  });
});
