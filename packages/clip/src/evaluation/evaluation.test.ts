import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { colourCLIP, colourTokenizer, pixel, plainProcessor } from '../../test/colour-clip';
import { ZeroShotClassifier } from '../zero-shot-classifier';
import { evaluateRetrieval } from './evaluate-retrieval';
import { evaluateZeroShot } from './evaluate-zero-shot';

const [red, green, blue] = [pixel(255, 0, 0), pixel(0, 255, 0), pixel(0, 0, 255)];
const model = () => ({ clip: colourCLIP(8), tokenizer: colourTokenizer, imageProcessor: plainProcessor });

beforeAll(async () => {
  await tf.setBackend('cpu');
});

describe('evaluateZeroShot', () => {
  const labels = ['red', 'green', 'blue', 'red green', 'green blue', 'red blue'];
  const classifier = () => new ZeroShotClassifier({ ...model(), labels, templates: ['{}'] });
  const samples = [
    { image: red, label: 'red' },
    { image: green, label: 'red' }, // wrong; red is one of the last
    { image: green, label: 'green' },
    { image: pixel(200, 220, 0), label: 'green' }, // it is red green; green is second
  ];

  it('counts what is right, over images and over classes', async () => {
    const seen: number[] = [];
    const result = await evaluateZeroShot(classifier(), samples, {
      batchSize: 3,
      onProgress: ({ done }) => seen.push(done),
    });
    expect(result).toMatchObject({ count: 4, top1: 0.5, meanPerClass: 0.5 });
    expect(result.top5).toBe(1);
    expect(seen).toEqual([3, 4]);
    expect(result.perClass.get('red')).toEqual({ count: 2, top1: 0.5 });
    const uneven = await evaluateZeroShot(classifier(), [...samples, { image: red, label: 'red' }]);
    expect(uneven.top1).toBe(3 / 5);
    expect(uneven.meanPerClass).toBeCloseTo((2 / 3 + 1 / 2) / 2);
  });

  it('streams, and says what it cannot judge', async () => {
    async function* stream() {
      yield* samples;
    }
    expect((await evaluateZeroShot(classifier(), stream())).count).toBe(4);
    await expect(evaluateZeroShot(classifier(), [{ image: red, label: 'pink' }])).rejects.toThrow(
      'evaluateZeroShot: samples: "pink" is none of the classifier\'s labels.',
    );
    await expect(evaluateZeroShot(classifier(), [])).rejects.toThrow('expected at least one, received none.');
  });
});

describe('evaluateRetrieval', () => {
  it('ranks both ways, with several texts for an image', async () => {
    const pairs = [
      { image: red, texts: ['red', 'blue'] },
      { image: green, texts: ['green'] },
      { image: blue, texts: ['red green'] },
    ];
    const { imageToText, textToImage } = await evaluateRetrieval(model(), pairs, { ks: [1, 2, 3] });
    expect(Array.from(imageToText.ranks)).toEqual([1, 1, 4]); // blue: 'blue' 1, then equal ones in order
    expect(Array.from(textToImage.ranks)).toEqual([1, 2, 1, 3]);
    expect(textToImage.recallAt).toEqual({ 1: 0.5, 2: 0.75, 3: 1 });
    await expect(evaluateRetrieval(model(), [{ image: red, texts: [] }])).rejects.toThrow(
      'evaluateRetrieval: pairs[0]: texts: expected at least one, received none.',
    );
  });
});
