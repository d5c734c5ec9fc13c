import '@tensorflow/tfjs-backend-cpu';
import { Rng } from '@crossmodal/core';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import type { SentimentSample } from '../sentiment-sample';
import type { MultimodalSentimentAnalyzer } from './multimodal-sentiment-analyzer';
import { prepareMultimodalData } from './prepare-multimodal-data';
import { sentimentBatches } from './sentiment-batches';
import type { SentimentBatch } from './sentiment-inputs';
import { picture, tinyAnalyzer } from './testing/tiny-analyzer';

let analyzer: MultimodalSentimentAnalyzer;
const texts = ['good movie', null, '  ', 'very bad', 'a movie'];
const pictures = () => [picture(0), picture(1), picture(3), undefined, null];
const labels = [2, 1, 0, 0, 1];

beforeAll(async () => {
  await tf.setBackend('cpu');
  analyzer = await tinyAnalyzer();
});

/** Labels, image masks and numbers of tokens of all batches. */
async function all(data: AsyncIterable<SentimentBatch>) {
  const rows: { labels: number[]; images?: number[]; tokens?: number[] }[] = [];
  for await (const batch of data) {
    const { labels, imageMask, attentionMask } = batch;
    const counts = attentionMask && tf.sum(attentionMask, 1);
    rows.push({
      labels: [...labels.dataSync()],
      ...(imageMask && { images: [...imageMask.dataSync()] }),
      ...(counts && { tokens: [...counts.dataSync()] }),
    });
    tf.dispose([{ ...batch }, counts] as tf.TensorContainer);
  }
  return rows;
}

describe('prepareMultimodalData', () => {
  const prepare = (
    changes: object = {},
    given: { texts?: unknown; images?: unknown; labels?: unknown } = {},
  ) =>
    prepareMultimodalData(
      (given.texts ?? texts) as never,
      (given.images ?? pictures()) as never,
      (given.labels ?? labels) as never,
      { processors: analyzer.processors, batchSize: 2, ...changes },
    );

  it('gives batches in which what is missing is masked', async () => {
    const data = prepare();
    expect(data.length).toBe(3);
    expect(await all(data)).toEqual([
      { labels: [2, 1], images: [1, 1], tokens: [4, 0] },
      { labels: [0, 0], images: [1, 0], tokens: [0, 4] },
      { labels: [1], tokens: [4] },
    ]);
  });

  it('draws every class equally often on request', async () => {
    const many = Array.from({ length: 60 }, (_, i) => `good movie ${i}`);
    const classes = many.map((_, i) => (i < 2 ? 2 : i < 10 ? 1 : 0));
    const images = many.map(() => null);
    const draw = async () =>
      (
        await all(
          prepare(
            { sampling: 'balanced', shuffle: true, rng: new Rng(3), batchSize: 20 },
            { texts: many, images, labels: classes },
          ),
        )
      ).flatMap((row) => row.labels);
    const drawn = await draw();
    expect(drawn).toHaveLength(60);
    for (const c of [0, 1, 2]) expect(drawn.filter((label) => label === c).length).toBeGreaterThan(10);
    expect(await draw()).toEqual(drawn);
  });

  it('says what it takes', async () => {
    expect(() => prepare({}, { labels: [1, 0] })).toThrow(
      'prepareMultimodalData: expected lists of the same length, received texts 5, images 5, labels 2.',
    );
    expect(() => prepare({ audio: [] })).toThrow('texts 5, images 5, labels 5, audio 0.');
    expect(() => prepare({}, { texts: [], images: [], labels: [] })).toThrow(
      'prepareMultimodalData: expected samples, received none.',
    );
    expect(() => prepare({}, { labels: [2, 1, 0, 3, 1] })).toThrow(
      'prepareMultimodalData: sample 3: label: expected an integer in [0, 3) (negative, neutral, positive), received 3.',
    );
    expect(() => prepare({ task: 'regression' }, { labels: [2, 1, Number.NaN, 3, 1] })).toThrow(
      'prepareMultimodalData: sample 2: label: expected a finite score, received NaN.',
    );
    expect(() => prepare({}, { texts: ['good', null, '  ', 'bad', ''] })).toThrow(
      'prepareMultimodalData: sample 4: expected a text, an image or audio, received none of them.',
    );
    const same = { labels: [1, 1, 1, 1, 1] };
    expect(() => prepare({}, same)).toThrow(
      'prepareMultimodalData: labels: expected different ones, received 1 (neutral) only. ' +
        'Nothing can be learned from them; to evaluate on them, pass allowOneClass: true.',
    );
    expect(prepare({ allowOneClass: true }, same).length).toBe(3);
    expect(() => prepare({ sampling: 'weighted' })).toThrow(
      "prepareMultimodalData: sampling: expected 'each' or 'balanced', received weighted.",
    );
    expect(() => prepare({ sampling: 'balanced' })).toThrow(
      "prepareMultimodalData: sampling: 'balanced' needs classes, and rng: new Rng(seed).",
    );
    const broken = [picture(0), picture(1), new Uint8Array([1, 2, 3]), undefined, null];
    await expect(all(prepare({}, { images: broken }))).rejects.toThrow(
      /sentimentBatches: sample "2": image: decodeImage: the image: expected a PNG/,
    );
    const { tokenizer } = analyzer.processors;
    await expect(all(prepare({ processors: { tokenizer } }))).rejects.toThrow(
      'sentimentBatches: sample "0": has an image, and there is no processors.imageProcessor.',
    );
  });
});

describe('sentimentBatches', () => {
  it('reads a stream as it goes, and again', async () => {
    let read = 0;
    const stream: AsyncIterable<SentimentSample> = {
      async *[Symbol.asyncIterator]() {
        for (const [i, label] of [0.5, -1, 2].entries()) {
          read++;
          yield { key: `video/${i}`, text: 'good', label };
        }
      },
    };
    const data = sentimentBatches(stream, analyzer.processors, {
      batchSize: 2,
      task: 'regression',
      prefetch: 0,
    });
    for (let epoch = 0; epoch < 2; epoch++)
      expect((await all(data)).map((row) => row.labels)).toEqual([[0.5, -1], [2]]);
    expect(read).toBe(6);
    const bad = sentimentBatches([{ key: 'x', label: 0 }], analyzer.processors, { batchSize: 2 });
    await expect(all(bad)).rejects.toThrow(
      'sentimentBatches: sample "x": expected a text, an image or audio, received none of them.',
    );
    const classes = sentimentBatches([{ key: 'y', text: 'a', label: 0.5 }], analyzer.processors, {
      batchSize: 2,
    });
    await expect(all(classes)).rejects.toThrow('sample "y": label: expected an integer in [0, 3)');
  });

  it('leaks nothing', async () => {
    const samples = texts.map((_, i) => ({ key: `${i}`, text: 'good', image: picture(0), label: 1 }));
    const data = sentimentBatches(samples, analyzer.processors, { batchSize: 2 });
    await all(data);
    const before = tf.memory().numTensors;
    await all(data);
    expect(tf.memory().numTensors).toBe(before);
  });
});
