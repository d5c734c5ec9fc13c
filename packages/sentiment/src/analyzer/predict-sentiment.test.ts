import '@tensorflow/tfjs-backend-cpu';
import { Rng } from '@crossmodal/core';
import { expectClose } from '@crossmodal/test-utils';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import type { SentimentInput } from '../sentiment-sample';
import { MultimodalSentimentAnalyzer } from './multimodal-sentiment-analyzer';
import { sentimentTensors } from './sentiment-tensors';
import { picture, tinyAnalyzer } from './testing/tiny-analyzer';

let analyzer: MultimodalSentimentAnalyzer;
const samples: SentimentInput[] = [
  { text: 'a good movie', image: picture(0) },
  { text: 'very bad' },
  { image: picture(1) },
  { text: '很好!', image: picture(3) },
  { text: '', image: picture(3) },
];
const sizes = (contributions: Record<string, number>) =>
  Object.values(contributions).reduce((sum, share) => sum + Math.abs(share), 0);

beforeAll(async () => {
  await tf.setBackend('cpu');
  analyzer = await tinyAnalyzer();
});

describe('predict', () => {
  it('says the class, probabilities and what each modality speaks for', async () => {
    const said = await analyzer.predict(samples, { batchSize: 2 });
    expect(said).toHaveLength(5);
    const inputs = await sentimentTensors(samples, analyzer.processors, []);
    const logits = analyzer.forward(inputs).logits;
    const probabilities = (await tf.softmax(logits).array()) as number[][];
    for (const [i, one] of said.entries()) {
      expect(one.label).toBe(probabilities[i]!.indexOf(Math.max(...probabilities[i]!)));
      expect(one.name).toBe(['negative', 'neutral', 'positive'][one.label]);
      expectClose(Object.values(one.probabilities!), probabilities[i]!, { absolute: 1e-5, relative: 1e-4 });
      expect(sizes(one.contributions!)).toBeCloseTo(1, 4);
    }
    expect(said.map((one) => Object.keys(one.contributions!))).toEqual([
      ['text', 'image'],
      ['text'],
      ['image'],
      ['text', 'image'],
      ['image'],
    ]);
    const alone = await analyzer.predict(samples[3]!);
    expect(alone.label).toBe(said[3]!.label);
    expectClose(Object.values(alone.contributions!), Object.values(said[3]!.contributions!), {
      absolute: 1e-4,
      relative: 1e-3,
    });
  });

  it('measures contributions as it is told', async () => {
    const [ablation, gradient, none] = [
      await analyzer.predict(samples[0]!),
      await analyzer.predict(samples[0]!, { contributions: 'gradient' }),
      await analyzer.predict(samples[0]!, { contributions: 'none' }),
    ];
    expect(none).not.toHaveProperty('contributions');
    expect(sizes(gradient.contributions!)).toBeCloseTo(1, 4);
    expect(gradient.contributions!['text']).not.toBeCloseTo(ablation.contributions!['text']!, 3);
    // By ablation: how far the logit of the class falls without the text, and without the picture.
    const inputs = await sentimentTensors([samples[0]!], analyzer.processors, []);
    const logit = (given: typeof inputs) => analyzer.forward(given).logits.dataSync()[ablation.label]!;
    const { inputIds, attentionMask, pixelValues, imageMask } = inputs;
    const falls = [
      logit(inputs) - logit({ pixelValues, imageMask }),
      logit(inputs) - logit({ inputIds, attentionMask }),
    ];
    const total = Math.abs(falls[0]!) + Math.abs(falls[1]!);
    expectClose(
      Object.values(ablation.contributions!),
      falls.map((fall) => fall / total),
      { absolute: 1e-4, relative: 1e-3 },
    );
  });

  it('gives a score of a regression', async () => {
    const model = await tinyAnalyzer({ task: 'regression' });
    const said = await model.predict(samples[0]!);
    expect(Object.keys(said)).toEqual(['label', 'contributions']);
    const inputs = await sentimentTensors([samples[0]!], model.processors, []);
    expect(said.label).toBeCloseTo(model.forward(inputs).logits.dataSync()[0]!, 5);
  });

  it('names the sample that cannot be used, and stops when it is told', async () => {
    const bad = [...samples, { image: new Uint8Array([9, 9, 9, 9]) }];
    await expect(analyzer.predict(bad, { batchSize: 4 })).rejects.toThrow(
      /^predict: inputs\[5\]: image: decodeImage: the image: expected a PNG.*, received bytes that begin 09 09 09 09\.$/,
    );
    await expect(analyzer.predict([{ text: 'good' }, {}])).rejects.toThrow(
      'predict: inputs[1]: expected a text, an image or audio, received none of them.',
    );
    await expect(analyzer.predict([null as never])).rejects.toThrow(
      'predict: inputs[0]: expected { text, image, audio }, received null.',
    );
    await expect(
      analyzer.predict({ audio: { samples: new Float32Array(8), sampleRate: 8000 } }),
    ).rejects.toThrow('predict: inputs[0]: has audio, and there is no processors.audioProcessor.');
    await expect(analyzer.predict(samples, { batchSize: 0 })).rejects.toThrow(
      'predict: batchSize: expected an integer from 1, received 0.',
    );
    await expect(
      analyzer.predict(samples, { signal: AbortSignal.abort(new Error('enough')) }),
    ).rejects.toThrow('enough');
    expect(await analyzer.predict([])).toEqual([]);
  });

  it('leaks nothing, when it fails neither', async () => {
    const { textEncoder, processors } = analyzer;
    const ofTexts = new MultimodalSentimentAnalyzer({
      textEncoder,
      fusion: 'concat',
      processors,
      rng: new Rng(2),
    });
    await analyzer.predict(samples);
    const before = tf.memory().numTensors;
    await analyzer.predict(samples, { batchSize: 3 });
    await analyzer.predict(samples, { contributions: 'gradient' });
    await expect(analyzer.predict([samples[0]!, { image: new Uint8Array(3) }])).rejects.toThrow('inputs[1]');
    await expect(ofTexts.predict(samples[0]!)).rejects.toThrow('expected text, received image too');
    expect(tf.memory().numTensors).toBe(before);
  });
});

describe('predictStream', () => {
  async function* stream(upTo: number, note: (i: number) => void = () => {}) {
    for (let i = 0; i < upTo; i++) {
      note(i);
      yield samples[i % samples.length]!;
    }
  }

  it('says the same, one after the other, and reads no further than it needs', async () => {
    const whole = await analyzer.predict(samples);
    const streamed = [];
    for await (const one of analyzer.predictStream(stream(5), { batchSize: 2 })) streamed.push(one);
    expect(streamed.map(({ label }) => label)).toEqual(whole.map(({ label }) => label));
    for (const [i, one] of streamed.entries())
      expectClose(Object.values(one.probabilities!), Object.values(whole[i]!.probabilities!), {
        absolute: 1e-5,
        relative: 1e-4,
      });
    let read = 0;
    const before = tf.memory().numTensors;
    for await (const _ of analyzer.predictStream(
      stream(1000, (i) => (read = i)),
      { batchSize: 2 },
    ))
      break;
    expect(read).toBeLessThan(8);
    expect(tf.memory().numTensors).toBe(before);
  });

  it('names the sample by its place in the stream, and stops when it is told', async () => {
    const list = [...samples, { text: ' ' }];
    await expect(
      (async () => {
        for await (const _ of analyzer.predictStream(list, { batchSize: 2 }));
      })(),
    ).rejects.toThrow('predict: inputs[5]: expected a text, an image or audio, received none of them.');
    const controller = new AbortController();
    let said = 0;
    const before = tf.memory().numTensors;
    await expect(
      (async () => {
        for await (const _ of analyzer.predictStream(stream(1000), {
          signal: controller.signal,
          batchSize: 2,
        }))
          if (++said === 3) controller.abort(new Error('enough'));
      })(),
    ).rejects.toThrow('enough');
    expect(said).toBe(3);
    expect(tf.memory().numTensors).toBe(before);
  });
});
