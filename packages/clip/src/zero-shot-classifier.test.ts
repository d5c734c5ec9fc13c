import '@tensorflow/tfjs-backend-cpu';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expectClose } from '@crossmodal/test-utils';
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { colourCLIP, colourTokenizer, pixel, plainProcessor, RED_PNG } from '../test/colour-clip';
import { ZeroShotClassifier, type ZeroShotClassifierOptions } from './zero-shot-classifier';

const folder = mkdtempSync(join(tmpdir(), 'zero-shot-'));
const labels = ['red', 'green', 'blue'];

beforeAll(async () => {
  await tf.setBackend('cpu');
});
afterAll(() => rmSync(folder, { recursive: true }));

function build(
  options: Partial<ZeroShotClassifierOptions> & { logitScale?: number; logitBias?: number } = {},
) {
  const { logitScale = 8, logitBias, ...rest } = options;
  const clip = colourCLIP(logitScale, logitBias);
  const model = { clip, tokenizer: colourTokenizer, imageProcessor: plainProcessor };
  return { clip, classifier: new ZeroShotClassifier({ ...model, labels, templates: ['a {}'], ...rest }) };
}

describe('ZeroShotClassifier', () => {
  it("gives softmax(scale · cosine), with the model's own scale", async () => {
    for (const logitScale of [1, 8]) {
      const result = await build({ logitScale }).classifier.classify(pixel(0, 204, 153));
      const powers = [0, 0.8, 0.6].map((cosine) => Math.exp(logitScale * cosine));
      const total = powers.reduce((a, b) => a + b);
      expectClose(
        result.probabilities,
        powers.map((power) => power / total),
      );
      expect(result.label).toBe('green');
      expect(result.probability).toBeCloseTo(powers[1]! / total, 6);
      expect(result.top.map(({ label }) => label)).toEqual(['green', 'blue', 'red']);
    }
  });

  it("takes the mean of the sentences' directions, and its direction", async () => {
    const { classifier } = build({ templates: ['{}', '{} and red'] });
    const half = Math.SQRT1_2;
    const green = [half, 1 + half, 0].map((x) => x / Math.hypot(half, 1 + half));
    const blue = [half, 0, 1 + half].map((x) => x / Math.hypot(half, 1 + half));
    expectClose(await classifier.labelFeatures(), [1, 0, 0, ...green, ...blue]);
  });

  it('takes sentences of a class instead of the templates', async () => {
    const { classifier } = build({ labels: ['red', { label: 'sea', sentences: ['green', 'blue'] }] });
    const half = Math.SQRT1_2;
    expectClose(await classifier.labelFeatures(), [1, 0, 0, 0, half, half]);
    expect((await classifier.classify(pixel(0, 9, 9))).label).toBe('sea');
    expect(() => build({ labels: ['red', { label: 'sea', sentences: [] }] })).toThrow(
      'ZeroShotClassifier: labels: sea: expected at least one sentence, received none.',
    );
  });

  it('lets several classes be true: by the sigmoid of a model with a bias, or against a contrast', async () => {
    const image = pixel(0, 204, 153);
    const cosines = [0, 0.8, 0.6];
    const biased = build({ logitScale: 8, logitBias: -5 }).classifier;
    const result = await biased.classify(image, { multiLabel: true });
    expectClose(
      result.probabilities,
      cosines.map((cosine) => 1 / (1 + Math.exp(5 - 8 * cosine))),
    );
    const contrasted = build({ logitScale: 8, contrast: ['red', 'blue'] }).classifier;
    const contrast = 0.6 * Math.SQRT1_2;
    expectClose(
      (await contrasted.classify(image, { multiLabel: true })).probabilities,
      cosines.map((cosine) => Math.exp(8 * cosine) / (Math.exp(8 * cosine) + Math.exp(8 * contrast))),
    );
    await expect(build().classifier.classify(image, { multiLabel: true })).rejects.toThrow(
      'ZeroShotClassifier: multiLabel: expected a model with a bias (SigLIP), or `contrast`',
    );
  });

  it('takes a path, a URL, bytes, and pixels', async () => {
    const { classifier } = build();
    const bytes = new Uint8Array(Buffer.from(RED_PNG.split(',')[1]!, 'base64'));
    const path = join(folder, 'red.png');
    writeFileSync(path, bytes);
    const images = [path, new URL(RED_PNG), bytes, pixel(255, 0, 0), pixel(0, 0, 9)];
    const results = await classifier.classifyAll(images, { topK: 1 });
    expect(results.map(({ label }) => label)).toEqual(['red', 'red', 'red', 'red', 'blue']);
    expect(results[0]!.top).toHaveLength(1);
    expectClose(results[2]!.probabilities, results[0]!.probabilities);
  });

  it('encodes the classes once, in batches, until told to forget them', async () => {
    const { clip, classifier } = build({ templates: Array.from({ length: 20 }, () => '{}') });
    const seen: number[] = [];
    await classifier.labelFeatures({ onProgress: ({ done }) => seen.push(done) });
    expect(seen).toEqual([1, 2, 3]);
    const { batches } = clip.textModel;
    const before = tf.memory().numTensors;
    await classifier.classifyAll(Array(5).fill(pixel(1, 2, 3)), { batchSize: 2 });
    expect(tf.memory().numTensors).toBe(before);
    expect(clip.textModel.batches).toBe(batches);
    expect(clip.visionModel.batches).toBe(3);
    clip.textProjection!.weight.assign(tf.reverse(tf.eye(3), 0)); // red and blue change places
    expect((await classifier.classify(pixel(9, 0, 0))).label).toBe('red');
    classifier.refresh();
    expect((await classifier.classify(pixel(9, 0, 0))).label).toBe('blue');
  });

  it('goes through a stream, and leaves out what it cannot read if told', async () => {
    const { classifier } = build();
    async function* images() {
      yield { id: 'a', image: pixel(9, 0, 0) };
      yield { id: 'broken', image: new Uint8Array([1, 2, 3]) };
      yield { id: 'c', image: pixel(0, 9, 0) };
    }
    const skipped: string[] = [];
    const seen: string[] = [];
    const onSkip = ({ id, reason }: { id: string; reason: string }) => skipped.push(`${id}: ${reason}`);
    for await (const { id, label } of classifier.classifyStream(images(), { batchSize: 2, onSkip }))
      seen.push(`${id} ${label}`);
    expect(seen).toEqual(['a red', 'c green']);
    expect(skipped).toHaveLength(1);
    expect(skipped[0]).toMatch(/^broken: .*images\[0\]/);
    const strict = classifier.classifyStream(images());
    await expect(strict.next()).rejects.toThrow('images[1]');
  });

  it('stops when aborted, and can be used again', async () => {
    const { classifier } = build();
    const signal = AbortSignal.abort(new Error('enough'));
    await expect(classifier.classify(pixel(1, 0, 0), { signal })).rejects.toThrow('enough');
    expect((await classifier.classify(pixel(1, 0, 0))).label).toBe('red');
  });

  it('says what is wrong', async () => {
    expect(() => build({ labels: [] })).toThrow(
      'ZeroShotClassifier: labels: expected at least one and all different, received none.',
    );
    expect(() => build({ labels: ['cat', 'dog', 'cat'] })).toThrow(
      'ZeroShotClassifier: labels: expected at least one and all different, received "cat" twice.',
    );
    expect(() => build({ templates: ['a photo'] })).toThrow(
      'ZeroShotClassifier: templates: expected at least one, each with {} for the class name, received "a photo".',
    );
    const { classifier } = build();
    await expect(classifier.classify(pixel(1, 0, 0), { topK: 0 })).rejects.toThrow(
      'ZeroShotClassifier: topK: expected a positive integer, received 0.',
    );
    await expect(classifier.classify(join(folder, 'none.png'))).rejects.toThrow('none.png');
  });
});
